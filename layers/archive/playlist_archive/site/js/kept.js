// What a browser keeps for these pages: for good, or as long as its tab is open. It may refuse.

/** Return a text that was kept, an empty one where there is none. */
export function recall(storage, key) {
  try {
    return globalThis[storage].getItem(key) ?? '';
  } catch {
    return '';
  }
}

export function keep(storage, key, text) {
  try {
    globalThis[storage].setItem(key, text);
  } catch {
    // Then it is as if nothing had been said.
  }
}
