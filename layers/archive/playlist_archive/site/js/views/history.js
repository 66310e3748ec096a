// Every change of a playlist, the newest first, with the days on which it was not read between them.

import { formatMoment, momentOf } from '../moments.js';
import { documents } from '../documents.js';
import { counted, day, days, spelled, when } from '../format.js';
import { h } from '../h.js';
import { formatRoute } from '../routes.js';
import { takeAwayNow } from '../take_away.js';
import { moreButton } from './errors.js';
import { changeLines, countMarks, sign } from './parts.js';

export async function historyTab(known, _route, page) {
  const { id, history } = known;
  const list = h('ol');
  const gaps = [...history.gaps];
  const add = (changes, isAll) => {
    for (const change of changes) {
      while (gaps.length && gaps[0].first > change.time.slice(0, 10)) list.append(gapEntry(gaps.shift()));
      list.append(changeEntry(known, change));
    }
    if (isAll) list.append(...gaps.splice(0).map(gapEntry));
  };
  add(history.changes, !history.older.length);
  const more = h('div.actions');
  history.older.forEach((entry, nth) => {
    const button = moreButton(`Show ${counted(entry.changes, 'change')} of ${entry.year}`, async () => {
      const { changes } = await documents.olderHistory(entry);
      const first = list.children.length;
      add(changes, nth === history.older.length - 1);
      button.nextElementSibling?.removeAttribute('hidden');
      list.children[first]?.querySelector('a')?.focus();
    });
    button.hidden = nth > 0;
    more.append(button);
  });
  const { buttons, copy } = takeAwayNow(history, page);
  return {
    actions: buttons, copy,
    element: h('div', !history.changes.length && h('p.lead', 'It has not changed since the archive began.'), list, more,
      h('p.change.quietly', `The archive begins ${day(history.first_snapshot)}.`)),
  };
}

function changeEntry({ id, history }, change) {
  const at = history.snapshots.find((one) => one.time === change.time);
  const before = history.snapshots.find((one) => one.time < change.time);
  return h('li.change',
    h('div.titled',
      h('h2', when(change).replace(/^b/, 'B'), h('small', countMarks(change))),
      h('p.actions',
        h('a', { href: formatRoute({ page: 'playlist', id, moment: at ? momentOf(history, at) : formatMoment(change.time) }) }, 'Songs then'),
        before && at && h('a', { href: formatRoute({ page: 'compare', id, from: momentOf(history, before), to: momentOf(history, at) }) }, 'Compare'))),
    changeLines(change));
}

function gapEntry(gap) {
  return h('li.change.lost', h('span.swatch.missed', { 'aria-hidden': 'true' }),
    h('p', sign('!'), ` Not read ${days(gap.first, gap.last)}: `, h('bdi', gap.reason || spelled(gap.status))));
}
