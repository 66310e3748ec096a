// Remembers, in this browser alone, which version of a playlist was seen last.

const PREFIX = 'seen:';

/** Note that the newest version is seen, and return the one that was the newest at the visit before, null where none was. */
export function visit(id, newest) {
  const [seen] = thisVisit(id);
  if (seen !== newest) {
    keep('sessionStorage', id, `${newest} ${read('localStorage', id)}`);
    keep('localStorage', id, newest);
  }
  return lastSeen(id);
}

/** Return the version that was the newest at the visit before this one, which lasts as long as the browser's tab. */
export function lastSeen(id) {
  return thisVisit(id)[1] || null;
}

function thisVisit(id) {
  return read('sessionStorage', id).split(' ');
}

function read(storage, id) {
  try {
    return globalThis[storage].getItem(PREFIX + id) ?? '';
  } catch {
    return ''; // the browser keeps nothing for this page
  }
}

function keep(storage, id, text) {
  try {
    globalThis[storage].setItem(PREFIX + id, text);
  } catch {
    // Then there is nothing to tell at the next visit.
  }
}
