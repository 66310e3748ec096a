// How two snapshots of a playlist differ: the fewest moves, a song twice counted as two, and no
// change where one of them does not know. It is the change that a history would tell if there were
// no snapshots between them, as docs/documents.md describes it.

const EDGE = -1; // stands before the first and after the last row
const TEXTS = { artists: [], album: { name: '' }, url: '', playable: true, explicit: false, isrc: '' };

/**
 * Return the change from the earlier of two snapshots to the later.
 *
 * All lists are there, though they may be empty; `name`, `description` and `owner` are null where
 * they stayed.
 */
export function compare(one, other) {
  const [before, after] = one.time <= other.time ? [one, other] : [other, one];
  const known = new Known();
  const order = known.take(before.rows);
  const shown = known.take(after.rows);
  const news = known.news();
  const recognised = recogniseHidden(shown, order);
  const wereThere = new Set(order);
  const there = new Set(recognised);
  const song = (occurrence) => songOf(known.itemOf(occurrence));
  const rows = compareRows(order, recognised, wereThere, there);

  const arrived = shown.flatMap((occurrence, place) =>
    occurrence === null || wereThere.has(occurrence) ? [] : [{ row: place + 1, ...song(occurrence) }],
  );
  const added = inOrder([...arrived, ...rows.unnamedAdded.map((row) => ({ row }))]);
  const removed = inOrder([
    ...rows.removed.map(([occurrence, row]) => ({ row, ...song(occurrence) })),
    ...rows.unnamedRemoved.map((row) => ({ row })),
  ]);
  const moved = rows.moved.map(([occurrence, from, to]) => ({ from, to, ...song(occurrence) }));
  const hidden = recognised.filter((occurrence, place) => shown[place] === null && occurrence !== null);

  const nowHidden = hidden
    .map((occurrence) => known.itemNumber(occurrence))
    .filter((item) => known.isPlayable(item) && !news.playable.includes(item));
  const unavailable = [...new Set([...nowHidden, ...news.unplayable])];
  const header = withKnown(headerOf(after), headerOf(before));
  const was = asFarAsKnown(headerOf(before), header);
  const time = toSecond(after.time);
  return {
    time,
    after: toSecond(before.time),
    until: time,
    counts: { added: added.length, readded: 0, removed: removed.length, moved: moved.length },
    added,
    readded: [],
    removed,
    moved,
    unavailable: unavailable.map((item) => songOf(known.items[item])),
    available: news.playable.map((item) => songOf(known.items[item])),
    renamed: news.renamed.map(([item, line]) => ({ before: line, ...songOf(known.items[item]) })),
    name: difference(was.name, header.name),
    description: difference(was.description, header.description),
    owner: difference(ownerOf(was.owner), ownerOf(header.owner)),
  };
}

/** Whether a change tells nothing. */
export function isEmpty(change) {
  const lists = ['added', 'readded', 'removed', 'moved', 'unavailable', 'available', 'renamed'];
  return (
    lists.every((list) => !change[list]?.length) &&
    !change.name &&
    !change.description &&
    !change.owner
  );
}

/** The songs of two snapshots, with their newest texts, and the rows in which they stand. */
class Known {
  constructor() {
    this.items = [];
    this.occurrences = []; // pairs of an item's number and how many of it stand before
    this.itemNumbers = new Map();
    this.occurrenceNumbers = new Map();
    this.replaced = new Map();
  }

  /** Take the rows of a snapshot and return which occurrence each is, null for one without name. */
  take(rows) {
    const former = this.items.length;
    const times = new Map();
    this.replaced.clear();
    return rows.map(({ item }) => {
      if (!item) return null;
      const number = this.takeItem(completed(item), former);
      const nth = times.get(number) ?? 0;
      times.set(number, nth + 1);
      return this.occurrence(number, nth);
    });
  }

