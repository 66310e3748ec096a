// A playlist in figures: what came and went, whose songs it has, and how old they are.

import { documents } from '../documents.js';
import { counted, month, number } from '../format.js';
import { h, name } from '../h.js';
import { takeAwayNow } from '../take_away.js';
import { errorNotice } from './errors.js';

const MOST_MONTHS = 24;
const MOST_ARTISTS = 15;

export async function chartsTab(known, _route, page) {
  const { id, history } = known;
  const [snapshot, changes] = await Promise.all([
    documents.snapshot(id, history.last_snapshot).catch((error) => ({ error })), everyChange(history),
  ]);
  const { buttons, copy } = takeAwayNow(history, page);
  const items = snapshot.rows?.flatMap(({ item }) => item ?? []) ?? [];
  return {
    actions: buttons, copy,
    element: h('div',
      h('section', h('h2', 'Came and went, by month'), comings(changes)),
      snapshot.error ? errorNotice(snapshot.error) : [
        h('section', h('h2', 'Most songs by'), ranks(counts(items.flatMap((item) => [...new Set((item.artists ?? []).map((artist) => artist.name).filter(Boolean))])).slice(0, MOST_ARTISTS), 'song')),
        h('section', h('h2', 'Albums released in'), ranks(decades(items), 'song')),
      ]),
  };
}

/** Return the newest changes and those of the last years, as far as they can be read. */
async function everyChange(history) {
  const older = await Promise.all(history.older.slice(0, 2).map((entry) => documents.olderHistory(entry).then((it) => it.changes).catch(() => [])));
  return [...history.changes, ...older.flat()];
}

function comings(changes) {
  const months = new Map();
  for (const { time, counts: { added, readded, removed } } of changes) {
    const sums = months.get(time.slice(0, 7)) ?? [0, 0];
    months.set(time.slice(0, 7), [sums[0] + added + readded, sums[1] + removed]);
  }
  if (!months.size) return h('p.quietly', 'It has not changed since the archive began.');
  const most = Math.max(1, ...[...months.values()].flat());
  return h('ul.ranks', [...months].slice(0, MOST_MONTHS).map(([at, [came, went]]) => h('li',
    h('span', month(at)),
    h('span.bar-cell.pair', { 'aria-hidden': 'true' }, bar(came / most), bar(went / most, 'down')),
    h('span.number', `+${number(came)} −${number(went)}`, h('span.unseen', ' (came and went)')))));
}

function ranks(counted_, noun) {
  if (!counted_.length) return h('p.quietly', 'There is nothing to count.');
  const most = Math.max(...counted_.map(([, count]) => count));
  return h('ol.ranks', counted_.map(([what, count]) => h('li',
    h('span', name(what)), h('span.bar-cell', { 'aria-hidden': 'true' }, bar(count / most)),
    h('span.number', counted(count, noun)))));
}

function bar(share, tone = '') {
  return share > 0 ? h('div', { class: `bar ${tone}`, style: { width: `${(share * 100).toFixed(1)}%` } }) : null;
}

function counts(values) {
  const found = new Map();
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1);
  return [...found].sort((one, other) => other[1] - one[1]);
}

function decades(items) {
  const years = items.map((item) => item.album?.release_date?.slice(0, 4)).filter((year) => /^\d{4}$/.test(year ?? ''));
  return counts(years.map((year) => `${year.slice(0, 3)}0s`)).sort((one, other) => (one[0] < other[0] ? -1 : 1));
}
