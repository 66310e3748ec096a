// What is shown where a view cannot be: why, and what to do.

import { day, spelled } from '../format.js';
import { h, name } from '../h.js';
import { because, notice } from './parts.js';

const TOLD = {
  offline: ['The archive does not answer', 'Nothing is lost: this page only reads it. Look at your connection, or start the server again, then try once more.'],
  missing: ['There is no such document', 'It may not have been written yet, or the address has a mistake.'],
  damaged: ['A document is damaged', 'It cannot be read. Everything but snapshots is written anew by: playlist-archive rebuild'],
  newer: ['The archive is newer than this page', 'Its documents have a form that this page does not know. Load the page again. If that does not help, deploy the newest version.'],
  notAllowed: ['You are not allowed to read this archive', 'Open it with your private link. The archive’s owner gets it from: playlist-archive site link'],
};

/** Return the view of an error; `again` tries once more. */
export async function errorView(error, again) {
  const [title, advice] = TOLD[error.kind] ?? ['Something is wrong with this page', 'It is a mistake in the page and not in the archive. Try once more.'];
  return {
    title,
    element: h('div',
      h('h1', title),
      notice(false,
        h('p', advice),
        h('p.quietly', h('bdi', error.message)),
        h('p.actions', h('button', { type: 'button', class: 'main', onclick: again }, 'Try again'),
          h('a.button', { href: '#/' }, 'All playlists')))),
  };
}

/** Return a button that is gone once `load` has added what it promises, or what kept it from that. */
export function moreButton(text, load) {
  const button = h('button', { type: 'button', onclick: async () => {
    try {
      await load();
      button.remove();
    } catch (error) {
      button.after(errorNotice(error));
    }
  } }, text);
  return button;
}

/** Return an error as a part of a view that is there otherwise. */
export function errorNotice(error) {
  const [title, advice] = TOLD[error.kind] ?? ['This part cannot be shown', ''];
  return notice(false, h('p', h('strong', `${title}. `), advice), h('p.quietly', h('bdi', error.message)));
}

/** Return the view of a playlist without a history. */
export function neverReadView(id, check) {
  const { name: title, status, since } = check;
  return {
    title: title || id,
    element: h('article',
      h('p.crumb', h('a', { href: '#/' }, 'Playlists')),
      h('h1', name(title || id)),
      notice(status === 'retired',
        h('p', h('strong', `Never read so far: ${spelled(status)} since ${day(since)}`), because(check), '.'),
        status !== 'retired' && h('p', 'It has no songs here yet. Every run tries again.'))),
  };
}

export async function unknownView() {
  return {
    title: 'No such page',
    element: h('div', h('h1', 'No such page'),
      h('p.lead', 'The address leads nowhere in this archive. ', h('a', { href: '#/' }, 'See all playlists'), '.')),
  };
}
