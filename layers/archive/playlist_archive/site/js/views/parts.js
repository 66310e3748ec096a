// What several views show alike: songs, changes, statuses.

import { counted, number, spelled } from '../format.js';
import { h, name } from '../h.js';
import { isSongId, songId } from '../ids.js';
import { formatRoute } from '../routes.js';

const FEW = 12;

/** The kinds of a change, in the order in which they are told: the field, its sign, its word and its class. */
export const KINDS = [
  ['added', '+', 'added', 'came'],
  ['readded', '+', 'added again', 'came'],
  ['removed', '−', 'removed', 'went'],
  ['moved', '↕', 'moved', 'moved'],
  ['renamed', '≈', 'renamed', 'renamed'],
  ['unavailable', '×', 'unavailable', 'went'],
  ['available', '✓', 'available again', 'came'],
];

export function songLink(title, uri) {
  const text = name(title || 'without a title');
  const id = songId(uri ?? '');
  return isSongId(id) ? h('a', { href: formatRoute({ page: 'song', id }) }, text) : text;
}

/** Return artists, each kept apart from the direction of the others. */
export function credits(artists) {
  return artists.filter(Boolean).map((artist, nth) => [nth > 0 && ', ', name(artist)]);
}

export function playlistLink(id, title, more = {}) {
  return h('a', { href: formatRoute({ page: 'playlist', id, ...more }) }, name(title || id));
}

/** Return a sign and a word for a status. */
export function statusMark(status, { overdue = false } = {}) {
  if (status === 'ok' && !overdue) return h('span.good', sign('✓'), ' up to date');
  if (status === 'ok') return h('span.bad', sign('!'), ' overdue');
  if (status === 'retired') return h('span.quietly', sign('–'), ' retired');
  if (status === 'deferred') return h('span.quietly', sign('…'), ' waits its turn');
  return h('span.bad', sign('!'), ` ${spelled(status)}`);
}

/** Return the headline of the status, with its sign. */
export function headlineOf({ headline }) {
  const isWell = !/attention|not complete/.test(headline);
  return h(`h1.${isWell ? 'good' : 'bad'}`, sign(isWell ? '✓' : '!'), ` ${headline}`);
}

export function upToDate({ counts, up_to_date: read }) {
  const active = Object.values(counts).reduce((sum, count) => sum + count, 0) - (counts.retired ?? 0);
  return `${number(read)} of ${counted(active, 'playlist')}`;
}

export function sign(text) {
  return h('span.sign', { 'aria-hidden': 'true' }, text);
}

/** Return everything that a change tells, a line each: few at first, and all where that is wanted. */
export function changeLines(change) {
  const lines = [...textLines(change), ...KINDS.flatMap(([kind, mark, word, tone]) =>
    (change[kind] ?? []).map((song) => () => songLine(mark, word, tone, song)))];
  const list = h('ul.lines', lines.slice(0, lines.length > FEW + 3 ? FEW : undefined).map((line) => line()));
  if (lines.length <= FEW + 3) return list;
  const more = h('button', { type: 'button', onclick: () => {
    const first = list.children.length;
    list.append(...lines.slice(FEW).map((line) => line()));
    more.remove();
    list.children[first].querySelector('a')?.focus();
  } }, `Show ${number(lines.length - FEW)} more`);
  return [list, more];
}

function songLine(mark, word, tone, { name: title, artists = [], uri, row, from, to, before }) {
  return h('li', { class: tone },
    h('span.word', sign(mark), ` ${word}`),
    h('span',
      uri === undefined ? h('em', 'a row that Spotify does not name') : songLink(title, uri),
      artists.length > 0 && [h('span.quietly', ' by '), credits(artists)],
      before && h('span.quietly', ', before: ', name(before)),
      place({ row, from, to })));
}

/** Say where a song stands, or from where to where it moved. */
export function place({ row, from, to }) {
  if (from) return h('span.quietly.number', `, from row ${number(from)} to ${number(to)}`);
  return row ? h('span.quietly.number', `, row ${number(row)}`) : null;
}

/** Return what a change tells of the playlist itself. */
export function textLines({ name: named, description, owner }) {
  const line = (word, ...told) => h('li', h('span.word', sign('≈'), ` ${word}`), h('span', ...told));
  const lines = [];
  if (named) lines.push(() => line('renamed', 'from “', name(named.before), '” to “', name(named.after), '”'));
  if (description) {
    const { before, after } = description;
    lines.push(() => line('description', before ? ['from “', name(before), '” '] : 'set ', after ? ['to “', name(after), '”'] : 'and is empty now'));
  }
  if (owner) lines.push(() => line('owner', 'from ', name(owner.before.name || owner.before.id), ' to ', name(owner.after.name || owner.after.id)));
  return lines;
}

/** Return what a change counts, each with its sign and its word. */
export function countMarks(change) {
  const marks = KINDS.map(([kind, mark, word, tone]) => {
    const count = change.counts?.[kind] ?? change[kind]?.length;
    return count && h('span', { class: tone }, h('span.word', `${mark}${number(count)} `), word);
  }).filter(Boolean);
  const texts = [change.name && 'new name', change.description && 'new description', change.owner && 'new owner'].filter(Boolean);
  const all = [...marks, ...texts];
  return all.length ? all.map((mark, nth) => [nth > 0 && ', ', mark]) : 'changed';
}

/** Say how many songs and rows there are. */
export function sizeInWords(rows) {
  const songs = new Set(rows.filter((row) => row.item).map((row) => row.item.uri)).size;
  return songs === rows.length ? counted(songs, 'song') : `${counted(songs, 'song')}, ${counted(rows.length, 'row')}`;
}

/** Return what a song is besides a song that can be played. */
export function tags(item) {
  const tag = (text, tone = '') => h('span', { class: `tag ${tone}` }, text);
  return [
    item.local && tag('local file'),
    item.type !== 'track' && !item.local && tag(item.type),
    item.playable === false && tag('unavailable', 'bad'),
  ];
}

/** Say in brackets why a playlist stands as it does, where that is known. */
export function because({ reason }) {
  return reason && [' (', name(reason), ')'];
}

export function notice(calm, ...told) {
  return h('div', { class: calm ? 'notice calm' : 'notice' }, sign(calm ? 'i' : '!'), h('div', ...told));
}
