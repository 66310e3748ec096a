// Shows the view that the address names, and what all views share: keys, focus, and being told of.

import { forget } from './documents.js';
import { visible } from './file_names.js';
import { linkTo } from './focus.js';
import { formatRoute, parseRoute } from './routes.js';
import { h } from './h.js';
import { onKeys, showHelp } from './keys.js';
import { homeView } from './views/home.js';
import { playlistView } from './views/playlist.js';
import { compareView } from './views/compare.js';
import { songView } from './views/song.js';
import { searchView } from './views/search.js';
import { statusView } from './views/status.js';
import { errorView, unknownView } from './views/errors.js';

const VIEWS = {
  home: homeView,
  playlist: playlistView,
  compare: compareView,
  song: songView,
  search: searchView,
  status: statusView,
  unknown: unknownView,
};
const ARCHIVE = 'Playlist archive';
const WAIT_MS = 150;
const ROWS_MS = 30;

const main = document.getElementById('main');
const said = document.getElementById('said');
const find = document.getElementById('find');

let shown = null; // the view: { title, element, update?, keys? }
let shownRoute = null; // whose address `main` has in its data
let turn = 0;

/** What a view may do to the rest of the page. */
const page = {
  go: (route) => { location.hash = formatRoute(route); },
  replace: (route) => history.replaceState(null, '', formatRoute(route)),
  say: (text) => { said.textContent = text; },
  toast,
  find,
};

async function show() {
  const mine = ++turn;
  const [address, focused] = [location.hash, document.activeElement];
  const route = parseRoute(address);
  const waiting = setTimeout(() => mine === turn && document.body.classList.add('waiting'), WAIT_MS);
  main.setAttribute('aria-busy', 'true');
  try {
    const view = await viewOf(route, () => mine === turn).catch((error) => errorView(error, retry));
    if (mine === turn) settle(view, route, address, focused);
  } finally {
    clearTimeout(waiting);
    if (mine === turn) {
      document.body.classList.remove('waiting');
      main.setAttribute('aria-busy', 'false');
    }
  }
}

/** Return the view of a route: the one that is shown where it can follow while it `isWanted`, else another. */
async function viewOf(route, isWanted) {
  if (!shown?.update || !isSameView(route, shownRoute)) return VIEWS[route.page](route, page);
  await shown.update(route, isWanted);
  return shown;
}

function retry() {
  shown = null;
  forget();
  show();
}

/** Show a view; `focused` is what had the focus when it was asked for. */
function settle(view, route, address, focused) {
  const stays = view === shown;
  const isTyping = document.activeElement === find && (route.page === 'search' || focused !== find);
  const takesFocus = !stays && shownRoute && !isTyping;
  if (!stays) main.replaceChildren(view.element);
  [shown, shownRoute, main.dataset.shown] = [view, route, address];
  document.title = visible(view.title === ARCHIVE ? ARCHIVE : `${view.title} · ${ARCHIVE}`).replace(/\p{Cc}/gu, ' ');
  for (const link of document.querySelectorAll('.top nav a')) {
    if (link.dataset.page === route.page) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (route.page !== 'search') find.value = '';
  if (!stays || view.spoken) page.say(view.spoken ?? view.title);
  comeBack(stays, takesFocus);
}

/** Put scroll and focus where they were on this page of the browser's history, or at the beginning of a view. */
async function comeBack(stays, takesFocus) {
  const mine = turn;
  const { y = stays ? scrollY : 0, link } = history.state ?? {};
  scrollTo(0, y);
  if (takesFocus) {
    const title = main.querySelector('h1') ?? main;
    title.tabIndex = -1;
    title.focus({ preventScroll: true });
  }
  while (link && main.querySelector('.rows[aria-busy=true]')) await new Promise((resolve) => setTimeout(resolve, ROWS_MS));
  if (!link || mine !== turn) return;
  scrollTo(0, y);
  linkTo(main, link)?.focus({ preventScroll: true });
}

function isSameView(route, before) {
  return route.page === before.page && route.id === before.id && (route.tab ?? null) === (before.tab ?? null);
}

let toasting;

/** Tell what was done, to eyes and ears. */
function toast(text) {
  document.querySelector('.toast')?.remove();
  clearTimeout(toasting);
  document.body.append(h('p.toast', text));
  toasting = setTimeout(() => document.querySelector('.toast')?.remove(), 6000);
  page.say(text);
}

/** Remember, in the browser's history, how far the page was scrolled and which link was followed. */
function remember(change) {
  history.replaceState({ ...history.state, ...change }, '');
}

let scrolled;
addEventListener('scroll', () => {
  clearTimeout(scrolled);
  // The address changes before the page does, and what is shown then is no longer its own.
  scrolled = setTimeout(() => location.hash === main.dataset.shown && remember({ y: scrollY }), 150);
}, { passive: true });

addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href^="#/"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.getAttribute('aria-disabled') === 'true') event.preventDefault();
  else remember({ y: scrollY, link: link.getAttribute('href') });
}, true);

addEventListener('hashchange', show);

document.getElementById('skip').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
  main.scrollIntoView();
});

document.getElementById('help').addEventListener('click', showHelp);

find.addEventListener('input', () => {
  const route = { page: 'search', query: find.value };
  if (parseRoute(location.hash).page === 'search') {
    page.replace(route);
    show();
  } else if (find.value) page.go(route);
});

onKeys((key) => {
  if (key === '?') return showHelp();
  if (key === '/') {
    find.focus();
    find.select();
    return undefined;
  }
  return shown?.keys?.[key]?.();
}, new Set(['/', '?', '[', ']', 'n', 'c', 'y']));

// Whoever comes back to the page after a while gets what is new with the next view.
addEventListener('visibilitychange', () => !document.hidden && forget());

history.scrollRestoration = 'manual';
show();
