// A playlist: its head, the timeline through its versions, and one of its four tabs.

import { timeline } from '../chart.js';
import { descriptionText } from '../descriptions.js';
import { historyAndCheck, historyAround } from '../documents.js';
import { clock, day, dayLater, spelled } from '../format.js';
import { h, name, outward } from '../h.js';
import { formatMoment, momentOf, nextSnapshot, previousSnapshot, sizeSeries, stateAt } from '../moments.js';
import { formatRoute } from '../routes.js';
import { visit } from '../visits.js';
import { chartsTab } from './charts.js';
import { everTab } from './ever.js';
import { historyTab } from './history.js';
import { neverReadView } from './errors.js';
import { because, notice } from './parts.js';
import { songsTab } from './songs.js';

const TABS = { now: ['Songs', songsTab], history: ['History', historyTab], songs: ['Every song', everTab], charts: ['Charts', chartsTab] };

export async function playlistView(route, page) {
  const { id, tab } = route;
  const { history, check } = await historyAndCheck(id, !route.moment && (tab === 'now' || tab === 'charts'));
  if (!history) return neverReadView(id, check);
  const seen = visit(id, history.last_snapshot);
  const known = { id, history, check, trouble: check?.status === 'ok' ? null : check, seen };
  const contents = await TABS[tab][1](known, route, page);
  const steps = tab === 'now' || tab === 'charts' ? stepping(known, page) : null;
  const actions = h('div.actions', contents.actions, compareLink(known));
  const element = h('article',
    head(known, actions),
    h('nav.tabs', { 'aria-label': 'Views of this playlist' }, Object.entries(TABS).map(([key, [title]]) =>
      h('a', { href: formatRoute({ page: 'playlist', id, tab: key }), 'aria-current': key === tab && 'page' }, title))),
    steps?.element, contents.element);
  const view = { element, keys: { ...steps?.keys, y: contents.copy, c: () => { location.hash = view.compared ?? lastChange(known); }, n: () => page.go({ page: 'playlist', id }) } };

  async function update(next, isWanted = () => true) {
    if (!steps) return contents.update(next);
    const told = await historyAround(history, next.moment);
    if (!isWanted()) return undefined;
    const state = stateAt(told, next.moment, check);
    steps.update(next, state);
    await contents.update(next, state, isWanted);
    if (!isWanted()) return undefined;
    view.compared = state.snapshot && beforeAndAt(known, state.snapshot);
    view.title = next.moment ? `${history.playlist.name} on ${momentInWords(state)}` : history.playlist.name;
    view.spoken = contents.spoken();
    return undefined;
  }

  view.title = tab === 'now' ? history.playlist.name : `${TABS[tab][0]} of ${history.playlist.name}`;
  if (contents.update) {
    await update(route);
    view.update = update;
  } else steps?.update(route, stateAt(history, null, check));
  return view;
}

function head({ id, history, check, trouble, seen }, actions) {
  const { playlist, size, names, last_snapshot: newest } = history;
  const latest = names[0];
  const text = latest?.description && descriptionText(latest.description);
  return h('header',
    h('p.crumb', h('a', { href: '#/' }, 'Playlists')),
    h('div.titled',
      h('div',
        h('h1', name(playlist.name)),
        h('p.facts',
          latest?.owner && ['by ', outward(latest.owner.url, name(latest.owner.name || latest.owner.id)), ' · '],
          `${size.text} now · `, outward(playlist.url, 'Open in Spotify'), ' · ', h('a', { href: `/playlists/feeds/${id}.atom` }, 'Feed')),
        text && h('p.described', { dir: 'auto' }, text)),
      actions),
    trouble && notice(trouble.status === 'retired', h('p', h('strong', `Not read since ${day(trouble.since)}: ${spelled(trouble.status)}`),
      because(trouble), `. The last good check was ${check.last_checked ? `on ${day(check.last_checked)}` : 'never'}.`)),
    seen && seen < newest && notice(true, h('p', 'Changed since your last visit. ',
      h('a', { href: formatRoute({ page: 'compare', id, from: formatMoment(seen), to: momentOf(history, history.snapshots[0]) }) }, `See what is new since the version of ${day(seen)}`))));
}

