// The view and its page: events, styles, messages above the picture, the address.

import { el, setText } from "./dom.js";
import { STYLES } from "./styles.js";

const NOTE = 6000; // ms that a message stays
const NOW = 1000; // ms
const SELDOM = 350; // ms between two changes of the address: Safari allows 100 in 30 s, and Chromium ignores what is more

const CALM = 400; // ms in which Streamlit begins to handle what was pressed
let pressed = -Infinity;
for (const name of ["pointerdown", "pointerup", "keydown"]) {
  window.addEventListener(name, () => (pressed = performance.now()), { capture: true, passive: true });
}

/**
 * Call `act`, which tells Streamlit something, when nothing was pressed for a moment: of two events that reach it
 * at once it may forget the first, which would be a click.
 *
 * @param {() => void} act
 */
export function whenCalm(act) {
  const wait = pressed + CALM - performance.now();
  if (wait > 0) window.setTimeout(() => whenCalm(act), wait);
  else act();
}

/**
 * Put a style sheet into the page, once.
 *
 * @param {() => void} onload
 * @param {string} name
 */
export function linkStyles(onload, name = "live.css") {
  if (document.querySelector(`[data-gl-styles="${name}"]`)) return;
  if (name in STYLES) {
    document.head.append(el("style", { "data-gl-styles": name }, STYLES[name]));
    onload();
    return;
  }
  const href = new URL(name, import.meta.url).href;
  document.head.append(el("link", { rel: "stylesheet", href, "data-gl-styles": name, onload }));
}

/** Whether a view is shown: what is fixed to the window, as a presented one, has no offsetParent. @param {HTMLElement} root */
const there = (root) => root.offsetParent !== null || root.classList.contains("gl-presenting");

/**
 * Listen to the page: visible(bool), key(event) -> whether it was used, resize(), and now() each second.
 * Returns a function that stops listening.
 *
 * @param {HTMLElement} root
 * @param {object} heard
 * @param {(visible: boolean) => void} heard.visible
 * @param {(event: KeyboardEvent) => boolean} heard.key
 * @param {() => void} heard.resize
 * @param {() => void} heard.now
 */
export function attend(root, { visible, key, resize, now }) {
  const end = new AbortController();
  const { signal } = end;
  document.addEventListener("visibilitychange", () => visible(!document.hidden), { signal });
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !there(root)) return;
    // The other keys belong to the document around it.
    if (root.dataset.height && !event.composedPath().includes(root)) return;
    if (!key(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // Streamlit has its own shortcuts for some of these keys
  };
  window.addEventListener("keydown", onKey, { signal, capture: true });
  window.addEventListener("resize", resize, { signal });
  let width = 0;
  const observer = new ResizeObserver(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    resize();
  });
  observer.observe(root);
  const timer = setInterval(now, NOW);
  return () => {
    end.abort();
    observer.disconnect();
    clearInterval(timer);
  };
}

/**
 * {node, say(text, alarm), close()}: an alarm has a row of its own and stays (`moved` is called when the row
 * appears or disappears); other messages cover part of the picture for a while.
 */
export function makeBanner(moved = () => {}) {
  const words = el("div", { class: "gl-banner", "data-testid": "message", role: "alert", hidden: "" });
  const node = el("div", { class: "gl-banner-box" }, words);
  let timer = 0;
  return {
    node,
    /**
     * @param {string} text
     * @param {boolean} alarm
     */
    say(text, alarm) {
      const kind = alarm ? "alarm" : "note";
      if (words.textContent === text && words.dataset.kind === kind) return;
      setText(words, text);
      words.dataset.kind = kind;
      words.hidden = !text;
      const row = Boolean(text && alarm);
      if (node.classList.contains("gl-row") !== row) {
        node.classList.toggle("gl-row", row);
        moved();
      }
      clearTimeout(timer);
      if (text && !alarm) timer = window.setTimeout(() => (words.hidden = true), NOTE);
    },
    close: () => clearTimeout(timer),
  };
}

// Fields of an address that are no part of the run: Streamlit's, the presenter mode's, the language,
// and those that give a page its shape.
const KEPT = new Set(["embed", "embed_options", "present", "panel", "lang", "hide", "lock", "show"]);

/** The fields of the page's address that stay whatever it shows. */
export const kept = () => [...new URLSearchParams(location.search)].filter(([name]) => KEPT.has(name));

/** Set a field of the address that stays whatever the page shows; "" removes it. @param {string} name @param {string} text */
export function keep(name, text) {
  const others = location.search.slice(1).split("&").filter((pair) => pair && pair.split("=")[0] !== name);
  const search = `?${[...others, ...(text ? [`${name}=${text}`] : [])].join("&")}`;
  if (search !== location.search) history.replaceState(history.state, "", search);
}

/** The other fields, as a query string. */
export const own = () => location.search.slice(1).split("&").filter((pair) => !KEPT.has(pair.split("=")[0])).join("&");

/**
 * follow(query): keep the page's address up to date, as a permalink. It is replaced, never added to the history, so
 * that the browser's "back" button leads to the previous page. others: the paths of other pages, to which the browser
 * may have gone before this view was ready.
 *
 * @param {HTMLElement} root
 * @param {string[]} others
 */
export function follower(root, others = []) {
  const path = location.pathname;
  const elsewhere = others.includes(path.split("/").filter(Boolean).pop() ?? "");
  let query = "";
  let told = -Infinity;
  let timer = 0;

  function tell() {
    timer = 0;
    told = performance.now();
    // Another page of the app may have replaced this one meanwhile.
    if (elsewhere || location.pathname !== path || !root.isConnected) return;
    const named = new URLSearchParams(query);
    const theirs = kept().filter(([name]) => !named.has(name));
    const coded = (/** @type {string} */ text) => encodeURIComponent(text).replaceAll("%2C", ",");
    const search = ["?" + query, ...theirs.map((pair) => pair.map(coded).join("="))].join("&");
    if (location.search !== search) history.replaceState(history.state, "", search);
  }

  return (/** @type {string} */ newQuery) => {
    if (!newQuery || newQuery === query) return;
    query = newQuery;
    if (timer) return;
    const wait = told + SELDOM - performance.now();
    if (wait <= 0) tell();
    else timer = window.setTimeout(tell, wait);
  };
}
