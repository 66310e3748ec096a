// Searches the songs of all playlists as one types: by words of titles and artists, or by an id.

import { documents, songsPart } from './documents.js';

const TRACK_LINK =
  /^\s*(?:spotify:track:|https?:\/\/open\.spotify\.com\/(?:intl-[a-z]+\/)?track\/)([0-9A-Za-z]{22})(?![0-9A-Za-z])/;
const OTHER_URI = /^\s*(spotify:(?!track:)[a-z]+:\S+)\s*$/;
const ISRC = /^\s*([A-Za-z]{2}[0-9A-Za-z]{3}[0-9]{7})\s*$/;
const BEGINS_WORD = /[\p{L}\p{N}]/u;
// From the best: the whole title, its beginning, a word's beginning, anything in the title, the rest.
const RANKS = 5;
const SEPARATOR = '\n';
const END = '\0';

/** Return a text without cases, accents, widths and variants of letters. */
export function foldCase(text) {
  if (/^[\0-\x7f]*$/.test(text)) return text.toLowerCase();
  // Decomposed before, since a variant of a letter may have a case, and after, since a case may be one.
  const folded = caseless(text.normalize('NFKD')).normalize('NFKD');
  return folded.replace(/\p{Mn}+/gu, '');
}

function caseless(text) {
  // The end of a word is not the end of what is being typed.
  return text.toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}

/** Return the words of a search, or the id that it means: `{words, id}`, one of them null. */
export function parseSearch(text) {
  const found = TRACK_LINK.exec(text) ?? OTHER_URI.exec(text);
  if (found) return { words: null, id: found[1] };
  const isrc = ISRC.exec(text);
  if (isrc) return { words: null, id: isrc[1].toUpperCase() };
  return { words: foldCase(text).split(/\s+/).filter(Boolean), id: null };
}

/**
 * The songs of the parts that were added.
 *
 * A song is a title with its artists. Its `places` say where it is or was: the playlist, the number
 * that it has there in the document of the ids, and whether it is `gone` for long.
 */
export class SongIndex {
  constructor() {
    this.songs = [];
    this.lines = []; // what is searched, in step with the songs
    this.numbers = new Map();
    this.searched = new Set();
  }

  /** Add the documents of one part: `playlists` of `songs(n)`. */
  add(playlists, { gone = false } = {}) {
    for (const [playlist, songs] of Object.entries(playlists)) {
      if (!gone) this.searched.add(playlist);
      const fresh = [];
      songs.forEach((song, position) => {
        this.songs[this.numberOf(song, fresh)].places.push({ playlist, position, gone });
      });
      for (const text of foldAll(fresh)) {
        const end = text.indexOf(SEPARATOR);
        this.lines.push({ text, title: end < 0 ? text.length : end });
      }
    }
  }

  /** Return the number of a song; one that is new is also told in `fresh`. */
  numberOf(song, fresh) {
    const key = song.join(SEPARATOR);
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const number = this.songs.length;
    const [title, ...artists] = song;
    this.numbers.set(key, number);
    this.songs.push({ title, artists, places: [] });
    fresh.push(key);
    return number;
  }

  /**
   * Return the songs that have all the words, the best first, and how many there are:
   * `{songs, total}`. Of those that are equally good, the one in more playlists comes first.
   */
  find(words, limit = 100) {
    if (words.length === 0) return { songs: [], total: 0 };
    const ranked = Array.from({ length: RANKS }, () => []);
    const [first] = words;
    let total = 0;
    for (let number = 0; number < this.lines.length; number += 1) {
      const line = this.lines[number];
      if (!hasAll(line.text, words)) continue;
      total += 1;
      const same = ranked[rankOf(line, first, words)];
      // So many more than are wanted let the ones in more playlists come first.
      if (same.length < limit * 10) same.push(this.songs[number]);
    }
    const songs = [];
    for (const same of ranked) {
      if (songs.length >= limit) break;
      songs.push(...same.sort((one, other) => other.places.length - one.places.length));
    }
    return { songs: songs.slice(0, limit), total };
  }
}

/** Fold many texts as one, which takes half the time. */
function foldAll(texts) {
  if (texts.length === 0) return [];
  const folded = foldCase(texts.join(END)).split(END);
  return folded.length === texts.length ? folded : texts.map(foldCase);
}

function hasAll(text, words) {
  for (const word of words) {
    if (!text.includes(word)) return false;
  }
  return true;
}

