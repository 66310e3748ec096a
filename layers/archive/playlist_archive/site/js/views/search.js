// Search as one types: playlists by their names, songs by their titles and artists.

import { keepFocus } from '../focus.js';
import { counted, number } from '../format.js';
import { h, name } from '../h.js';
import { uriOf } from '../ids.js';
import { formatRoute } from '../routes.js';
import { rowTable } from '../rows.js';
import { rowsOnly } from '../exports.js';
import { Search, parseSearch, songIdAt } from '../search.js';
import { takeAway } from '../take_away.js';
import { credits, notice, playlistLink, songLink } from './parts.js';

const MOST = 100;
const PLAYLISTS_NAMED = 3;
const REST_MS = 400;

let lastSearch = null; // what was loaded stays searchable while the page is open

export async function searchView(route, page) {
  const isNew = !lastSearch;
  lastSearch ??= new Search();
  const search = lastSearch;
  const told = h('p.facts');
  const trouble = h('div');
  const lists = h('ul');
  const listed = h('section', { hidden: true }, h('h2', 'Playlists'), lists);
  const songsTitle = h('h2');
  const table = rowTable({ label: 'Songs that were found', kind: 'found', columns: {
    title: 'Title', artists: 'Artists', in: 'In',
  } });
  const { buttons, copy } = takeAway(() => collectionOf(songs, query), page, 'these songs');
  const actions = h('div.actions', { hidden: true }, buttons);
  const found = h('section', { hidden: true }, h('div.titled', songsTitle, actions), table.element);
  const view = { element: h('div', h('h1', 'Search'), told, trouble, listed, found), keys: { y: copy }, update };
  let songs = [];
  let query = '';
  let resting;

  async function update(next) {
    query = next.query;
    view.title = query ? `Search “${query}”` : 'Search';
    view.spoken = null;
    if (page.find.value !== query) page.find.value = query;
    const { id } = parseSearch(query);
    if (id) return byId(id);
    keepFocus(view.element, () => show(search.find(query, MOST)));
    return undefined;
  }

  function show({ playlists, songs: matching, total, unsearched, troubles }) {
    songs = matching;
    const names = new Map(search.playlists.map((it) => [it.id, it.name]));
    const missed = search.isLoading ? [] : unsearched;
    told.textContent = !query.trim() ? hint(search)
      : search.isLoading ? 'Still loading the songs …'
        : total + playlists.length ? '' : `Nothing fits “${query}” among the songs and names of ${counted(search.playlists.length - missed.length, 'playlist')}.`;
    trouble.replaceChildren(...(!search.isLoading && (missed.length || troubles.length) ? [notice(false,
      h('p', h('strong', 'Not everything could be searched. '),
        missed.length ? [`The songs of ${counted(missed.length, 'playlist')} could not be loaded: `, missed.slice(0, 5).map((it, nth) => [nth > 0 && ', ', playlistLink(it.id, it.name)]), missed.length > 5 && ' and others', '.']
          : 'Songs that have been gone for long could not be loaded.'))] : []));
    listed.hidden = !playlists.length;
    lists.replaceChildren(...playlists.slice(0, 20).map((it) => h('li', playlistLink(it.id, it.name), ' ', h('span.quietly', it.size?.text ?? 'never read'))));
    found.hidden = !matching.length;
    actions.hidden = !matching.length;
    songsTitle.textContent = total > matching.length ? `${number(total)} songs, the best ${number(matching.length)} shown` : counted(total, 'song');
    table.show(matching, (song) => [found_(song), credits(song.artists), where(song, names)]);
    clearTimeout(resting);
    if (matching.length) resting = setTimeout(resolve, REST_MS);
    if (query.trim() && !search.isLoading) page.say(`${counted(playlists.length, 'playlist')}, ${counted(total, 'song')}`);
  }

  /** Let the links lead to the songs themselves, once one stops typing. */
  async function resolve() {
    const shown = songs;
    const links = [...table.element.querySelectorAll('.title a')];
    for (const [nth, song] of shown.entries()) {
      const id = await idOf(song).catch(() => null);
      if (shown !== songs) return;
      if (id) links[nth]?.setAttribute('href', formatRoute({ page: 'song', id }));
    }
  }

  async function byId(id) {
    told.textContent = 'Looking for that song …';
    listed.hidden = found.hidden = true;
    const { songs: ids, troubles } = await search.findId(id);
    if (parseSearch(query).id !== id) return;
    told.textContent = ids.length ? '' : troubles.length ? 'Not everything could be searched.' : 'No playlist of this archive has or had that song.';
    trouble.replaceChildren(h('ul', ids.map((it) => h('li', songLink(it.id, uriOf(it.id)), ` in ${counted(new Set(it.places.map(({ playlist }) => playlist)).size, 'playlist')}`))));
  }

  search.showMore = () => view.element.isConnected && update({ query });
  if (isNew) {
    let soon = null;
    // By then another view may have taken the place of this one.
    const later = () => { soon ??= setTimeout(() => { soon = null; search.showMore(); }, 60); };
    search.load(later).catch((error) => { search.failure = error; lastSearch = null; }).finally(later);
  }
  await update(route);
  return view;
}

function hint(search) {
  return search.playlists.length ? `Type a title, an artist or a playlist, or paste a link to a song. ${counted(search.index.songs.length, 'song')} of ${counted(search.playlists.length, 'playlist')} can be found.`
    : 'Type a title, an artist or a playlist, or paste a link to a song.';
}

function found_(song) {
  const [place] = song.places;
  return h('a', { href: formatRoute({ page: 'playlist', id: place.playlist, tab: 'songs' }), onclick: (event) => open(event, song) }, name(song.title || 'without a title'));
}

/** Open the song itself where its id is known only now. */
async function open(event, song) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.currentTarget.getAttribute('href').startsWith('#/song/')) return;
  event.preventDefault();
  const { currentTarget: link } = event;
  const fallback = link.getAttribute('href');
  const id = await idOf(song).catch(() => null);
  location.hash = id ? formatRoute({ page: 'song', id }) : fallback;
}

function idOf(song) {
  return songIdAt(song.places[0]);
}

function where(song, names) {
  const ids = [...new Set(song.places.map(({ playlist }) => playlist))];
  return [ids.slice(0, PLAYLISTS_NAMED).map((id, nth) => [nth > 0 && ', ', playlistLink(id, names.get(id))]),
    ids.length > PLAYLISTS_NAMED && h('span.quietly', ` and ${number(ids.length - PLAYLISTS_NAMED)} more`)];
}

async function collectionOf(songs, query) {
  const rows = await Promise.all(songs.map(async (song) => {
    const id = await idOf(song);
    return id ? { item: { type: 'track', uri: uriOf(id), name: song.title, duration_ms: 0, artists: song.artists.map((artist) => ({ name: artist })) } } : {};
  }));
  return rowsOnly('search', `Search ${query}`, rows);
}
