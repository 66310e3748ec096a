// Every song that is or was in a playlist, and when.

import { documents } from '../documents.js';
import { counted, day, daysBetween, number } from '../format.js';
import { h } from '../h.js';
import { rowsOfSongs } from '../exports.js';
import { formatRoute } from '../routes.js';
import { rowTable } from '../rows.js';
import { takeAway } from '../take_away.js';
import { moreButton } from './errors.js';
import { credits, songLink } from './parts.js';

/** Which songs are shown, and how the rest is called. */
const CHOSEN_STAYS = [
  [null, 'All', () => true],
  ['there', 'There now', (song) => !song.date_removed],
  ['gone', 'Gone', (song) => song.date_removed],
  ['back', 'Came back', (song) => song.intervals.length > 1],
  ['longest', 'Longest stay', () => true],
];

export async function everTab(known, _route, page) {
  const { id, history, check } = known;
  const until = check?.last_checked ?? history.last_snapshot;
  const document = await documents.cumulative(id);
  const all = [...document.tracks];
  const table = rowTable({ label: 'Every song', kind: 'ever', columns: {
    title: 'Title', artists: 'Artists', stay: 'In this playlist', often: 'Stayed',
  } });
  const choices = h('nav.choices', { 'aria-label': 'Which songs' });
  const count = h('p.quietly', { role: 'status' });
  let chosen = [];

  function show(only) {
    const [, , fits] = CHOSEN_STAYS.find(([key]) => key === only);
    chosen = all.filter(fits);
    if (only === 'longest') chosen.sort((one, other) => daysIn(other, until) - daysIn(one, until));
    choices.replaceChildren(...CHOSEN_STAYS.map(([key, title, of]) => {
      const many = all.filter(of).length;
      return many || key === only ? h('a', { href: formatRoute({ page: 'playlist', id, tab: 'songs', only: key }), 'aria-current': key === only && 'true' },
        key === 'longest' ? title : `${title} ${number(many)}`) : '';
    }));
    count.textContent = chosen.length ? '' : 'No song is like that.';
    table.element.hidden = !chosen.length;
    return table.show(chosen, (song) => [
      songLink(song.name, song.uri), credits((song.artists ?? []).map((artist) => artist.name)), stayInWords(song), counted(daysIn(song, until), 'day'),
    ], { mark: (song) => song.date_removed && 'away' });
  }

  const more = h('div.actions', (document.older ?? []).map((entry) =>
    moreButton(`Show also ${counted(entry.songs, 'song')} gone since ${entry.year}`, async () => {
      all.push(...(await documents.olderCumulative(entry)).tracks);
      show(shownOnly);
    })));
  const { buttons, copy } = takeAway(async () => rowsOfSongs(await documents.snapshot(id, history.last_snapshot), history.playlist.name, chosen, (time) => documents.snapshot(id, time)), page, 'these songs');
  let shownOnly = null;
  const update = (next) => {
    shownOnly = next.only;
    show(shownOnly);
  };
  return { actions: buttons, copy, update, element: h('div', choices, more, count, table.element) };
}

/** Say when a song is or was there. */
function stayInWords({ date_added: added, date_added_asterisk: perhapsEarlier, date_removed: removed, intervals }) {
  const since = perhapsEarlier ? `${day(added)} or before` : day(added);
  const times = intervals.length > 1 ? `, ${counted(intervals.length, 'time')}` : '';
  return removed ? `${since} – ${day(removed)}, gone${times}` : `since ${since}${times}`;
}

/** Return on how many days a song surely was there, as far as the archive saw it. */
function daysIn({ intervals }, until) {
  return intervals.reduce((sum, stay) => sum + Math.max(0, daysBetween(stay.added_at ?? stay.first_seen, stay.last_seen ?? until)), 0);
}
