// What stood in a playlist on a day or at a moment, as its history tells it.
// docs/documents.md, "A state of any date", has the rule.

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
 * Say how a playlist was at the end of a day or at a moment, or, without one, how it is now.
 *
 * `lastChecked` is the playlist's `last_checked` in the status document. `trouble` is its entry there
 * if it is not `ok`: what has kept it from being read since then.
 *
 * The `kind` is
 *   `read`       the snapshot is of that very day or moment,
 *   `unchanged`  it was read then, and was as in the snapshot,
 *   `gap`        it was not read then; `gap` says why, or `unseen` is the change that may have been
 *                there already. The snapshot is the last good read before,
 *   `after`      nobody has looked so late yet; the snapshot is the newest,
 *   `before`     the archive had not begun; `begins` says when it did, and there is no snapshot.
 */
export function stateAt(history, moment, lastChecked = null, trouble = null) {
  const on = moment ? parseMoment(moment) : null;
  if (moment && !on) throw new RangeError(`“${moment}” is neither a day nor a moment`);
  const state = { kind: 'before', moment: on, snapshot: null, gap: null, unseen: null };
  const snapshot = history.snapshots.find((one) => !on || one.time <= on.last) ?? null;
  if (!snapshot) return { ...state, begins: history.first_snapshot };
  const found = { ...state, snapshot };
  const gap = on && gapOn(history, snapshot, on);
  if (gap) return { ...found, kind: 'gap', gap };
  const unseen = on && unseenChange(history, on);
  if (unseen) return { ...found, kind: 'gap', unseen };
  if (snapshot.time === history.last_snapshot) {
    if (trouble && trouble.status !== 'ok' && (!on || on.last >= trouble.since)) {
      const { status, reason = '', since } = trouble;
      return { ...found, kind: 'gap', gap: { first: dayOf(since), last: null, status, reason } };
    }
    if (on && lastChecked && on.first > lastChecked) return { ...found, kind: 'after' };
  }
  return { ...found, kind: isOf(snapshot, on) ? 'read' : 'unchanged' };
}

function gapOn(history, snapshot, on) {
  const day = dayOf(on.last);
  if (dayOf(snapshot.time) === day) return null;
  return history.gaps.find((gap) => gap.first <= day && day <= gap.last) ?? null;
}

/** Return the change that had perhaps happened by then, because no run looked on that date. */
function unseenChange(history, on) {
  const next = history.changes.findLast((change) => change.time > on.last);
  return next && next.after < on.first ? next : null;
}

function isOf(snapshot, on) {
  if (!on) return true;
  return on.isDay ? dayOf(snapshot.time) === on.text : snapshot.time === on.last;
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
