// A song: every playlist in which it is or was, and when.

import { axis, stays } from '../chart.js';
import { documents } from '../documents.js';
import { DAY_MS, clock, counted, day, days, daysBetween, length } from '../format.js';
import { h, name, outward } from '../h.js';
import { rowsOnly } from '../exports.js';
import { uriOf } from '../ids.js';
import { formatRoute } from '../routes.js';
import { Search } from '../search.js';
import { takeAway } from '../take_away.js';
import { errorNotice } from './errors.js';
import { credits, notice, playlistLink, songLink } from './parts.js';

export async function songView(route, page) {
  const uri = uriOf(route.id);
  const search = new Search();
  const [{ playlists }, status, found] = await Promise.all([documents.index(), documents.status().catch(() => null), search.findId(route.id)]);
  const named = new Map(playlists.map((it) => [it.id, it.name]));
  const song = found.songs.find(({ id }) => id === route.id);
  const isrc = song?.isrc ?? '';
  const ids = [...new Set((song?.places ?? []).map(({ playlist }) => playlist))];
  const places = await Promise.all(ids.map((id) => placeIn(id, uri, named.get(id), status?.playlists[id]?.last_checked)));
  const others = isrc ? (await search.findId(isrc)).songs.filter(({ id }) => id !== route.id) : [];
  const track = places.find((it) => it.track)?.track;
  const title = track?.name || (track ? 'Without a title' : 'A song');
  const { buttons, copy } = takeAway(() => rowsOnly(route.id, title, track ? [{ item: track }] : []), page, 'its URI');
  const element = h('article',
    h('p.crumb', h('a', { href: '#/search' }, 'Songs')),
    h('div.titled',
      h('div', h('h1', name(title)),
        track && h('p.facts', credits((track.artists ?? []).map((artist) => artist.name)),
          track.album?.name && [' · ', name(track.album.name)], track.duration_ms > 0 && ` · ${length(track.duration_ms)}`, ' · ', outward(track.url, track.url ? 'Open in Spotify' : 'not at Spotify'))),
      h('div.actions', track && buttons)),
    found.troubles.length > 0 && notice(false, h('p', `${counted(found.troubles.length, 'part')} of the list of songs could not be read, so playlists may be missing here.`)),
    places.length ? whereabouts(places) : notice(true, h('p', 'It is in no playlist of this archive, and was in none.')),
    places.filter((it) => it.error).map((it) => errorNotice(it.error)),
    others.length > 0 && recordings(others, isrc, named));
  return { title, spoken: `${title}: in ${counted(places.length, 'playlist')}`, element, keys: { y: track && copy } };
}

async function placeIn(id, uri, title, checked) {
  try {
    const document = await documents.cumulative(id);
    const track = await withOlder(document, uri);
    return { id, title: title ?? document.name, track, began: document.date_first_scraped, checked: checked ?? null };
  } catch (error) {
    return { id, title, error };
  }
}

/** Return a song of the cumulative document, or of the parts with what has been gone for long. */
async function withOlder({ tracks, older = [] }, uri) {
  const found = tracks.find((track) => track.uri === uri);
  if (found) return found;
  const parts = await Promise.all(older.map((entry) => documents.olderCumulative(entry)));
  return parts.flatMap((part) => part.tracks).find((track) => track.uri === uri) ?? null;
}

/** Draw where it is and was, one line a playlist, on one axis of time. */
function whereabouts(places) {
  const known = places.filter(({ track }) => track);
  if (!known.length) return null;
  const bars = known.map((it) => it.track.intervals.map((stay) => barOf(stay, it)));
  const all = bars.flat();
  const span = { start: Math.min(...all.map(({ from }) => from)), end: Math.max(...all.map(({ to }) => to)) };
  if (span.end - span.start < DAY_MS) span.end = span.start + DAY_MS;
  const now = known.filter(({ track }) => !track.date_removed).length;
  return h('section',
    h('h2', `In ${counted(known.length, 'playlist')}`, h('span.quietly', now === known.length ? ', and still there' : `, in ${now} of them now`)),
    h('ul.where', known.map((it, nth) => h('li',
      h('div', playlistLink(it.id, it.title)),
      h('div', stays(bars[nth], span)),
      h('div.told', it.track.intervals.map((stay) => h('p', stayInSentence(stay, it)))))),
    h('li', { 'aria-hidden': 'true' }, axis(span))),
    h('p.legend', h('span', h('span.key.surely'), 'there'), h('span', h('span.key.perhaps'), 'perhaps there: not read, or not told')));
}

function barOf(stay, { began, checked }) {
  const first = Date.parse(stay.added_at ?? stay.first_seen);
  const asLong = !stay.added_at && stay.first_seen.slice(0, 10) === began;
  const last = Date.parse(stay.last_seen ?? checked ?? stay.first_seen);
  return {
    from: asLong ? first - 7 * DAY_MS : first,
    to: Math.max(first, stay.first_missing ? Date.parse(stay.first_missing) : last),
    sure: { from: first, to: Math.max(first, last) },
  };
}

function stayInSentence(stay, { id, began, checked }) {
  const { added_at: added, first_seen: seen, last_seen: last, first_missing: missing } = stay;
  const link = (time, ...text) => h('a', { href: formatRoute({ page: 'playlist', id, moment: time.slice(0, 10) }) }, ...text);
  const since = added ? `Added ${day(added)}` : seen.slice(0, 10) === began ? `There when the archive began, ${day(seen)}` : `First seen ${day(seen)}`;
  if (!missing) return `${since}. There at the last check${checked ? `, ${day(checked)}` : ''}.`;
  const went = daysBetween(last, missing) > 1 ? [`gone between `, link(missing, days(last, missing).replace(' to ', ' and '))] : ['gone ', link(missing, day(missing), `, ${clock(missing)}`)];
  return [since, ', ', went, '.'];
}

function recordings(others, isrc, named) {
  return h('section',
    h('h2', 'The same recording under other ids', h('span.quietly', ` (ISRC ${isrc})`)),
    h('ul', others.map(({ id, places }) => h('li', songLink(id, uriOf(id)), ' in ',
      [...new Set(places.map(({ playlist }) => playlist))].map((playlist, nth) => [nth > 0 && ', ', playlistLink(playlist, named.get(playlist))])))));
}
