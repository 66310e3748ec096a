// The ids of Spotify's playlists and tracks, and the addresses that say of what they are.

const TRACK = 'spotify:track:';
const ID = /^[0-9A-Za-z]{22}$/;
// Of what is no track of Spotify's, a song's id is the whole URI.
const URI = /^spotify:[!-~]+$/;

export function isId(text) {
  return ID.test(text);
}

/** Whether a text is a track's id, or the URI of what is no track of Spotify's. */
export function isSongId(text) {
  return isId(text) || URI.test(text);
}

/** Return a song's id in addresses: the track's, or the URI of what is no track of Spotify's. */
export function songId(uri) {
  return uri.startsWith(TRACK) ? uri.slice(TRACK.length) : uri;
}

export function uriOf(id) {
  return id.includes(':') ? id : TRACK + id;
}
