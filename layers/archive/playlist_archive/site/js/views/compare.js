// Two versions of a playlist: only what changed between them.

import { compare, isEmpty } from '../compare.js';
import { documents, historyAndCheck, historyAround } from '../documents.js';
import { clock, day, number } from '../format.js';
import { h, name } from '../h.js';
import { rowsOnly } from '../exports.js';
import { formatMoment, momentOf, nextSnapshot, previousSnapshot, stateAt } from '../moments.js';
import { CHANGES, formatRoute } from '../routes.js';
import { rowTable } from '../rows.js';
import { copyUris, takeAway } from '../take_away.js';
import { lastSeen } from '../visits.js';
import { neverReadView } from './errors.js';
import { KINDS, countMarks, credits, notice, playlistLink, sign, songLink, textLines } from './parts.js';

export async function compareView(route, page) {
  const { id } = route;
  const { history, check } = await historyAndCheck(id);
  if (!history) return neverReadView(id, check);
  const told = h('div');
  const table = rowTable({ label: 'Changes', kind: 'compared', columns: {
    word: 'Change', place: 'Row', title: 'Title', artists: 'Artists',
  } });
  const fields = ['from', 'to'].map((end) => h('input', { type: 'date', min: history.first_snapshot.slice(0, 10), onchange: (event) => event.target.value && page.go({ ...ends, [end]: event.target.value }) }));
  const choices = h('nav.choices', { 'aria-label': 'Which changes' });
  const shortcuts = h('p.choices');
  let ends = { page: 'compare', id };
  let rows = [];
  let target = {};

  const collection = (wanted) => rowsOnly(id, `${history.playlist.name} changes`, rows.filter(wanted).map(({ item }) => (item ? { item } : {})));
  const { buttons, copy } = takeAway(() => collection(() => true), page, 'what changed');
  const removed = h('button', { type: 'button', onclick: () => copyUris(collection(({ kind }) => kind === 'removed'), page) }, 'Copy what was removed');
  const view = {
    element: h('article',
      h('p.crumb', h('a', { href: '#/' }, 'Playlists'), ' / ', playlistLink(id, history.playlist.name)),
      h('div.titled', h('div', h('h1', 'Compare ', name(history.playlist.name))), h('div.actions', removed, buttons)),
      shortcuts,
      h('div.stepper', h('label', 'From ', fields[0]), h('label', 'to ', fields[1])),
      told, choices, table.element),
    keys: {
      '[': () => target.earlier && (location.hash = target.earlier), ']': () => target.later && (location.hash = target.later),
      y: copy, n: () => page.go({ page: 'playlist', id }),
    },
    update,
  };

  async function update(next, isWanted = () => true) {
    const [from, to] = await Promise.all([next.from, next.to].map(async (moment) => stateAt(await historyAround(history, moment), moment, check)));
    if (!isWanted()) return;
    ends = { page: 'compare', id, from: next.from, to: next.to };
    fields[0].value = from.moment.first.slice(0, 10);
    fields[1].value = to.moment.first.slice(0, 10);
    if (!to.snapshot || !from.snapshot) {
      rows = [];
      told.replaceChildren(notice(false, h('p', h('strong', `The archive begins ${day(history.first_snapshot)}. `), 'Choose dates from then on.')));
    } else {
      const [one, other] = await Promise.all([documents.snapshot(id, from.snapshot.time), documents.snapshot(id, to.snapshot.time)]);
      if (!isWanted()) return;
      const change = compare(one, other);
      const [before, after] = [itemsOf(one), itemsOf(other)];
      rows = KINDS.flatMap(([kind]) => (change[kind] ?? []).map((song) => ({ ...song, kind, item: (kind === 'removed' ? before : after).get(song.uri) })));
      told.replaceChildren(...described(change, from, to, isEmpty(change)).filter(Boolean));
    }
    removed.hidden = !rows.some(({ kind }) => kind === 'removed');
    const only = next.only;
    choices.hidden = !rows.length;
    choices.replaceChildren(...[null, ...CHANGES].map((kind) => {
      const count = rows.filter((row) => !kind || row.kind === kind).length;
      return count || kind === only ? h('a', { href: formatRoute({ ...ends, only: kind }), 'aria-current': kind === only && 'true' },
        `${kind ? kind[0].toUpperCase() + kind.slice(1) : 'All'} ${number(count)}`) : '';
    }));
    const wanted = rows.filter((row) => !only || row.kind === only);
    table.element.hidden = !wanted.length;
    table.show(wanted, changeCells, { mark: ({ kind }) => KINDS.find(([key]) => key === kind)[3] });
    stepsOf(from, to);
    view.title = `${history.playlist.name}: ${momentWords(from)} to ${momentWords(to)}`;
    view.spoken = `${momentWords(from)} to ${momentWords(to)}: ${rows.length ? `${number(rows.length)} changes` : 'no change of songs'}`;
  }

  function stepsOf(from, to) {
    const between = (one, other) => one && other && formatRoute({ page: 'compare', id, from: momentOf(history, one), to: momentOf(history, other) });
    const newest = history.snapshots[0];
    const at = to.snapshot ?? newest;
    const earlier = from.snapshot && previousSnapshot(history, from.snapshot.time);
    const later = nextSnapshot(history, at.time);
    target = { earlier: between(earlier, from.snapshot), later: between(at, later) };
    const seen = lastSeen(id);
    const links = [
      ['‹ Earlier change', target.earlier], ['Later change ›', target.later],
      ['Last change', between(previousSnapshot(history, newest.time), newest)],
      [seen && `Since your last visit (${day(seen)})`, seen && seen < newest.time && formatRoute({ page: 'compare', id, from: formatMoment(seen), to: momentOf(history, newest) })],
      ['Since the beginning', history.snapshots.length > 1 && between(history.snapshots.at(-1), newest)],
    ];
    shortcuts.replaceChildren(...links.filter(([text, address]) => text && address).map(([text, address]) =>
      h('a', { href: address, 'aria-current': parametersOf(address) === parametersOf(location.hash) && 'true' }, text)));
  }

  await update(route);
  return view;
}

const parametersOf = (address) => address.split('?')[0];

function momentWords({ moment: { first, isDay } }) {
  return isDay ? day(first) : `${day(first)}, ${clock(first)}`;
}

function described(change, from, to, nothing) {
  const version = ({ snapshot, kind }) => [`${day(snapshot.time)}, ${clock(snapshot.time)}`, kind !== 'read' && kind !== 'unchanged' && ' (the last good read before)'];
  const lines = textLines(change);
  return [
    h('p.asof', h('span', h('strong', version(from)), h('span.quietly', ' to '), h('strong', version(to)), !nothing && [': ', countMarks(change)])),
    lines.length > 0 && h('ul.lines', lines.map((line) => line())),
    nothing && h('p.lead', sign('='), ' Nothing differs between them.'),
  ];
}

function changeCells({ kind, name: title, artists = [], uri, row, from, to, before }) {
  const [, mark, word] = KINDS.find(([key]) => key === kind);
  return [
    [sign(mark), ` ${word}`],
    from ? `${number(from)} → ${number(to)}` : row && number(row),
    [uri === undefined ? h('em', 'A row that Spotify does not name') : songLink(title, uri), before && h('div.quietly', 'before: ', name(before))],
    credits(artists),
  ];
}

function itemsOf({ rows }) {
  return new Map(rows.flatMap(({ item }) => (item ? [[item.uri, item]] : [])));
}
