// A table of any length. Rows stand in chunks that the browser lays out only where they are seen, and
// are made a few at a time, so that ten thousand of them never keep the page from answering.

import { h } from './h.js';

const CHUNK = 100;
const SLICE_MS = 30;

/** Return a table with these columns, each `{ key, head }`, and what shows items in it. */
export function rowTable({ label, kind, columns }) {
  const head = h('div', { role: 'rowgroup', class: 'head' },
    h('div', { role: 'row' }, columns.map(({ key, head }) => h('div', { role: 'columnheader', class: key }, head))));
  const element = h('div', { role: 'table', class: `rows ${kind}`, 'aria-label': label, 'aria-colcount': columns.length }, head);
  const chunks = [];
  let turn = 0;

  /** Show items. `cells` returns the cells of one, and `mark` a class for its row. */
  async function show(items, cells, { mark } = {}) {
    const mine = ++turn;
    element.setAttribute('aria-rowcount', items.length + 1);
    element.setAttribute('aria-busy', 'true');
    while (chunks.length * CHUNK >= items.length + CHUNK) chunks.pop().group.remove();
    const wanted = Math.ceil(items.length / CHUNK);
    const inView = firstInView();
    const order = [...Array(wanted).keys()].sort((a, b) => (a < inView) - (b < inView) || a - b);
    let began = performance.now();
    for (const place of order) {
      fillChunk(place, items.slice(place * CHUNK, (place + 1) * CHUNK), cells, mark);
      if (performance.now() - began < SLICE_MS) continue;
      await new Promise((resolve) => setTimeout(resolve));
      if (mine !== turn) return;
      began = performance.now();
    }
    element.setAttribute('aria-busy', 'false');
  }

  function fillChunk(place, items, cells, mark) {
    while (chunks.length <= place) {
      const group = h('div', { role: 'rowgroup', class: 'chunk' });
      chunks.push({ group, holds: '' });
      element.append(group);
    }
    const chunk = chunks[place];
    const holds = JSON.stringify(items);
    if (chunk.holds === holds) return;
    chunk.holds = holds;
    chunk.group.replaceChildren(...items.map((item, nth) => row(item, place * CHUNK + nth, cells, mark)));
    chunk.group.style.containIntrinsicBlockSize = `auto ${items.length * 2.5}rem`;
  }

  function row(item, place, cells, mark) {
    const made = cells(item, place);
    return h('div', { role: 'row', class: mark?.(item) },
      columns.map(({ key }, nth) => h('div', { role: 'cell', class: key }, made[nth])));
  }

  function firstInView() {
    if (!chunks.length || !element.isConnected) return 0;
    const { top, height } = element.getBoundingClientRect();
    return height ? Math.floor((Math.max(0, -top) / height) * chunks.length) : 0;
  }

  return { element, show };
}
