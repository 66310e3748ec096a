"""A small site: a page, a style sheet, and three scripts that import each other."""

from collections.abc import Mapping

SITE: Mapping[str, bytes] = {
    "index.html": b"""<!doctype html>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
<link rel="modulepreload" href="js/views/home.js">
<script type="module" src='./js/main.js'></script>
<a href="#content">Skip</a> <a href="/playlists/index.md">Pages</a>
<a href="https://open.spotify.com/">Spotify</a>
""",
    "style.css": b'h1 { background: url("data:image/gif;base64,R0=") } h2 { mask: url(dot.svg) }\n',
    "dot.svg": b"<svg/>",
    "js/main.js": b"""import { h } from "./h.js";
import {
  home,
} from './views/home.js';
export * from "./h.js";
const later = () => import("./views/home.js");
document.title = h(home) + " from here";
""",
    "js/h.js": b"export const h = String;\n",
    "js/views/home.js": b"import '../h.js';\nexport const home = 'home';\n",
}
