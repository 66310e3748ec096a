// Remembers, in this browser alone, which version of a playlist was seen last.

import { keep, recall } from './kept.js';

const PREFIX = 'seen:';

/** Note that the newest version is seen, and return the one that was the newest at the visit before, null where none was. */
export function visit(id, newest) {
  const [seen] = thisVisit(id);
  if (seen !== newest) {
    keep('sessionStorage', PREFIX + id, `${newest} ${recall('localStorage', PREFIX + id)}`);
    keep('localStorage', PREFIX + id, newest);
  }
  return lastSeen(id);
}

/** Return the version that was the newest at the visit before this one, which lasts as long as the browser's tab. */
export function lastSeen(id) {
  return thisVisit(id)[1] || null;
}

function thisVisit(id) {
  return recall('sessionStorage', PREFIX + id).split(' ');
}
