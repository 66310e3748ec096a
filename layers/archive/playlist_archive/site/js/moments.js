// What is known of a playlist on a day or at a moment: the rule of docs/documents.md, "A state of any
// date". The command states the same rule in past.py.

import { dayLater, dayOf } from './format.js';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^(\d{4})(\d{2})(\d{2}T\d{2})(\d{2})(\d{2}Z)$/;

/**
 * Read a day as `2026-10-04`, or a moment as `20261004T040000Z`.
 * Returns its first and its last second as timestamps, null where it is neither.
 */
export function parseMoment(text) {
  if (DAY.test(text)) {
    const first = `${text}T00:00:00Z`;
    return isTimestamp(first) ? { text, first, last: `${text}T23:59:59Z`, isDay: true } : null;
  }
  const time = text.replace(MOMENT, '$1-$2-$3:$4:$5');
  return time !== text && isTimestamp(time) ? { text, first: time, last: time, isDay: false } : null;
}

/** Write a timestamp as the moment that names it in an address. */
export function formatMoment(timestamp) {
  return timestamp.replaceAll(/[-:]/g, '');
}

/**
 * Return what is known of a playlist on a date, written as text; without one, now.
 *
 * The history has to reach back as far, as `reachingBack` makes it. `status` is the playlist's entry in
 * the status document. `snapshot` shows the playlist as far as is known; before the archive began there
 * is none. `gap` is told with the kind `gap`, and with `unseen` the change that may have been there
 * already. `checked` is the last good read of all.
 */
export function stateAt(history, moment, status = null) {
  const on = moment ? parseMoment(moment) : null;
  if (moment && !on) throw new RangeError(`“${moment}” is neither a day nor a moment`);
  const { last_snapshot: newest, first_snapshot: begins } = history;
  const checked = status?.last_checked > newest ? status.last_checked : newest;
  const snapshot = history.snapshots.find((one) => !on || one.time <= on.last) ?? null;
  const state = { kind: 'read', moment: on, begins, checked, snapshot, gap: null, unseen: null };
  if (!snapshot) return { ...state, kind: 'before' };
  if (on && on.first <= snapshot.time) return state;
  const gap = on && gapOn(history, on);
  if (gap) return { ...state, kind: 'gap', gap };
  const unseen = on && unseenChange(history, on);
  if (unseen) return { ...state, kind: 'unseen', unseen };
  if (snapshot.time < newest) return { ...state, kind: 'unchanged' };
  return { ...state, kind: sinceNewest(snapshot, checked, status, on) };
}

/** Say what is known since the newest snapshot. */
function sinceNewest(newest, checked, status, on) {
  if (status?.last_changed > newest.time) return 'behind';
  // A status that is older than a read says nothing any more.
  const overtaken = status && !newest.source && newest.time > status.since;
  if (status && status.status !== 'ok' && !overtaken && (!on || on.last >= status.since)) return 'failing';
  if (!on) return 'read';
  return on.first > checked ? 'after' : 'unchanged';
}

function gapOn(history, on) {
  return history.gaps.find((gap) => gap.since <= on.last && on.last < gap.until) ?? null;
}

/** Return the change that came next, if it had perhaps happened by then. */
function unseenChange(history, on) {
  const next = history.changes.findLast((change) => change.time > on.last);
  return next && next.after < on.first ? next : null;
}

/** Return where the change may stand that came next after a date, besides the history itself. */
export function yearsAround(history, moment) {
  const on = moment ? parseMoment(moment) : null;
  if (!on || history.changes.at(-1)?.time <= on.last) return [];
  // The year's changes may all have come before, and some years have none.
  const later = history.older.filter(({ year }) => year >= Number(on.last.slice(0, 4)));
  return later.sort((one, other) => one.year - other.year).slice(0, 2);
}

/** Return the history with the older changes of years; while it was read some may have joined those. */
export function reachingBack(history, years) {
  const changes = [...history.changes];
  for (const year of [...years].sort((one, other) => other.year - one.year)) {
    const oldest = changes.at(-1)?.time;
    changes.push(...year.changes.filter(({ time }) => !oldest || time < oldest));
  }
  return { ...history, changes };
}

/** Return the newest snapshot before a time, null where there is none. */
export function previousSnapshot(history, time) {
  return history.snapshots.find((one) => one.time < time) ?? null;
}

/** Return the oldest snapshot after a time, null where there is none. */
export function nextSnapshot(history, time) {
  return history.snapshots.findLast((one) => one.time > time) ?? null;
}

/**
 * Return the shortest moment that shows a snapshot: its day if it is the last one of that day, else
 * its time.
 */
export function momentOf(history, snapshot) {
  const day = dayOf(snapshot.time);
  const last = history.snapshots.find((one) => dayOf(one.time) === day);
  return last.time === snapshot.time ? day : formatMoment(snapshot.time);
}

/**
 * Return what a timeline draws: the size after each snapshot, oldest first, and the stretches of
 * time in which nobody knows it.
 *
 * A gap has its first and last day; `last` is null while it lasts. A change that happened on one of
 * several days, which no gap explains, is a stretch of its own.
 */
export function sizeSeries(history, lastChecked = null, trouble = null) {
  const points = history.snapshots.map(({ time, rows }) => ({ time, rows })).reverse();
  const gaps = history.gaps.map((gap) => ({ ...gap })).reverse();
  for (const { after, until } of history.changes) {
    const first = dayLater(after, 1);
    const last = dayLater(until, -1);
    const explained = gaps.some((gap) => gap.first <= last && first <= gap.last);
    if (first <= last && !explained) gaps.push({ first, last, status: '', reason: '' });
  }
  if (trouble && trouble.status !== 'ok') {
    const { status, reason = '', since } = trouble;
    gaps.push({ first: dayOf(since), last: null, status, reason });
  }
  gaps.sort((one, other) => (one.first < other.first ? -1 : Number(one.first > other.first)));
  const last = lastChecked && lastChecked > history.last_snapshot ? lastChecked : history.last_snapshot;
  return { points, gaps, first: history.first_snapshot, last };
}

/** Whether a text is a moment of the calendar, written as the documents write it. */
function isTimestamp(text) {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString() === text.replace('Z', '.000Z');
}
