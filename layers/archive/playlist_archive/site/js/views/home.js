// Home: is it working, what changed lately, and every playlist.

import { sparkline } from '../chart.js';
import { documents } from '../documents.js';
import { ago, clock, counted, day, daysBetween, number, spelled, when } from '../format.js';
import { h, name } from '../h.js';
import { rowTable } from '../rows.js';
import { errorNotice } from './errors.js';
import { countMarks, headlineOf, playlistLink, sign, statusMark, upToDate } from './parts.js';

const LATELY = 24;
const WRONGS = 6;
// The status is as of the last run. Nobody else can say that there was none since.
const STALE_DAYS = 8;

export async function homeView() {
  const [status, index, changes] = await Promise.all([
    documents.status().catch(failed), documents.index().catch(failed), documents.changes().catch(failed),
  ]);
  const problem = [status, index].find((it) => it.error && it.error.kind !== 'missing');
  if (problem && (status.error && index.error)) throw problem.error;
  if (index.error?.kind === 'missing' || index.playlists?.length === 0) return emptyView(status);
  const element = h('div',
    status.error ? [h('h1', 'All playlists'), errorNotice(status.error)] : stateOf(status),
    h('div.home',
      h('section',
        h('h2', index.error ? 'Playlists' : `${counted(index.playlists.length, 'playlist')}`),
        index.error ? errorNotice(index.error) : playlistsTable(index, status)),
      h('section.late', h('h2', 'Lately changed'), changes.error ? errorNotice(changes.error) : lately(changes))));
  return { title: 'Playlist archive', spoken: status.headline ?? 'All playlists', element };
}

const failed = (error) => ({ error });

/** Say how the last run went, and name what it could not do. */
function stateOf(status) {
  const { run, failure, problems, playlists } = status;
  const wrong = Object.entries(playlists).filter(([, { status: found, overdue_since: overdue }]) => overdue || !['ok', 'retired', 'deferred'].includes(found));
  const isStale = run && daysBetween(run, new Date().toISOString()) > STALE_DAYS;
  return h('div.state',
    headlineOf(status),
    h('p.quietly', `${upToDate(status)} up to date`),
    run && h('p.quietly', `Last run ${day(run)}, ${clock(run)} (${ago(run)})`),
    h('p', h('a', { href: '#/status' }, 'Status')),
    (isStale || failure || problems.length > 0 || wrong.length > 0) && h('ul.wrongs',
      isStale && h('li', sign('!'), `No run since ${day(run)}: see whether the schedule is still on.`),
      failure && h('li', sign('!'), h('bdi', failure)),
      problems.slice(0, WRONGS).map(({ subject, reason }) => h('li', sign('!'), h('span', name(subject), ': ', name(reason)))),
      wrong.slice(0, WRONGS).map(([id, it]) => h('li', h('span.bad', sign('!')), h('span',
        playlistLink(id, it.name), `, not read since ${day(it.overdue_since ?? it.since)}: `, name(it.reason || spelled(it.status))))),
      wrong.length > WRONGS && h('li', sign('!'), h('a', { href: '#/status' }, `${counted(wrong.length - WRONGS, 'other playlist')}`))));
}

function playlistsTable(index, status) {
  const table = rowTable({
    label: 'All playlists', kind: 'lists',
    columns: {
      title: 'Playlist', 'spark-cell': 'Size over time', size: 'Rows',
      changed: 'Last change', checked: 'Last check',
    },
  });
  const checks = status.playlists ?? {};
  const mostly = mostFrequent(index.playlists.map((it) => it.owner?.id));
  table.show(index.playlists, (playlist) => {
    const { id, name: title, owner, status: found, size, sizes, last_change: change, last_snapshot: last } = playlist;
    const { last_checked: checked, overdue_since: overdue } = checks[id] ?? {};
    return [
      [last ? playlistLink(id, title) : name(title || id), ' ',
        found !== 'ok' || overdue ? h('small', statusMark(found, { overdue })) : owner && owner.id !== mostly && h('small.quietly', 'by ', name(owner.name || owner.id))],
      sizes && sparkline(sizes, checked),
      size ? number(size.rows) : h('span.quietly', 'none'),
      change ? [countMarks(change), ', ', h('span.when', when(change))] : h('span.quietly', last ? 'never changed' : 'never read'),
      checked ? day(checked) : 'never',
    ];
  });
  return table.element;
}

function mostFrequent(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1])[0]?.[0];
}

/** Tell the newest changes of all playlists, day by day. */
function lately({ changes, playlists }) {
  if (!changes.length) return h('p.quietly', 'Nothing has changed yet.');
  const names = new Map(playlists.map((it) => [it.id, it.name]));
  const list = h('ul');
  let before = null;
  for (const change of changes.slice(0, LATELY)) {
    const told = when(change);
    if (told !== before) list.append(h('li.day', told.replace(/^b/, 'B')));
    before = told;
    list.append(h('li', playlistLink(change.playlist, names.get(change.playlist), { tab: 'history' }),
      h('div.few', countMarks(change), someSongs(change))));
  }
  return list;
}

function someSongs(change) {
  const songs = [...(change.added ?? []), ...(change.readded ?? []), ...(change.removed ?? [])].filter((song) => song.name);
  if (songs.length === 0) return null;
  return [': ', songs.slice(0, 2).map((song, nth) => [nth > 0 && ', ', name(song.name)]), songs.length > 2 && ` and ${number(songs.length - 2)} more`];
}

function emptyView(status) {
  const known = status.error ? null : status;
  return {
    title: 'Playlist archive',
    spoken: 'Nothing is archived yet',
    element: h('div',
      h('h1', known?.headline ?? 'Nothing is archived yet'),
      known?.failure && h('p.notice', sign('!'), h('bdi', known.failure)),
      h('p.lead', known?.run ? `The last run was on ${day(known.run)}, and found no playlist to archive.` : 'No run has told anything yet. The first one begins with the schedule.'),
      h('section', h('h2', 'How to begin'),
        h('dl.key-facts',
          h('dt', h('code', 'playlist-archive login')), h('dd', 'archives the playlists of your own library'),
          h('dt', h('code', 'playlist-archive add <link>')), h('dd', 'archives one more playlist; an object registry/<playlist id> does the same'),
          h('dt', h('code', 'playlist-archive status')), h('dd', 'says what the last run found')))),
  };
}
