// Status: the last run and what it could not do first, then ninety days of each playlist.

import { documents } from '../documents.js';
import { ago, counted, day, dayLater, dayOf, days, daysBetween, moment, number, spelled } from '../format.js';
import { h, name, s } from '../h.js';
import { rowTable } from '../rows.js';
import { errorNotice } from './errors.js';
import { headlineOf, playlistLink, sign, statusMark, upToDate } from './parts.js';

const DAYS = 90;

export async function statusView() {
  const [status, index] = await Promise.all([documents.status(), documents.index().catch((error) => ({ error, playlists: [] }))]);
  return {
    title: 'Status',
    spoken: status.headline,
    element: h('div',
      headlineOf(status),
      facts(status), unread(status), toCorrect(status), index.error && errorNotice(index.error), strips(status, index)),
  };
}

function facts(status) {
  const { run, authorization_ends: ends, failure, not_before: notBefore } = status;
  return h('dl.key-facts', [
    ['Last run', run ? `${moment(run)} (${ago(run)})` : 'none yet'],
    ['Up to date', upToDate(status)],
    ['Changed in the last run', number(status.changed)],
    ['Spotify’s authorisation', ends ? `ends on ${day(ends)}` : 'has no known end'],
    ['Requests within 24 hours', number(status.requests_within_24_hours)],
    failure && ['Failure of the last run', name(failure)],
    notBefore && ['No request before', moment(notBefore)],
  ].filter(Boolean).map(([what, told]) => [h('dt', what), h('dd', told)]));
}

function unread({ playlists }) {
  const wrong = Object.entries(playlists).filter(([, it]) => it.overdue_since || !['ok', 'retired'].includes(it.status));
  if (!wrong.length) return null;
  const table = rowTable({ label: 'Not read', kind: 'unread', columns: {
    title: 'Playlist', word: 'Status', since: 'Since', checked: 'Last good check', reason: 'Reason',
  } });
  table.show(wrong, ([id, it]) => [
    playlistLink(id, it.name), statusMark(it.status, { overdue: it.overdue_since }), day(it.overdue_since ?? it.since),
    it.last_checked ? day(it.last_checked) : 'never', name(it.reason),
  ]);
  return h('section', h('h2', `Not read (${number(wrong.length)})`), table.element);
}

function toCorrect({ problems, damaged }) {
  if (!problems.length && !damaged.length) return null;
  return h('section', h('h2', 'To be corrected by you'), h('ul.wrongs',
    problems.map(({ subject, reason }) => h('li', sign('!'), h('span', name(subject), ': ', name(reason)))),
    damaged.map((key) => h('li', sign('!'), h('span', 'A damaged document was put aside as ', name(key), ': look at it, then delete it')))));
}

function strips(status, { playlists }) {
  if (!playlists.length || !status.run) return null;
  const firsts = new Map(playlists.map((it) => [it.id, it.first_snapshot]));
  const until = dayOf(status.run);
  const table = rowTable({ label: 'Ninety days of each playlist', kind: 'strips', columns: {
    title: 'Playlist', 'strip-cell': `${days(dayLater(until, 1 - DAYS), until)}`, said: 'Read',
  } });
  const seen = new IntersectionObserver((entries) => entries.filter((it) => it.isIntersecting).forEach(({ target }) => {
    seen.unobserve(target);
    target.dispatchEvent(new CustomEvent('seen'));
  }), { rootMargin: '300px' });
  table.show(Object.entries(status.playlists), ([id, it]) => {
    const first = firsts.get(id);
    const drawn = h('div');
    const said = h('span');
    const draw = (gaps, isSure) => {
      const told = ninetyDays(it, first, until, gaps, isSure);
      drawn.replaceChildren(strip(told));
      said.replaceChildren(...inWords(told, it, gaps));
    };
    draw([], !first || it.since <= first);
    // Only a playlist that had another status before has gaps to tell.
    if (first && it.since > first && daysBetween(first, until) > 0) {
      drawn.addEventListener('seen', () => documents.history(id).then(({ gaps }) => draw(gaps, true)).catch(() => said.append(' Its history cannot be read.')), { once: true });
      seen.observe(drawn);
    }
    return [playlistLink(id, it.name), drawn, said];
  });
  return h('section', h('h2', 'Ninety days'), table.element,
    h('p.legend', h('span', h('span.key.surely'), 'read'), h('span', sign('▂'), ' not read (low bar)'), h('span', sign('▁'), ' before the archive, or not told (line)')));
}

/** Return for each of ninety days `ok`, `no` or `none`. */
function ninetyDays(it, first, until, gaps, isSure) {
  return Array.from({ length: DAYS }, (_, nth) => {
    const date = dayLater(until, nth + 1 - DAYS);
    if (!first || date < dayOf(first)) return first || it.status === 'retired' ? 'none' : date >= dayOf(it.since) ? 'no' : 'none';
    if (gaps.some((gap) => gap.first <= date && date <= gap.last)) return 'no';
    if (date >= dayOf(it.since)) return it.status === 'ok' && date <= dayOf(it.last_checked ?? it.since) ? 'ok' : it.status === 'retired' ? 'none' : 'no';
    return isSure ? 'ok' : 'none';
  });
}

function strip(told) {
  const path = (kind, top) => told.map((it, nth) => (it === kind ? `M${nth * 10} 30h8V${top}h-8Z` : '')).join('');
  return s('svg.strip', { viewBox: `0 0 ${DAYS * 10 - 2} 30`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    s('path.ok', { d: path('ok', 2) }), s('path.no', { d: path('no', 20) }), s('path.none', { d: path('none', 27) }));
}

function inWords(told, it, gaps) {
  const [ok, no] = ['ok', 'no'].map((kind) => told.filter((one) => one === kind).length);
  const last = gaps[0];
  if (it.status !== 'ok' || it.overdue_since) return [statusMark(it.status, { overdue: it.overdue_since }), ` since ${day(it.overdue_since ?? it.since)}`];
  return [statusMark('ok'), h('span.quietly', no ? `, ${counted(no, 'day')} not read${last ? `: ${days(last.first, last.last)}, ${spelled(last.status)}` : ''}` : `, ${counted(ok, 'day')}`)];
}
