// The songs of a playlist now, or as they were on any date.

import { documents } from '../documents.js';
import { clock, day, days, length, moment, number, spelled, totalLength, when } from '../format.js';
import { h, name } from '../h.js';
import { rowsOfSnapshot } from '../exports.js';
import { momentOf, previousSnapshot } from '../moments.js';
import { formatRoute } from '../routes.js';
import { pause, rowTable } from '../rows.js';
import { takeAway } from '../take_away.js';
import { errorNotice } from './errors.js';
import { countMarks, credits, notice, sizeInWords, songLink, tags } from './parts.js';

const SONG_COLUMNS = {
  place: '#', title: 'Title', artists: 'Artists',
  album: 'Album', added: 'Added', length: 'Length',
};

export async function songsTab(known, _route, page) {
  const { id, history } = known;
  const told = h('div');
  const table = rowTable({ label: 'Songs', kind: 'songs', columns: SONG_COLUMNS });
  let snapshot = null;
  let spoken = '';
  const { buttons, copy } = takeAway(() => rowsOfSnapshot(snapshot ?? { playlist_id: id, rows: [] }, fileTitle()), page);
  const fileTitle = () => (snapshot && snapshot.time !== history.last_snapshot ? `${history.playlist.name} ${snapshot.time.slice(0, 10)}` : history.playlist.name);

  async function update(route, state, isWanted) {
    let error = null;
    let read = null;
    if (state.snapshot) {
      read = await documents.snapshot(id, state.snapshot.time).catch((it) => { error = it; return null; });
      await pause(); // reading ten thousand rows took a while already
    }
    if (!isWanted()) return;
    snapshot = read;
    const size = snapshot ? `${sizeInWords(snapshot.rows)}, ${totalLength(snapshot.rows.reduce((sum, { item }) => sum + (item?.duration_ms ?? 0), 0))}` : '';
    const line = stateInWords(known, state);
    spoken = [line.text, size].filter(Boolean).join(' ');
    told.replaceChildren(...[line.notice,
      h('div.asof',
        h('p', !line.notice && [h('strong', line.text), line.more && h('span.quietly', ` ${line.more}`), state.snapshot && ' · '], state.snapshot && changedThen(known, state.snapshot)),
        h('p.quietly.number', size)),
      snapshot && thenCalled(history, snapshot),
      error && errorNotice(error)].filter(Boolean));
    table.element.hidden = !snapshot || !snapshot.rows.length;
    if (snapshot && !snapshot.rows.length) told.append(h('p.lead', 'There is no song in it.'));
    await shownFirst(table.show(snapshot?.rows ?? [], songCells));
  }

  return { element: h('div', told, table.element), update, actions: buttons, copy, spoken: () => spoken };
}

/** Let the rows that are seen be there, and the others come while the page answers already. */
function shownFirst(showing) {
  return Promise.race([showing, Promise.resolve()]);
}

function songCells({ added_at: added, item }, place) {
  const row = number(place + 1);
  if (!item) return [row, h('em.quietly', 'A row that Spotify does not name'), '', '', added && day(added), ''];
  return [
    row, [songLink(item.name, item.uri), tags(item)], credits((item.artists ?? []).map((artist) => artist.name)),
    item.album?.name && name(item.album.name), added && day(added), length(item.duration_ms),
  ];
}

/** Say what is shown: exactly that date, or what is known of it instead. */
function stateInWords({ check }, state) {
  const { kind, snapshot, moment: on, gap, unseen, begins, checked } = state;
  const shown = snapshot && `${day(snapshot.time)}, ${clock(snapshot.time)}${snapshot.source ? ', imported' : ''}`;
  if (kind === 'before') {
    return stated(`The archive begins ${day(begins)}.`, ` Nobody knows what was in it before.`);
  }
  const instead = ` Shown: the version of ${shown}, as at the last good read.`;
  if (kind === 'failing' && !on) {
    return { text: 'Now, as far as is known:', more: `the version of ${shown}, as at the last good read` };
  }
  if (kind === 'gap' || kind === 'failing') {
    const { status, reason } = gap ?? check;
    const range = gap ? days(gap.first, gap.last) : `since ${day(check.since)}`;
    return stated(`Not ${status === 'retired' ? 'archived' : 'read'} ${range}: `, instead, reason || spelled(status));
  }
  if (kind === 'unseen') {
    const between = on.isDay ? when(unseen) : `between ${moment(unseen.after)} and ${moment(unseen.until)}`;
    return stated(on.isDay ? `Not read on ${day(on.first)}.` : `Not read at ${moment(on.first)}.`, ` It changed ${between}, so it may have been different already.${instead}`);
  }
  if (kind === 'behind') {
    return stated('There is a newer version', `, of ${moment(check.last_changed)}, which is not to be seen here: its pages are not written yet, or it cannot be read.${instead}`);
  }
  if (kind === 'after') {
    return stated('No good read so late is known.', ` The last one was on ${moment(checked)}. Shown: ${shown}, the newest version.`);
  }
  const since = `unchanged since ${shown}`;
  if (!on) return { text: 'Now,', more: check?.last_checked > snapshot.time ? `${since}; last check ${moment(check.last_checked)}` : `as read ${shown}` };
  const date = on.isDay ? day(on.first) : moment(on.first);
  return kind === 'read' ? { text: `As of ${date}`, more: `(${snapshot.source ? 'imported for' : 'read'} ${clock(snapshot.time)})` } : { text: `As of ${date},`, more: since };
}

function stated(strong, more, why) {
  const told = why ? [name(why), '.'] : [];
  return { text: `${strong}${why ? `${why}.` : ''}${more}`, notice: notice(false, h('p', h('strong', strong, told), more)) };
}

function thenCalled({ playlist }, { name: then, unknown = [] }) {
  if (unknown.includes('name') || then === playlist.name || playlist.name.startsWith(`${then} (`)) return null;
  return h('p.quietly', 'Spotify’s name for it then: ', name(then));
}

/** Say what this version changed, where the newest changes tell it. */
function changedThen({ id, history }, { time }) {
  const before = previousSnapshot(history, time);
  if (!before) return h('span.quietly', 'the first version');
  const change = history.changes.find((one) => one.time === time);
  const at = history.snapshots.find((one) => one.time === time);
  const address = formatRoute({ page: 'compare', id, from: momentOf(history, before), to: momentOf(history, at) });
  return h('a', { href: address }, change ? [countMarks(change), ' since'] : 'compare with', ' the version before');
}
