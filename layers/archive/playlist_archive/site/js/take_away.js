// Takes what is shown out of the archive: to the clipboard, or as a file.

import { documents } from './documents.js';
import { FORMATS, LEFT_OUT, encode, rowsOfSnapshot, urisOf } from './exports.js';
import { fileName, partName } from './file_names.js';
import { counted, number } from './format.js';
import { h } from './h.js';
import { openDialog } from './keys.js';

const NAMES = {
  csv: ['CSV', 'for a spreadsheet, and for importers that know Exportify'],
  uris: ['Text', 'a URI a line, at most 500 in a file'],
  m3u8: ['M3U8', 'for players'],
  xspf: ['XSPF', 'for players'],
  json: ['JSON', 'everything that is known of each row'],
};

/**
 * Return the buttons that take songs away, and what the key for copying does.
 *
 * `collect` returns the collection that is shown, and `words` says in the buttons what it is.
 */
export function takeAway(collect, page, words = 'songs') {
  const taking = (take) => async () => {
    try {
      await take(await collect(), page);
    } catch (error) {
      page.toast(`These songs could not be read: ${error.message}.`);
    }
  };
  const copy = taking(copyUris);
  return {
    copy,
    buttons: [
      h('button', { type: 'button', onclick: copy, 'aria-keyshortcuts': 'y' }, `Copy ${words}`),
      h('button', { type: 'button', onclick: taking(showFormats), 'aria-haspopup': 'dialog' }, 'Download …'),
    ],
  };
}

/** Return the same for the songs of a playlist now. */
export function takeAwayNow({ playlist, last_snapshot: time }, page) {
  return takeAway(async () => rowsOfSnapshot(await documents.snapshot(playlist.id, time), playlist.name), page, 'its songs');
}

/** Copy the URIs of a collection, and say how many, and what was left out. */
export async function copyUris(collection, page) {
  const { text, count, leftOut } = urisOf(collection);
  if (!count) return page.toast(`Nothing to copy${remarks(leftOut, '. ')}.`);
  try {
    await navigator.clipboard.writeText(text);
    page.toast(`Copied ${counted(count, 'song')}${remarks(leftOut, '. ')}.`);
  } catch {
    showText(text, count, leftOut);
  }
}

/** Show what the clipboard did not take, chosen and ready to be copied by hand. */
function showText(text, count, leftOut) {
  const field = h('textarea', { readonly: true, 'aria-label': 'URIs' });
  field.value = text;
  openDialog('Copy these songs',
    h('p', `The browser does not let this page write to the clipboard. Here are ${counted(count, 'song')}: press Ctrl+C or ⌘C${remarks(leftOut, '. ')}.`),
    field);
  field.focus();
  field.select();
}

function showFormats(collection, page) {
  const choices = Object.keys(FORMATS).map((format) => [
    h('dt', h('button', { type: 'button', onclick: () => download(format, collection, page) }, NAMES[format][0])),
    h('dd', NAMES[format][1]),
  ]);
  openDialog('Download',
    h('p', h('bdi', collection.name), `: ${counted(collection.rows.length, 'row')}`),
    h('dl.key-facts', choices));
}

function download(format, collection, page) {
  const { files, count, leftOut } = encode(format, collection);
  const { suffix, type } = FORMATS[format];
  const stem = fileName(collection.id, collection.name);
  files.forEach((file, nth) => {
    const url = URL.createObjectURL(new Blob([file], { type }));
    const link = h('a', { href: url, download: partName(stem, nth + 1, files.length) + suffix });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  });
  page.toast(`Saved ${counted(count, 'song')}${files.length > 1 ? ` in ${number(files.length)} files` : ''}${remarks(leftOut, '. ')}.`);
}

/** Say what was left out or changed. */
function remarks(leftOut, before) {
  const told = Object.entries(leftOut).map(([reason, count]) => `${number(count)} ${LEFT_OUT[reason]}`);
  return told.length ? before + told.join('; ') : '';
}
