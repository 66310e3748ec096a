// Reads the published documents and the snapshots, each once, and says what is wrong with one.

const SCHEMA = 1;
const ID = /^[0-9A-Za-z]{22}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
// A path that a document names leads nowhere else.
const PATH = /^\/(?:playlists|snapshots)(?:\/[0-9A-Za-z_-]+)+(?:\.[0-9A-Za-z_-]+)*$/;
const REFUSED = 401;
// S3 answers 403 for what does not exist to whoever may not list.
const MISSING = new Set([403, 404, 410]);

// Snapshots may be many and long; the browser has those that it has read on its disk.
const MOST_SNAPSHOTS = 20;
const SNAPSHOTS = '/snapshots/';

const kept = new Map();

/**
 * A document that cannot be shown.
 *
 * `kind` says why: it is `missing`, the network or the server failed (`offline`), the reader is
 * `notAllowed`, it is `damaged`, or its version is `newer` than this code.
 */
export class DocumentError extends Error {
  constructor(kind, path, why) {
    super(`${path}: ${why}`);
    this.name = 'DocumentError';
    this.kind = kind;
    this.path = path;
  }
}

export const index = () => read('/playlists/index.json', { playlists: Array.isArray });

export const status = () => read('/playlists/status.json', { playlists: isRecord }, false);

export const changes = () =>
  read('/playlists/changes.json', { playlists: Array.isArray, changes: Array.isArray });

export const history = (id) =>
  read(`/playlists/history/${checkId(id)}.json`, {
    snapshots: hasSome,
    names: Array.isArray,
    gaps: Array.isArray,
    changes: Array.isArray,
    older: Array.isArray,
  });

/** Return the changes of a year; `entry` is one of the history's `older`. */
export const olderHistory = (entry) => read(checkPath(entry.path), { changes: Array.isArray });

/** Return a history with the changes of the years around a moment, where that is of long ago. */
export async function reachingBack(told, moment) {
  const [first, wanted] = [told.changes.at(-1)?.time ?? '', moment ?? '9'].map((time) => time.replaceAll(/[-:]/g, ''));
  if (wanted >= first) return told;
  // The change that came next may be of a later year.
  const years = told.older.filter(({ year }) => year >= wanted.slice(0, 4)).slice(-2);
  const older = await Promise.all(years.map(olderHistory));
  return { ...told, changes: [...told.changes, ...older.flatMap(({ changes }) => changes)] };
}

/** Return the snapshot of a time that the history names. */
export const snapshot = (id, time) => read(snapshotPath(id, time), { rows: Array.isArray });

export const cumulative = (id) =>
  read(`/playlists/cumulative/${checkId(id)}.json`, { tracks: Array.isArray }, false);

/** Return songs that are gone for long; `entry` is one of the cumulative document's `older`. */
export const olderCumulative = (entry) =>
  read(checkPath(entry.path), { tracks: Array.isArray }, false);

export const songs = (part) => songsDocument(`${checkPart(part)}.json`);
export const songIds = (part) => songsDocument(`${checkPart(part)}.ids.json`);
export const goneSongs = (part) => songsDocument(`${checkPart(part)}.gone.json`);
export const goneSongIds = (part) => songsDocument(`${checkPart(part)}.gone.ids.json`);

/** Say in which of the sixteen parts the songs of a playlist stand. */
export async function songsPart(id) {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(checkId(id)));
  return new Uint8Array(digest)[0] >> 4;
}

/** Forget the documents that may have changed meanwhile, so that they are asked for again. */
export function forget() {
  for (const path of kept.keys()) {
    if (!path.startsWith(SNAPSHOTS)) kept.delete(path);
  }
}

/** Return a part, which is empty where there is none: no playlist stands in it. */
async function songsDocument(name) {
  try {
    return await read(`/playlists/songs/${name}`, { playlists: isRecord });
  } catch (error) {
    if (error.kind === 'missing') return { schema: SCHEMA, playlists: {} };
    throw error;
  }
}

/** Return a document, asked for once however many want it; a failure is not kept. */
function read(path, fields, hasSchema = true) {
  const begun = kept.get(path);
  const reading = begun ?? load(path).then((text) => parse(path, text, fields, hasSchema));
  kept.delete(path); // the one that was wanted last stands last
  kept.set(path, reading);
  if (begun) return begun;
  const snapshots = [...kept.keys()].filter((one) => one.startsWith(SNAPSHOTS));
  for (const one of snapshots.slice(0, -MOST_SNAPSHOTS)) kept.delete(one);
  reading.catch(() => {
    if (kept.get(path) === reading) kept.delete(path);
  });
  return reading;
}

async function load(path) {
  let answer;
  let bytes;
  try {
    answer = await fetch(path, { credentials: 'same-origin' });
    bytes = await answer.arrayBuffer();
  } catch (error) {
    throw new DocumentError('offline', path, error.message);
  }
  if (answer.status === REFUSED) throw new DocumentError('notAllowed', path, 'not allowed');
  if (MISSING.has(answer.status)) throw new DocumentError('missing', path, 'there is none');
  if (!answer.ok) throw new DocumentError('offline', path, `the server answers ${answer.status}`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new DocumentError('damaged', path, 'it is not text in UTF-8');
  }
}

function parse(path, text, fields, hasSchema) {
  let document;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new DocumentError('damaged', path, error.message);
  }
  if (!isRecord(document)) throw new DocumentError('damaged', path, 'it is no document');
  if (document.schema !== SCHEMA && (hasSchema || document.schema !== undefined)) {
    if (document.schema === undefined) throw new DocumentError('damaged', path, 'it has no schema');
    throw new DocumentError('newer', path, `its schema is ${document.schema}, not ${SCHEMA}`);
  }
  for (const [field, fits] of Object.entries(fields)) {
    if (!fits(document[field])) throw new DocumentError('damaged', path, `“${field}” is amiss`);
  }
  return document;
}

function isRecord(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasSome(value) {
  return Array.isArray(value) && value.length > 0;
}

function snapshotPath(id, time) {
  if (!TIME.test(time)) throw new RangeError(`“${time}” is not the time of a snapshot`);
  return `/snapshots/${checkId(id)}/${time.replaceAll(/[-:]/g, '')}.json`;
}

function checkId(id) {
  if (!ID.test(id)) throw new RangeError(`“${id}” is not the id of a playlist`);
  return id;
}

function checkPart(part) {
  if (!Number.isInteger(part) || part < 0 || part > 15) {
    throw new RangeError(`there is no part ${part} of the songs`);
  }
  return part;
}

function checkPath(path) {
  if (!PATH.test(path)) throw new DocumentError('damaged', String(path), 'it is no path');
  return path;
}
