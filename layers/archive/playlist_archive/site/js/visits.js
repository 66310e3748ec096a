// Remembers, in this browser alone, which version of a playlist was seen last.

const PREFIX = 'seen:';

/** Note that the newest version is seen, and return the version that was the newest at the visit before, null where none was. */
export function visit(id, newest) {
  const known = read(id);
  if (known?.newest === newest) return known.before ?? null;
  const before = known?.newest ?? null;
  try {
    localStorage.setItem(PREFIX + id, JSON.stringify({ newest, before }));
  } catch {
    // The browser keeps nothing for this page.
  }
  return before;
}

/** Return the version that was the newest at the visit before. */
export function lastSeen(id) {
  return read(id)?.before ?? null;
}

function read(id) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + id));
  } catch {
    return null;
  }
}