  takeItem(item, former) {
    const number = this.itemNumbers.get(item.uri);
    if (number === undefined) {
      this.itemNumbers.set(item.uri, this.items.length);
      return this.items.push(item) - 1;
    }
    if (number < former && !this.replaced.has(number)) this.replaced.set(number, this.items[number]);
    this.items[number] = withKnown(item, this.items[number]);
    return number;
  }

  occurrence(item, nth) {
    const key = `${item} ${nth}`;
    const number = this.occurrenceNumbers.get(key);
    if (number !== undefined) return number;
    this.occurrenceNumbers.set(key, this.occurrences.length);
    return this.occurrences.push(item) - 1;
  }

  itemNumber(occurrence) {
    return this.occurrences[occurrence];
  }

  itemOf(occurrence) {
    return this.items[this.itemNumber(occurrence)];
  }

  isPlayable(number) {
    const item = this.items[number];
    return item.playable && !item.unknown.includes('playable');
  }

  /** Say what the last snapshot tells anew of songs that were known before it. */
  news() {
    const news = { renamed: [], playable: [], unplayable: [] };
    for (const number of [...this.replaced.keys()].sort((one, other) => one - other)) {
      const now = this.items[number];
      const was = asFarAsKnown(this.replaced.get(number), now);
      if (line(was) !== line(now)) news.renamed.push([number, line(was)]);
      if (was.playable !== now.playable) {
        (now.playable ? news.playable : news.unplayable).push(number);
      }
    }
    return news;
  }
}

function completed(item) {
  return { ...TEXTS, ...item, unknown: item.unknown ?? [] };
}

function headerOf({ name, description, owner, unknown = [] }) {
  return { name, description, owner, unknown };
}

/** Return what was told, with each field that is unknown there as it is `known`. */
function withKnown(told, known) {
  if (told.unknown.length === 0) return told;
  const result = { ...told, unknown: told.unknown.filter((name) => known.unknown.includes(name)) };
  for (const name of told.unknown) {
    if (!known.unknown.includes(name) || isNothing(told[name])) result[name] = known[name];
  }
  return result;
}

/** Return what was told before, with each field that was unknown then as it is now. */
function asFarAsKnown(was, now) {
  const result = { ...was };
  for (const name of was.unknown) result[name] = now[name];
  return result;
}

function isNothing(value) {
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value === 'object') return Object.values(value).every((text) => text === '');
  return !value;
}

function line({ name, artists, album }) {
  return `${name} -- ${artists.map((artist) => artist.name).join(', ')} -- ${album.name}`;
}

function songOf({ name, artists, uri }) {
  return { name, artists: artists.map((artist) => artist.name), uri };
}

function ownerOf({ id, name, url = '' }) {
  return url ? { id, name, url } : { id, name };
}

function difference(before, after) {
  return JSON.stringify(before) === JSON.stringify(after) ? null : { before, after };
}

function inOrder(rows) {
  return rows.sort((one, other) => one.row - other.row);
}