function rankOf(line, first, words) {
  const { text, title } = line;
  const wanted = words.length > 1 ? words.join(' ') : first;
  if (text.startsWith(wanted)) return title === wanted.length ? 0 : 1;
  const place = text.indexOf(first);
  if (place >= title) return 4;
  return place === 0 || !BEGINS_WORD.test(text[place - 1]) ? 2 : 3;
}

/** Return the playlists of the index that have all the words in their names. */
export function findPlaylists(playlists, words) {
  if (words.length === 0) return [];
  return playlists.filter(({ name }) => hasAll(foldCase(name), words));
}

/**
 * Return where a track, a URI or an ISRC stands in documents of ids, as `{id, isrc, places}` of each
 * song that has it.
 */
export function findById(parts, wanted) {
  const found = new Map();
  for (const { playlists, gone } of parts) {
    for (const [playlist, songs] of Object.entries(playlists)) {
      songs.forEach(([id, isrc = ''], position) => {
        if (id !== wanted && isrc !== wanted) return;
        const song = found.get(id) ?? { id, isrc, places: [] };
        song.places.push({ playlist, position, gone });
        found.set(id, song);
      });
    }
  }
  return [...found.values()];
}

/**
 * Search with what can be loaded.
 *
 * Whoever is told by `load` that a part is there may search it
 * already. `unsearched` are the playlists whose songs are not, and why.
 */
export class Search {
  constructor() {
    this.index = new SongIndex();
    this.playlists = [];
    this.troubles = [];
    this.isLoading = false;
  }

  /** Load the names of the playlists and all parts, and call `progress` after each. */
  async load(progress = () => {}) {
    this.isLoading = true;
    try {
      this.playlists = (await documents.index()).playlists;
      progress();
      const parts = await partsOf(this.playlists);
      await Promise.all(parts.map((one) => this.loadPart(one, progress)));
    } finally {
      this.isLoading = false;
    }
  }

  async loadPart({ part, gone }, progress) {
    try {
      this.index.add((await documents.songs(part, gone)).playlists, { gone });
    } catch (error) {
      this.troubles.push({ part, gone, error });
    }
    progress();
  }

  /** Return `{playlists, songs, total, unsearched, troubles}` for what was typed. */
  find(text, limit = 100) {
    const { words } = parseSearch(text);
    const wanted = words ?? [];
    return {
      playlists: findPlaylists(this.playlists, wanted),
      ...this.index.find(wanted, limit),
      unsearched: this.unsearched(),
      troubles: this.troubles,
    };
  }

  /** Return the playlists that have songs which nobody could search. */
  unsearched() {
    return this.playlists.filter(
      ({ id, last_snapshot: read }) => read && !this.index.searched.has(id),
    );
  }

  /** Return where a track, a URI or an ISRC is or was: `{songs, troubles}`. */
  async findId(id) {
    const troubles = [];
    const { playlists } = await documents.index();
    const parts = await Promise.all(
      (await partsOf(playlists)).map(async ({ part, gone }) => {
        try {
          return { playlists: (await documents.songIds(part, gone)).playlists, gone };
        } catch (error) {
          troubles.push({ part, gone, error });
          return { playlists: {}, gone };
        }
      }),
    );
    return { songs: findById(parts, id), troubles };
  }
}

/**
 * Return the parts that there are, by the playlists of the index: `{part, gone}` of each.
 *
 * What does not exist is not asked for, since each such answer is an error on the console.
 */
async function partsOf(playlists) {
  const read = playlists.filter((one) => one.first_snapshot);
  const parts = await Promise.all(read.map(({ id }) => songsPart(id)));
  const lately = new Set(parts);
  const gone = new Set(parts.filter((_, number) => hasLongPast(read[number])));
  return [
    ...[...lately].map((part) => ({ part, gone: false })),
    ...[...gone].map((part) => ({ part, gone: true })),
  ];
}

/** Whether a playlist was read more than a year before the month of its newest change. */
function hasLongPast({ first_snapshot: first, last_change: change }) {
  if (!change) return false;
  const [year, month] = change.time.split('-');
  return first < `${String(year - 1).padStart(4, '0')}-${month}-01`;
}

/** Return the id of a song that was found, as its playlist's document of ids has it. */
export async function songIdAt({ playlist, position, gone }) {
  const { playlists } = await documents.songIds(await songsPart(playlist), gone);
  return playlists[playlist]?.[position]?.[0] ?? null;
}
