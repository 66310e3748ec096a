// Draws sizes over time. Everything is placed in per cent, so a drawing fits any width by itself.

import { h, s } from './h.js';
import { DAY_MS, clock, counted, day, month, number } from './format.js';

const HEIGHT = 100;
const WIDTH = 1000;
const AFTER = 0.03;
const TICKS = 6;

/** Return a playlist's sizes as a small drawing. `sizes` are `[time, rows]`, the newest first. */
export function sparkline(sizes, until) {
  const points = [...sizes].reverse().map(([time, rows]) => ({ at: Date.parse(time), rows }));
  const scale = scaleOf(points, [], Math.max(Date.parse(until ?? sizes[0][0]), points[0].at + DAY_MS));
  return s('svg.spark', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    s('path', { d: steps(points, [], scale) }));
}

/**
 * Return a playlist's size over time, which is also the way through it.
 *
 * `points` are `{ at, rows, time }`, the oldest first; `gaps` are `{ from, to, text }`; `end` is the last good check. `choose`
 * gets a day; `step` gets `first`, `previous`, `next` or `last`.
 */
export function timeline({ points, gaps, end, choose, step }) {
  const scale = scaleOf(points, gaps, end);
  const drawing = s('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    s('path.line', { d: steps(points, gaps, scale) }),
    s('path.versions', { d: points.map(({ at }) => `M${across(scale.x(at))} ${HEIGHT}v-7`).join('') }));
  const marker = h('div.marker');
  const shadow = h('div.hover', { hidden: true });
  const readout = h('p.readout');
  const plot = h('div.plot', {
    tabindex: '0', role: 'slider', 'aria-label': 'Date on the timeline of its size',
    'aria-orientation': 'horizontal', 'aria-valuemin': 1, 'aria-valuemax': points.length,
    onkeydown: onKey, onclick: (event) => choose(dayAt(event)), onpointermove: onHover,
    onpointerleave: () => { shadow.hidden = true; readout.textContent = standing; },
  }, drawing,
  gaps.map((gap) => h('div.gap', { style: { left: percent(scale.x(gap.from)), width: percent(scale.x(gap.to) - scale.x(gap.from)) } })),
  shadow, marker);
  const element = h('figure.timeline',
    h('figcaption', h('span', 'Size over time', gaps.length > 0 && [' · ', h('span.key.missed', { 'aria-hidden': 'true' }), 'not read']), readout),
    h('div.scale', { 'aria-hidden': 'true' }, h('span', number(scale.high)), h('span', number(scale.low))),
    plot, axis(scale));
  let standing = '';

  function dayAt(event) {
    const box = plot.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return new Date(Math.min(scale.start + share * (scale.end - scale.start), Math.max(end, points.at(-1).at))).toISOString().slice(0, 10);
  }

  function onHover(event) {
    if (event.pointerType !== 'mouse') return;
    const chosen = dayAt(event);
    const at = Date.parse(chosen) + DAY_MS - 1;
    const gap = gaps.find(({ from, to }) => from <= at && at <= to);
    shadow.hidden = false;
    shadow.style.left = percent(scale.x(Math.min(scale.end, Date.parse(chosen) + DAY_MS / 2)));
    readout.textContent = `${day(chosen)}: ${gap ? 'not read' : counted(sizeAt(points, at), 'row')}`;
  }

  function onKey(event) {
    const wanted = { ArrowLeft: 'previous', ArrowDown: 'previous', ArrowRight: 'next', ArrowUp: 'next', Home: 'first', End: 'last' }[event.key];
    if (!wanted || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    step(wanted);
  }

  /** Mark a time. */
  function mark(time, text) {
    const at = Math.min(scale.end, Math.max(scale.start, Date.parse(time)));
    const place = Math.max(0, points.findLastIndex((point) => point.at <= Date.parse(time)));
    marker.style.left = percent(scale.x(at));
    standing = text ?? `${day(points[place].time)}, ${clock(points[place].time)}: ${counted(points[place].rows, 'row')}`;
    readout.textContent = standing;
    plot.setAttribute('aria-valuenow', place + 1);
    plot.setAttribute('aria-valuetext', standing);
  }

  return { element, mark };
}

/**
 * Return stays on one axis. `bars` are `{ from, to, sure, gone }` in milliseconds: it was surely there from `sure.from` to
 * `sure.to`, and perhaps from `from` to `to`.
 */
export function stays(bars, { start, end }) {
  const share = (at) => ((Math.min(end, Math.max(start, at)) - start) / Math.max(1, end - start)) * 100;
  const part = (kind, from, to) => to > from && h(`div.${kind}`, { style: { left: percent(share(from)), width: percent(share(to) - share(from)) } });
  return h('div.stays', { 'aria-hidden': 'true' }, bars.map(({ from, to, sure }) => [
    part('perhaps', from, sure.from), part('surely', sure.from, sure.to), part('perhaps', sure.to, to)]));
}

/** Return the years or months below a drawing. */
export function axis({ start, end }) {
  const ticks = ticksOf(start, end);
  return h('div.axis', { 'aria-hidden': 'true' }, ticks.map(({ at, text }) =>
    h('span', { style: { left: percent(((at - start) / (end - start)) * 100) } }, text)));
}

/** Return some days, first days of months, or first days of years, by how long it all is. */
function ticksOf(start, end) {
  const span = (end - start) / DAY_MS;
  const [length, words] = span < 62 ? [10, (date) => day(date).slice(0, -5)] : span < 3000 ? [7, month] : [4, String];
  const step = Math.max(1, Math.ceil(span / TICKS)) * DAY_MS;
  const ticks = new Map();
  for (let time = start + DAY_MS; time < end; time += step) {
    const date = new Date(time).toISOString().slice(0, length);
    const at = Date.parse(date);
    if (at >= start && at < start + 0.92 * (end - start)) ticks.set(at, words(date));
  }
  return [...ticks].map(([at, text]) => ({ at, text }));
}

/** Return how times and sizes become places. Sizes begin at 0 unless that would hide how they change. */
function scaleOf(points, gaps, end) {
  const start = Math.min(points[0].at, ...gaps.slice(0, 1).map((gap) => gap.from));
  const newest = Math.max(end, points.at(-1).at, start + DAY_MS);
  const last = newest + (newest - start) * AFTER; // so that a change of the last day is seen
  let [least, most] = [Infinity, 0];
  for (const { rows } of points) [least, most] = [Math.min(least, rows), Math.max(most, rows)];
  const low = least > most / 2 && most - least > 0 ? Math.max(0, Math.floor(least - (most - least) * 0.25)) : 0;
  const high = Math.max(most, 1);
  return {
    start, end: last, low, high,
    known: newest > points.at(-1).at ? newest : last,
    x: (at) => ((at - start) / (last - start)) * 100,
    y: (rows) => HEIGHT - 4 - ((rows - low) / (high - low)) * (HEIGHT - 12),
  };
}

/** Return the stretches during which a size stood and was known, as `{ from, to, rows }`. */
function stretches(points, gaps, end) {
  const known = [];
  points.forEach(({ at, rows }, nth) => {
    const until = points[nth + 1]?.at ?? end;
    let from = at;
    for (const gap of gaps) {
      if (gap.to <= from || gap.from >= until) continue;
      if (gap.from > from) known.push({ from, to: gap.from, rows });
      from = Math.max(from, gap.to);
    }
    if (from < until) known.push({ from, to: until, rows });
  });
  return known;
}

function steps(points, gaps, scale) {
  let before = null;
  return stretches(points, gaps, scale.known).map(({ from, to, rows }) => {
    const joined = before !== null && before === from;
    before = to;
    return `${joined ? 'V' : `M${across(scale.x(from))} `}${down(scale.y(rows))}H${across(scale.x(to))}`;
  }).join('');
}

function sizeAt(points, at) {
  return points.findLast((point) => point.at <= at)?.rows ?? 0;
}

const across = (share) => (share * (WIDTH / 100)).toFixed(1);
const down = (y) => y.toFixed(1);
const percent = (share) => `${share.toFixed(3)}%`;
