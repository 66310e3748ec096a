// Dates, numbers and lengths in words. All days are UTC's, as everywhere in the archive.

const MONTH_NAMES = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
export const DAY_MS = 86_400_000;

/** Return the day of a time, as `2026-10-04`. */
export function dayOf(time) {
  return time.slice(0, 10);
}

/** Return a day in words, as `4 Oct 2026`. */
export function day(time) {
  const [year, month, date] = dayOf(time).split('-').map(Number);
  return `${date} ${MONTH_NAMES[month - 1]} ${year}`;
}

/** Return a month in words, as `Oct 2026`. */
export function month(time) {
  return `${MONTH_NAMES[Number(time.slice(5, 7)) - 1]} ${time.slice(0, 4)}`;
}

export function clock(time) {
  return `${time.slice(11, 16)} UTC`;
}

export function moment(time) {
  return `${day(time)}, ${clock(time)}`;
}

/** Return a range of days, without saying twice what both share. */
export function days(first, last) {
  if (dayOf(first) === dayOf(last)) return day(first);
  if (first.slice(0, 7) === last.slice(0, 7)) return `${Number(first.slice(8, 10))} to ${day(last)}`;
  if (first.slice(0, 4) === last.slice(0, 4)) return `${day(first).slice(0, -5)} to ${day(last)}`;
  return `${day(first)} to ${day(last)}`;
}

/** Say when a change happened: on which day, or between which days if some were not read. */
export function when(change) {
  if (daysBetween(change.after, change.until) <= 1) return day(change.until);
  return `between ${days(change.after, change.until).replace(' to ', ' and ')}`;
}

export function daysBetween(first, last) {
  return Math.round((Date.parse(dayOf(last)) - Date.parse(dayOf(first))) / DAY_MS);
}

/** Return the day so many days later. */
export function dayLater(day, number) {
  return new Date(Date.parse(dayOf(day)) + number * DAY_MS).toISOString().slice(0, 10);
}

/** Say how long ago a time was, as roughly as people do. */
export function ago(time, now = Date.now()) {
  const minutes = Math.round((now - Date.parse(time)) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${counted(minutes, 'minute')} ago`;
  if (minutes < 36 * 60) return `${counted(Math.round(minutes / 60), 'hour')} ago`;
  return `${counted(Math.round(minutes / 1440), 'day')} ago`;
}

export function number(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function counted(value, noun, plural = `${noun}s`) {
  return `${number(value)} ${value === 1 ? noun : plural}`;
}

/** Return a track's length, as `3:07` or `1:02:07`. */
export function length(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = String(seconds % 60).padStart(2, '0');
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

/** Return a playlist's length, as `1 h 32 min`. */
export function totalLength(milliseconds) {
  const minutes = Math.round(milliseconds / 60_000);
  const [whole, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  if (whole) return `${counted(whole, 'day')} ${hours} h`;
  return hours ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}

/** Spell a status as the pages do. */
export function spelled(status) {
  return status.replaceAll('_', ' ');
}
