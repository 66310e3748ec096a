// Keys that act anywhere on the page, which anyone may switch off, and the dialog that lists them.

import { h } from './h.js';
import { keep, recall } from './kept.js';

const SETTING = 'keys';
const KEYS = [
  ['/', 'Search'],
  ['[', 'The change before'],
  [']', 'The change after'],
  ['n', 'Now'],
  ['c', 'Compare with the version before'],
  ['y', 'Copy the songs that are shown'],
  ['?', 'This help'],
];
const CHART_KEYS = [
  ['← →', 'The change before or after, on the timeline'],
  ['Home End', 'The first and the newest version, on the timeline'],
];

/** Call `act` with one of the keys, unless it belongs to a field or to another program. */
export function onKeys(act, keys) {
  addEventListener('keydown', (event) => {
    if (!keys.has(event.key) || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.('input, textarea, select, dialog, [contenteditable]')) return;
    if (event.key !== '?' && !keysAreOn()) return;
    event.preventDefault();
    act(event.key);
  });
}

export function showHelp() {
  const choice = h('input', { type: 'checkbox', id: 'keys-on', onchange: () => keep('localStorage', SETTING, choice.checked ? 'on' : 'off') });
  choice.checked = keysAreOn();
  openDialog('Help and keys',
    h('p', 'Every view has an address of its own that you can keep and send. On a timeline, click a day.'),
    h('dl.key-facts', [...KEYS, ...CHART_KEYS].map(([keys, does]) => [
      h('dt', keys.split(' ').map((key) => [h('kbd', key), ' '])), h('dd', does)])),
    h('p.choices', h('label', { for: 'keys-on' }, choice, 'Letters and signs act as keys')));
}

/** Open a dialog that Escape and its button close, after which focus is where it was. */
export function openDialog(title, ...content) {
  const dialog = h('dialog', { 'aria-labelledby': 'dialog-title' },
    h('h2', { id: 'dialog-title' }, title), content,
    h('div.formats', h('button', { type: 'button', onclick: () => dialog.close() }, 'Close')));
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function keysAreOn() {
  return recall('localStorage', SETTING) !== 'off';
}
