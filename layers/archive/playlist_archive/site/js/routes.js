// The address of every view, as the part of it behind `#`. Servers never see it.

import { isSongId } from './ids.js';
import { parseMoment } from './moments.js';

const TAB_NAMES = ['now', 'history', 'songs', 'charts'];
/** The changes to which a comparison can be narrowed. */
export const CHANGES = ['added', 'removed', 'moved', 'renamed'];
// Of every song: those that are there, are gone, came back, or stayed longest.
const STAYS = ['there', 'gone', 'back', 'longest'];
const PLAYLIST = /^([0-9A-Za-z]{22})(?:@([0-9TZ-]+?)(?:\.\.([0-9TZ-]+))?)?$/;

const NOWHERE = Object.freeze({
  page: 'unknown',
  id: null,
  tab: null,
  moment: null,
  from: null,
  to: null,
  only: null,
  query: '',
});

/** Read the part of an address behind `#`; what is no view's has the page `unknown`. */
export function parseRoute(hash) {
  const [path, search = ''] = splitOnce(hash.replace(/^#/, ''), '?');
  const parts = path.replace(/^\//, '').split('/').map(decode);
  const parameters = new URLSearchParams(search);
  const [page, ...rest] = parts;
  if (rest.length === 0) {
    if (page === '') return { ...NOWHERE, page: 'home' };
    if (page === 'status') return { ...NOWHERE, page: 'status' };
    if (page === 'search') return { ...NOWHERE, page, query: parameters.get('q') ?? '' };
  }
  if (page === 'song' && rest.length === 1) return songRoute(rest[0]);
  if (page === 'playlist' && rest.length <= 2) return playlistRoute(rest, parameters.get('only'));
  return NOWHERE;
}

function songRoute(id) {
  return isSongId(id) ? { ...NOWHERE, page: 'song', id } : NOWHERE;
}

function playlistRoute([named, tab], only) {
  const found = PLAYLIST.exec(named ?? '');
  if (!found) return NOWHERE;
  const [, id, first, second] = found;
  const [from, to] = [first, second].map((text) => (text === undefined ? null : parseMoment(text)));
  if ((first !== undefined && !from) || (second !== undefined && !to)) return NOWHERE;
  if (tab !== undefined && (!TAB_NAMES.includes(tab) || from)) return NOWHERE;
  if (!to) {
    const chosen = tab === 'songs' && STAYS.includes(only) ? only : null;
    return { ...NOWHERE, page: 'playlist', id, tab: tab ?? 'now', moment: from?.text ?? null, only: chosen };
  }
  const [earlier, later] = from.last <= to.last ? [from, to] : [to, from];
  return {
    ...NOWHERE,
    page: 'compare',
    id,
    from: earlier.text,
    to: later.text,
    only: CHANGES.includes(only) ? only : null,
  };
}

/** Write a route; fields that its page does not have may be left out. */
export function formatRoute(route) {
  const { page, id, tab = 'now', moment, from, to, only, query } = route;
  switch (page) {
    case 'home':
      return '#/';
    case 'status':
      return '#/status';
    case 'search':
      return query ? `#/search?${new URLSearchParams({ q: query })}` : '#/search';
    case 'song':
      return `#/song/${encodeURIComponent(id)}`;
    case 'playlist': {
      if (moment) return `#/playlist/${id}@${moment}`;
      return `#/playlist/${id}${tab && tab !== 'now' ? `/${tab}` : ''}${only ? `?only=${only}` : ''}`;
    }
    case 'compare':
      return `#/playlist/${id}@${from}..${to}${only ? `?only=${only}` : ''}`;
    default:
      throw new RangeError(`there is no page “${page}”`);
  }
}

function splitOnce(text, mark) {
  const place = text.indexOf(mark);
  return place < 0 ? [text] : [text.slice(0, place), text.slice(place + 1)];
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return '%'; // no id has it
  }
}
