// Playlists in formats that other programs take: the same bytes as the command's `export`.

import { descriptionText } from './descriptions.js';

const URIS_IN_A_FILE = 500;
const UNKNOWN_LENGTH = -1;
const AT_ONCE = 6;
const LINK = /^https:\/\/open\.spotify\.com\/([a-z]+)\/([0-9A-Za-z]+)$/;
// What breaks lines, or may not stand in XML.
const UNFIT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]/gu;
const CSV_COLUMNS = [
  'Track URI',
  'Track Name',
  'Artist URI(s)',
  'Artist Name(s)',
  'Album URI',
  'Album Name',
  'Album Release Date',
  'Track Duration (ms)',
  'Explicit',
  'ISRC',
  'Added By',
  'Added At',
];

/** What a format cannot hold, and what to say of it. */
export const LEFT_OUT = {
  unnamed_rows: 'rows that Spotify does not name, left out',
  unusable_uris: 'rows whose URI is not one, left out',
  replaced_texts: 'texts with characters that the format cannot hold, which are blanks now',
};

/** The formats, and what a file of each is called and is. */
export const FORMATS = {
  csv: { suffix: '.csv', type: 'text/csv', encode: encodeCsv },
  uris: { suffix: '.txt', type: 'text/plain', encode: encodeUris },
  m3u8: { suffix: '.m3u8', type: 'application/vnd.apple.mpegurl', encode: encodeM3u8 },
  xspf: { suffix: '.xspf', type: 'application/xspf+xml', encode: encodeXspf },
  json: { suffix: '.json', type: 'application/json', encode: encodeJson },
};

/**
 * Return the texts of the files, nearly always of one, how many songs are in them, and how much of
 * each kind in `LEFT_OUT` is not: `{files, count, leftOut}`.
 */
export function encode(format, collection) {
  return FORMATS[format].encode(collection);
}

/** Return all URIs as one text, which Spotify's desktop app takes from the clipboard. */
export function urisOf(collection) {
  const { files, ...rest } = encodeUris(collection);
  return { text: files.join(''), ...rest };
}

/** Return rows that are no snapshot's as a collection. */
export function rowsOnly(id, name, rows) {
  return rowsOfSnapshot({ playlist_id: id, name, description: '', owner: { id: '', name: '' }, url: '', time: null, rows });
}

/** Return the rows of a snapshot as a collection, under a name. */
export function rowsOfSnapshot(snapshot, name = snapshot.name) {
  return {
    id: snapshot.playlist_id,
    name,
    description: snapshot.description,
    owner: snapshot.owner,
    url: snapshot.url,
    time: snapshot.time,
    rows: snapshot.rows,
    stays: [],
  };
}

/**
 * Return songs of the cumulative document as a collection: each as the first snapshot of its last
 * stay has it. `read` returns the snapshot of a time; `now` is the newest snapshot.
 */
export async function rowsOfSongs(now, name, songs, read) {
  const wanted = new Map();
  songs.forEach((song, place) => {
    const time = lastStay(song).first_seen;
    if (!wanted.has(time)) wanted.set(time, []);
    wanted.get(time).push(place);
  });
  const rows = [];
  // Each reader takes the next snapshot once it has done with one, and keeps only its own rows.
  const times = wanted.entries();
  const readers = Array.from({ length: AT_ONCE }, async () => {
    for (const [time, places] of times) {
      const found = firstRows(await read(time));
      for (const place of places) {
        const song = songs[place];
        rows[place] = found.get(song.uri) ?? rowWithoutSnapshot(song, lastStay(song));
      }
    }
  });
  await Promise.all(readers);
  const stays = songs.map((song) => song.intervals);
  return { ...rowsOfSnapshot(now, name), time: null, rows, stays };
}

function firstRows(snapshot) {
  const rows = snapshot.rows.filter((row) => row.item).toReversed();
  return new Map(rows.map((row) => [row.item.uri, row]));
}

