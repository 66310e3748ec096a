// Reads the published documents and the snapshots, each once, and says what is wrong with one.

import { isId } from './ids.js';
import { reachingBack, yearsAround } from './moments.js';

const SCHEMA = 1;
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

/** What can be read. It may be handed on as a whole. */
export const documents = {
  index: () => read('/playlists/index.json', { playlists: Array.isArray }),
  status: () => read('/playlists/status.json', { playlists: isRecord }, false),
  changes: () => read('/playlists/changes.json', { playlists: Array.isArray, changes: Array.isArray }),

  history: (id) =>
    read(historyPath(id), {
      snapshots: hasSome,
      names: Array.isArray,
      gaps: Array.isArray,
      changes: Array.isArray,
      older: Array.isArray,
    }),

  /** Return the changes of a year; `entry` is one of the history's `older`. */
  olderHistory: ({ path, changes: counted }) =>
    // It is written after the history that counts its changes.
    read(checkPath(path), { changes: (changes) => Array.isArray(changes) && !(changes.length < counted) }),

  /** Return the snapshot of a time that the history names. */
  snapshot: (id, time) => read(snapshotPath(id, time), { rows: Array.isArray }),

  cumulative: (id) =>
    read(`/playlists/cumulative/${checkId(id)}.json`, { tracks: Array.isArray }, false),

  /** Return songs that are gone for long; `entry` is one of the cumulative document's `older`. */
  olderCumulative: (entry) => read(checkPath(entry.path), { tracks: Array.isArray }, false),

  /** Return a part of the titles of all songs, or of those that are `gone` for long. */
  songs: (part, gone) => songsDocument(songsPath(part, gone, '')),
  songIds: (part, gone) => songsDocument(songsPath(part, gone, '.ids')),
};

/**
 * Return a playlist's history and how it stands, `{history, check}`: `check` is null where nobody can
 * say, and `history` where it was never read.
 *
 * What does not exist is not asked for, since each such answer is an error on the console. Its newest
 * snapshot is asked for at the same time as its history, where that is `wanted` next.
 */
export async function historyAndCheck(id, wanted) {
  const status = await documents.status().catch(() => null);
  const check = status?.playlists[id];
  if (status && !check) throw new DocumentError('missing', historyPath(id), 'no playlist has this id');
  if (check && !check.last_changed) return { history: null, check };
  if (check && wanted) (async () => documents.snapshot(id, check.last_changed))().catch(() => {});
  return { history: await documents.history(id), check: check ? { ...check, run: status.run } : null };
}

/** Return a history with the changes of the years around a moment, where that is of long ago. */
export async function historyAround(history, moment) {
  return reachingBack(history, await Promise.all(yearsAround(history, moment).map(documents.olderHistory)));
}

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
async function songsDocument(path) {
  try {
    return await read(path, { playlists: isRecord });
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

function historyPath(id) {
  return `/playlists/history/${checkId(id)}.json`;
}

function snapshotPath(id, time) {
  if (!TIME.test(time)) throw new RangeError(`“${time}” is not the time of a snapshot`);
  return `/snapshots/${checkId(id)}/${time.replaceAll(/[-:]/g, '')}.json`;
}

function songsPath(part, gone, kind) {
  return `/playlists/songs/${checkPart(part)}${gone ? '.gone' : ''}${kind}.json`;
}

function checkId(id) {
  if (!isId(id)) throw new RangeError(`“${id}” is not the id of a playlist`);
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