/** Return the timeline of a playlist, on which one can click, and its end: the last run where that could not read it. */
function timelineOf({ id, history, check, trouble }, page, step) {
  const { points, gaps, last: read } = sizeSeries(history, check?.last_checked, trouble);
  const last = trouble?.run > read ? trouble.run : read;
  const chart = timeline({
    points: points.map((point) => ({ ...point, at: Date.parse(point.time) })),
    gaps: gaps.map((gap) => ({ ...gap, from: Date.parse(gap.first), to: Date.parse(gap.last ? dayLater(gap.last, 1) : last) })).filter(({ from, to }) => to > from),
    end: Date.parse(last),
    choose: (moment) => page.go({ page: 'playlist', id, moment }),
    step,
  });
  return { chart, last };
}

/** Return the timeline and the steps before and after, which stay while the date changes. */
function stepping({ id, history, check, trouble }, page) {
  const target = {};
  const { chart, last } = timelineOf({ id, history, check, trouble }, page, (where) => target[where] && (location.hash = target[where]));
  const links = Object.fromEntries([
    ['first', '« First'], ['previous', '‹ Earlier'], ['next', 'Later ›'], ['now', 'Now »'],
  ].map(([where, text]) => [where, h('a.button', text)]));
  links.previous.setAttribute('aria-keyshortcuts', '[');
  links.next.setAttribute('aria-keyshortcuts', ']');
  links.now.setAttribute('aria-keyshortcuts', 'n');
  const field = h('input', { type: 'date', min: history.first_snapshot.slice(0, 10), max: last.slice(0, 10), onchange: () => field.value && page.go({ page: 'playlist', id, moment: field.value }) });
  const element = h('div', chart.element,
    h('div.stepper', links.first, links.previous, h('label', 'Date ', field), links.next, links.now));

  function update({ moment }, { snapshot, moment: on, kind }) {
    const at = snapshot?.time ?? history.first_snapshot;
    const before = snapshot && previousSnapshot(history, snapshot.time);
    const after = snapshot ? nextSnapshot(history, snapshot.time) : history.snapshots.at(-1);
    const to = (one) => one && formatRoute({ page: 'playlist', id, moment: momentOf(history, one) });
    Object.assign(target, {
      first: to(history.snapshots.at(-1)), previous: to(before), next: to(after), last: formatRoute({ page: 'playlist', id }),
      now: moment ? formatRoute({ page: 'playlist', id }) : null,
    });
    target.first = history.snapshots.at(-1).time === at && moment && kind !== 'before' ? null : target.first;
    for (const [where, link] of Object.entries(links)) {
      if (target[where]) link.setAttribute('href', target[where]);
      else link.setAttribute('href', location.hash || '#/');
      link.setAttribute('aria-disabled', String(!target[where]));
    }
    field.value = (on?.first ?? last).slice(0, 10);
    chart.mark(...placeOf(on, kind, snapshot, last));
  }

  return { element, update, keys: { '[': () => target.previous && (location.hash = target.previous), ']': () => target.next && (location.hash = target.next) } };
}

/** Return the time that the timeline marks, and what to say of it where that is not the size then. */
function placeOf(on, kind, snapshot, last) {
  if (!on) return kind === 'failing' ? [last, `${day(last)}: not read`] : [last];
  if (snapshot?.time.startsWith(on.text) || !on.isDay) return [on.isDay ? snapshot.time : on.first];
  const noon = on.first.replace('T00', 'T12');
  return kind === 'unchanged' ? [noon] : [noon, `${day(on.first)}: ${kind === 'before' ? 'before the archive' : 'not read'}`];
}

function compareLink(known) {
  const { history } = known;
  if (history.snapshots.length < 2) return null;
  return h('a.button', { href: lastChange(known), 'aria-keyshortcuts': 'c' }, 'Compare');
}

const lastChange = (known) => beforeAndAt(known, known.history.snapshots[0]);

/** Return the address that compares a version with the one before it. */
function beforeAndAt({ id, history }, snapshot) {
  const before = previousSnapshot(history, snapshot.time);
  if (!before) return null;
  return formatRoute({ page: 'compare', id, from: momentOf(history, before), to: momentOf(history, snapshot) });
}

function momentInWords({ moment }) {
  return moment.isDay ? day(moment.first) : `${day(moment.first)}, ${clock(moment.first)}`;
}