/** A stay that goes on is later than any other. */
function lastStay(song) {
  return song.intervals.reduce((last, stay) => (isLater(stay, last) ? stay : last));
}

function isLater(stay, other) {
  const [goesOn, otherGoesOn] = [stay, other].map((one) => one.first_missing === null);
  return goesOn === otherGoesOn ? stay.first_seen > other.first_seen : goesOn;
}

/** Return what the cumulative document tells; Spotify did not name the row at first. */
function rowWithoutSnapshot(song, stay) {
  const { type, uri, name, duration_ms, artists, album, url, isrc } = song;
  return {
    ...(stay.added_at ? { added_at: stay.added_at } : {}),
    item: { type, uri, name, duration_ms, artists, album, url, isrc },
  };
}

/** Takes what a format can hold, and counts the rest. */
class Texts {
  constructor() {
    this.counts = { unnamed_rows: 0, unusable_uris: 0, replaced_texts: 0 };
  }

  named(rows) {
    const named = rows.filter((row) => row.item);
    this.counts.unnamed_rows += rows.length - named.length;
    return named;
  }

  withUris(rows) {
    const named = this.named(rows);
    const usable = named.filter((row) => isUri(row.item.uri));
    this.counts.unusable_uris += named.length - usable.length;
    return usable;
  }

  onALine(text) {
    const line = text.replace(UNFIT, ' ');
    this.counts.replaced_texts += Number(line !== text);
    return line;
  }

  encoded(files, count) {
    const leftOut = Object.fromEntries(Object.entries(this.counts).filter(([, many]) => many));
    return { files, count, leftOut };
  }
}

function isUri(text) {
  return /^[!-~]+$/.test(text);
}

function credit(item) {
  return namesOf(item).filter(Boolean).join(', ');
}

function namesOf({ artists = [] }) {
  return artists.map((artist) => artist.name);
}

function encodeCsv({ rows }) {
  const texts = new Texts();
  const named = texts.named(rows);
  const lines = [CSV_COLUMNS, ...named.map(csvCells)].map(
    (line) => `${line.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')}\n`,
  );
  return texts.encoded([lines.join('')], named.length);
}

function csvCells({ added_at: addedAt = '', added_by: addedBy = '', item }) {
  const { artists = [], album = { name: '' }, explicit = false, isrc = '' } = item;
  const artistUris = artists.map((artist) => toUri(artist.url));
  return [
    item.uri,
    item.name,
    artistUris.some(Boolean) ? joined(artistUris) : '',
    joined(namesOf(item)),
    toUri(album.url),
    album.name,
    album.release_date ?? '',
    String(item.duration_ms),
    explicit ? 'true' : 'false',
    isrc,
    addedBy ? `spotify:user:${addedBy}` : '',
    timestamp(addedAt),
  ];
}

/** Return the URI of a link to Spotify, empty where it is none. */
function toUri(url = '') {
  const link = LINK.exec(url);
  return link ? `spotify:${link[1]}:${link[2]}` : '';
}

/** Join texts; a comma within one of them has a backslash before it. */
function joined(texts) {
  return texts.map((text) => text.replaceAll(',', '\\,')).join(', ');
}

function timestamp(time) {
  return time && `${time.slice(0, 19)}Z`;
}

function encodeUris({ rows }) {
  const texts = new Texts();
  const lines = texts.withUris(rows).map((row) => `${row.item.uri}\n`);
  const files = [];
  for (let first = 0; first < lines.length || first === 0; first += URIS_IN_A_FILE) {
    files.push(lines.slice(first, first + URIS_IN_A_FILE).join(''));
  }
  return texts.encoded(files, lines.length);
}