function toSecond(time) {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/**
 * Return `order` with the missing occurrences in the places of the unknown rows.
 *
 * Unknown rows that are as many between the same two rows as before are what stood there. Any other
 * is what followed the same row before, and if that was unknown too, it stays so; else what preceded
 * the same row before; else any occurrence that would otherwise count as removed.
 */
function recogniseHidden(order, before) {
  const result = [...order];
  if (!order.includes(null)) return result;
  const shown = new Set(order);
  const missing = before.filter((one) => one !== null && !shown.has(one));
  if (missing.length === 0) return result;
  const following = new Map(before.map((one, place) => [place ? before[place - 1] : EDGE, one]));
  const next = [...before.slice(1), EDGE];
  const preceding = new Map(before.map((one, place) => [next[place], one]));
  following.delete(null); // an unknown neighbour says nothing
  preceding.delete(null);
  const free = new Set(missing);
  const stood = unmoved(order, before);
  for (const [place, one] of stood) if (free.delete(one)) result[place] = one;
  const open = [];
  order.forEach((one, place) => {
    if (one !== null || stood.has(place)) return;
    const left = place ? result[place - 1] : EDGE;
    const guess = following.has(left) ? following.get(left) : EDGE;
    if (free.delete(guess)) result[place] = guess;
    else if (guess !== null) open.push(place);
  });
  for (const place of open.toReversed()) {
    const guess = preceding.get(place + 1 < result.length ? result[place + 1] : EDGE);
    if (free.delete(guess)) result[place] = guess;
  }
  const unknown = open.filter((place) => result[place] === null);
  [...free].slice(0, unknown.length).forEach((one, number) => {
    result[unknown[number]] = one;
  });
  return result;
}

/** Return what stood in unknown rows that are as many between the same two rows as before, by place. */
function unmoved(order, before) {
  const placeBefore = new Map(before.map((one, place) => [one, place]));
  const stood = new Map();
  for (let place = 0, end = 0; place < order.length; place = end + 1) {
    for (end = place; end < order.length && order[end] === null; ) end += 1;
    const left = place ? placeBefore.get(order[place - 1]) : -1;
    const right = end < order.length ? placeBefore.get(order[end]) : before.length;
    if (right - left - 1 !== end - place) continue;
    for (let at = place; at < end; at += 1) stood.set(at, before[left + 1 + at - place]);
  }
  return stood;
}

/** Return what went, what moved, and which unknown rows came and went. */
function compareRows(before, after, wereThere, there) {
  const stayed = before.filter((one) => one !== null && there.has(one));
  const kept = after.filter((one) => one !== null && wereThere.has(one));
  const moved = findMoved(stayed, kept);
  const moving = new Set(moved);
  const staying = new Set(kept.filter((one) => !moving.has(one)));
  const [unnamedRemoved, unnamedAdded] = pairUnknown(before, after, staying);
  const was = rowsOf(before);
  const now = rowsOf(after);
  return {
    removed: before
      .filter((one) => one !== null && !there.has(one))
      .map((one) => [one, was.get(one)]),
    moved: moved.map((one) => [one, was.get(one), now.get(one)]),
    unnamedAdded,
    unnamedRemoved,
  };
}

/** Return the fewest rows of `kept` that must move to bring it into the order of `before`. */
function findMoved(before, kept) {
  const placeBefore = new Map(before.map((one, place) => [one, place]));
  const places = kept.map((one) => placeBefore.get(one));
  const stay = new Set(longestIncreasing(places));
  return kept.filter((_, number) => !stay.has(places[number]));
}

function rowsOf(order) {
  return new Map(order.map((one, place) => [one, place + 1]));
}

/** Of the unknown rows between two that stay, as many stay as both orders have there. */
function pairUnknown(before, after, staying) {
  const went = [];
  const came = [];
  const later = unknownBetween(after, staying);
  unknownBetween(before, staying).forEach((old, number) => {
    const stay = Math.min(old.length, later[number].length);
    went.push(...old.slice(stay));
    came.push(...later[number].slice(stay));
  });
  return [went, came];
}

function unknownBetween(order, staying) {
  const stretches = [[]];
  order.forEach((one, place) => {
    if (one === null) stretches.at(-1).push(place + 1);
    else if (staying.has(one)) stretches.push([]);
  });
  return stretches;
}

/** Return a longest increasing subsequence of distinct numbers (patience sorting). */
function longestIncreasing(numbers) {
  const tails = [];
  const previous = new Map();
  for (const number of numbers) {
    const pile = firstNotBelow(tails, number);
    previous.set(number, pile ? tails[pile - 1] : null);
    tails[pile] = number;
  }
  const result = [];
  for (let number = tails.at(-1) ?? null; number !== null; number = previous.get(number)) {
    result.push(number);
  }
  return result;
}

function firstNotBelow(sorted, number) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
