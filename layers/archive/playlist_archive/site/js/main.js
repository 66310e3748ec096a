// Shows the view that the address names, and what all views share: keys, focus, and being told of.

import * as documents from './documents.js';
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
const WAIT_MS = 150;
const ROWS_MS = 30;

const main = document.getElementById('main');
const said = document.getElementById('said');
const find = document.getElementById('find');

let shown = null; // the view: { title, element, update?, keys? }
let shownRoute = null;
let turn = 0;

/** What a view may do to the rest of the page. */
const page = {
  go: (route) => { location.hash = formatRoute(route); },
  replace: (route) => history.replaceState(history.state, '', formatRoute(route)),
  say: (text) => { said.textContent = text; },
  toast,
  find,
};

async function show() {
  const mine = ++turn;
  const route = parseRoute(location.hash);
  const waiting = setTimeout(() => document.body.classList.add('waiting'), WAIT_MS);
  main.setAttribute('aria-busy', 'true');
  try {
    const view = await viewOf(route, () => mine === turn).catch((error) => errorView(error, retry));
    if (mine === turn) settle(view, route, view === shown);
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
  show();
}

function settle(view, route, stays) {
  if (!stays) main.replaceChildren(view.element);
  const first = shownRoute === null;
  [shown, shownRoute] = [view, route];
  document.title = view.title === 'Playlist archive' ? view.title : `${view.title} · Playlist archive`;
  for (const link of document.querySelectorAll('.top nav a')) {
    if (link.dataset.page === route.page) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (route.page !== 'search') find.value = '';
  if (!stays || view.spoken) page.say(view.spoken ?? view.title);
  comeBack(stays, first);
}

/** Put focus and scroll where they were on this page of the browser's history, or at its beginning. */
async function comeBack(stays, first) {
  const mine = turn;
  const was = history.state;
  if (was?.y === undefined) {
    if (!stays) begin(first);
    return;
  }
  scrollTo(0, was.y);
  while (main.querySelector('.rows[aria-busy=true]')) await new Promise((resolve) => setTimeout(resolve, ROWS_MS));
  if (mine !== turn || !was.link) return;
  const link = linkTo(main, was.link);
  if (!link) return;
  scrollTo(0, was.y);
  link.focus({ preventScroll: true });
}

/** Begin at the top of a view, with its title, unless one is typing. */
function begin(first) {
  scrollTo(0, 0);
  if (first || document.activeElement === find) return;
  const title = main.querySelector('h1') ?? main;
  title.tabIndex = -1;
  title.focus({ preventScroll: true });
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
  const here = location.hash;
  // The address changes before the page is told, and the next one was not scrolled.
  scrolled = setTimeout(() => location.hash === here && remember({ y: scrollY }), 150);
}, { passive: true });

addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href^="#/"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.getAttribute('aria-disabled') === 'true') event.preventDefault();
  else remember({ y: scrollY, link: link.getAttribute('href') });
}, true);

addEventListener('hashchange', () => {
  clearTimeout(scrolled);
  show();
});

document.getElementById('skip').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
  main.scrollIntoView();
});

document.getElementById('help').addEventListener('click', showHelp);

find.addEventListener('input', () => {
  const route = { page: 'search', query: find.value };
  if (shownRoute?.page === 'search') {
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
addEventListener('visibilitychange', () => !document.hidden && documents.forget());

history.scrollRestoration = 'manual';
show();