function encodeM3u8({ name, rows }) {
  const texts = new Texts();
  const lines = ['#EXTM3U', `#PLAYLIST:${texts.onALine(name)}`];
  const usable = texts.withUris(rows);
  for (const { item } of usable) {
    const title = [credit(item), item.name].filter(Boolean).join(' - ');
    const seconds = Math.floor((item.duration_ms + 500) / 1000) || UNKNOWN_LENGTH;
    lines.push(`#EXTINF:${seconds},${texts.onALine(title)}`, item.uri);
  }
  return texts.encoded([lines.map((line) => `${line}\n`).join('')], usable.length);
}

function encodeXspf(collection) {
  const texts = new Texts();
  const element = ([name, value]) => `<${name}>${escaped(texts.onALine(String(value)))}</${name}>`;
  const head = headOf(collection).map((pair) => ` ${element(pair)}\n`);
  const named = texts.named(collection.rows);
  const tracks = named.map(({ item }) => {
    const lines = trackOf(item).map((pair) => `   ${element(pair)}\n`);
    return lines.length ? `  <track>\n${lines.join('')}  </track>\n` : '  <track></track>\n';
  });
  const list = tracks.length ? `\n${tracks.join('')} ` : '';
  const text = [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    '<playlist version="1" xmlns="http://xspf.org/ns/0/">\n',
    ...head,
    ` <trackList>${list}</trackList>\n`,
    '</playlist>\n',
  ].join('');
  return texts.encoded([text], named.length);
}

function headOf({ name, owner, description, url, time }) {
  const pairs = [['title', name]];
  const creator = owner.name || owner.id;
  if (creator) pairs.push(['creator', creator]);
  const annotation = descriptionText(description);
  if (annotation) pairs.push(['annotation', annotation]);
  pairs.push(['info', url]);
  if (time) pairs.push(['date', timestamp(time)]);
  return pairs;
}

function trackOf(item) {
  const pairs = [];
  const address = item.url || item.uri;
  if (isUri(address)) pairs.push(['identifier', address]);
  if (item.name) pairs.push(['title', item.name]);
  const artists = credit(item);
  if (artists) pairs.push(['creator', artists]);
  if (item.album?.name) pairs.push(['album', item.album.name]);
  if (item.duration_ms > 0) pairs.push(['duration', item.duration_ms]);
  return pairs;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function encodeJson(collection) {
  const { id, name, description, owner, url, time, rows, stays } = collection;
  const document = {
    schema: 1,
    id,
    name,
    description,
    owner: ownerTold(owner),
    url,
    snapshot: time ? timestamp(time) : null,
    rows: rows.map((row, place) => ({
      ...rowOf(row),
      ...(stays.length ? { stays: stays[place].map(stayOf) } : {}),
    })),
  };
  return new Texts().encoded([`${JSON.stringify(document, null, 1)}\n`], rows.length);
}

function ownerTold({ id, name, url = '' }) {
  return { id, name, ...told({ url }) };
}

function rowOf({ added_at = '', added_by = '', item = null }) {
  return told({ added_at, added_by, item: item && itemOf(item) });
}

function itemOf(item) {
  const { artists = [], album, url = '', local = false, playable = true, explicit = false } = item;
  const { type, uri, name, duration_ms, isrc = '', unknown = [] } = item;
  return {
    type,
    uri,
    name,
    duration_ms,
    ...(artists.length ? { artists: artists.map(linked) } : {}),
    ...(album ? { album: albumOf(album) } : {}),
    ...told({ url, local }),
    ...(playable ? {} : { playable }),
    ...told({ explicit, isrc }),
    ...(unknown.length ? { unknown } : {}),
  };
}

function linked({ name, url = '' }) {
  return { name, ...told({ url }) };
}

function albumOf({ name, url = '', release_date = '' }) {
  return { name, ...told({ url, release_date }) };
}

function stayOf({ added_at, first_missing, first_seen, last_seen }) {
  return { added_at, first_missing, first_seen, last_seen };
}

/** Return the fields that say something. */
function told(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value));
}
