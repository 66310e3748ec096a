// A table of any length. Rows stand in chunks that the browser lays out only where they are seen, and
// are made a few at a time, so that ten thousand of them never keep the page from answering.

import { h, put } from './h.js';

const CHUNK = 100;
const SLICE_MS = 30;
const ROW_REM = 2.5;

/** Wait until the page has answered whoever uses it. */
export function pause() {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Return a table, and what shows items in it. `columns` has a class for each column and its head. */
export function rowTable({ label, kind, columns }) {
  const keys = Object.keys(columns);
  const head = h('div.head', { role: 'rowgroup' },
    h('div', { role: 'row' }, keys.map((key) => h(`div.${key}`, { role: 'columnheader' }, columns[key]))));
  const element = h(`div.rows.${kind}`, { role: 'table', 'aria-label': label }, head);
  const blank = h('div', { role: 'row' }, keys.map((key) => h(`div.${key}`, { role: 'cell' })));
  const chunks = [];
  let turn = 0;

  /** Show items. `cells` returns the cells of one, and `mark` a class for its row. */
  async function show(items, cells, { mark } = {}) {
    const mine = ++turn;
    element.setAttribute('aria-rowcount', items.length + 1);
    element.setAttribute('aria-busy', 'true');
    const wanted = Math.ceil(items.length / CHUNK);
    while (chunks.length > wanted) chunks.pop().group.remove();
    while (chunks.length < wanted) addChunk(Math.min(CHUNK, items.length - chunks.length * CHUNK));
    const inView = firstInView();
    const order = [...Array(wanted).keys()].sort((a, b) => (a < inView) - (b < inView) || a - b);
    let began = performance.now();
    for (const place of order) {
      fillChunk(place, items.slice(place * CHUNK, (place + 1) * CHUNK), cells, mark);
      if (performance.now() - began < SLICE_MS) continue;
      await pause();
      if (mine !== turn) return;
      began = performance.now();
    }
    element.setAttribute('aria-busy', 'false');
  }

  /** Add an empty chunk that is as high as so many rows are. */
  function addChunk(count) {
    const group = h('div.chunk', { role: 'rowgroup', style: { containIntrinsicBlockSize: `auto ${count * ROW_REM}rem`, minHeight: `${count * ROW_REM}rem` } });
    chunks.push({ group, holds: '' });
    element.append(group);
  }

  function fillChunk(place, items, cells, mark) {
    const chunk = chunks[place];
    const holds = JSON.stringify(items);
    if (chunk.holds === holds) return;
    chunk.holds = holds;
    chunk.group.replaceChildren(...items.map((item, nth) => row(item, place * CHUNK + nth, cells, mark)));
    chunk.group.style.minHeight = '';
    chunk.group.style.containIntrinsicBlockSize = `auto ${items.length * ROW_REM}rem`;
  }

  function row(item, place, cells, mark) {
    const made = blank.cloneNode(true); // much quicker than as many new elements
    cells(item, place).forEach((content, nth) => put(made.children[nth], content));
    const marked = mark?.(item);
    if (marked) made.className = marked;
    return made;
  }

  function firstInView() {
    if (!chunks.length || !element.isConnected) return 0;
    const { top, height } = element.getBoundingClientRect();
    return height ? Math.floor((Math.max(0, -top) / height) * chunks.length) : 0;
  }

  return { element, show };
}
