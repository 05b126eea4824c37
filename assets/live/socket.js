// A WebSocket that reconnects with back-off, and finds the reason if it cannot.

import { counters } from "./counters.js";
import { decode } from "./wire.js";
import { _ } from "./words.js";

const GONE = 4404;
const FORBIDDEN = 4403;
const FAILED = 4500; // the run has stopped with an error until it is changed
const LOST = { code: 1006, reason: "" }; // an unannounced end
const LONGEST = 8000; // ms between two attempts
const AGAIN = 2000; // ms that a page may take to replace a session that is gone
const PATIENCE = 1; // failed attempts before the reason is probed
const PROBE = 6000; // ms
const SILENCE = 8000; // ms without a message from a playing run, after which the reason is probed

const folder = (/** @type {string} */ url) => new URL(".", url).pathname;

/**
 * Request the same address by HTTP, where the server answers whether it knows the session.
 *
 * @param {string} url
 * @param {string} otherwise the reason to give if it does
 */
async function probe(url, otherwise) {
  const address = new URL(url);
  address.protocol = address.protocol.replace("ws", "http");
  let answer;
  try {
    answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PROBE) });
  } catch {
    return _("The server does not answer.");
  }
  if (answer.status >= 500) return _("The server behind this address does not answer ({status}).", { status: answer.status });
  const known = await answer.json().then((said) => (said.ganlab === "live" ? said.known : null), () => null);
  if (!answer.ok || known === null)
    return _("The server answers, but not on {folder} ({status}): a proxy in between must forward this path to ganlab.", { folder: folder(url), status: answer.status });
  return known ? otherwise : UNKNOWN;
}

const refused = (/** @type {string} */ url) =>
  _("The server answers, but its live connection is refused: a proxy in between must forward WebSockets on {folder}.", { folder: folder(url) });
const BUSY = _("The server is busy and has sent nothing for a while. The picture will continue by itself.");

const UNKNOWN =
  _("The server does not know this page's run: it was restarted, or several servers share this address.");
const notAllowed = () =>
  _("The server does not allow this address: its operator has to name {origin} in server.corsAllowedOrigins, or {hostname} in browser.serverAddress.", { origin: location.origin, hostname: location.hostname });

/**
 * Connect a view by a WebSocket. It reconnects repeatedly; a new session needs a new connection.
 *
 * @param {string} url
 * @param {import("./types.js").Client} view
 * @returns {import("./types.js").Link}
 */
export function connect(url, view) {
  /** @type {WebSocket | null} */
  let socket = null;
  let timer = 0;
  let tries = 0;
  let heard = performance.now(); // when the newest message arrived
  let fresh = true; // whether no message has arrived since the connection was made or lost
  let asking = false; // whether the reason for silence is being probed
  let told = false; // whether the banner shows a message from here
  let closed = false;

  function open() {
    const current = new WebSocket(url);
    socket = current;
    current.binaryType = "arraybuffer";
    current.onopen = () => {
      if (current !== socket) return;
      counters.socketOpen = true;
      view.opened();
    };
    current.onmessage = (event) => {
      if (current !== socket || typeof event.data === "string") return;
      if (fresh) {
        view.bar.link("");
        view.back();
      }
      if (told) view.banner.say("", false);
      fresh = told = false;
      tries = 0;
      heard = performance.now();
      view.message(decode(event.data));
    };
    // If the browser itself blocks the socket (a policy, an extension), there is an error but no close.
    current.onerror = () => setTimeout(() => current.readyState === WebSocket.CLOSED && end(current, LOST));
    current.onclose = (event) => end(current, event);
  }

  /**
   * Handle the end of a connection, and schedule the next attempt.
   *
   * @param {WebSocket} which
   * @param {{code: number, reason: string}} event
   */
  function end(which, event) {
    if (which !== socket || closed) return;
    socket = null;
    counters.socketOpen = false;
    if (tries === 0) view.lost();
    tries += 1;
    fresh = true;
    view.bar.link(event.code === FAILED ? "stopped" : "reconnecting…");
    const least = event.code === GONE ? AGAIN : 150 * 2 ** tries;
    // Jitter, so that not all browsers of a class reconnect at the same instant after a restart.
    timer = window.setTimeout(open, Math.min(LONGEST, least) * (0.7 + 0.6 * Math.random()));
    if (tries > PATIENCE || event.code === FORBIDDEN || event.code === FAILED) explain(event);
    if (event.code === GONE) view.gone();
  }

  /** @param {{code: number, reason: string}} event */
  async function explain({ code, reason }) {
    let words;
    if (code === GONE) words = UNKNOWN;
    else if (code === FORBIDDEN) words = notAllowed();
    else if (code === FAILED) words = _("This run stopped: {reason}. Change a setting, or reload the page.", { reason });
    else words = code >= 4000 && reason ? _("The server refuses the live connection: {reason}.", { reason }) : await probe(url, refused(url));
    if (closed || tries === 0) return; // a later attempt has succeeded meanwhile
    say(code === FAILED ? words : _("{words} This page keeps trying.", { words }));
  }

  /** @param {string} words */
  function say(words) {
    told = true;
    view.banner.say(words, true);
  }

  /** Each second: detect a dead connection or a busy server, which send no event. */
  async function listen() {
    const waits = socket !== null && tries === 0 && !document.hidden && (fresh || view.expects());
    if (!waits) heard = performance.now();
    const last = heard;
    const silent = () => performance.now() - last;
    if (asking || silent() < (told ? 3 : 1) * SILENCE) return;
    asking = true;
    const words = await probe(url, BUSY);
    asking = false;
    if (closed || heard !== last) return;
    if (words === BUSY && silent() < 3 * SILENCE) return say(BUSY);
    // With a new connection, because this one may be open at this end only.
    const old = socket;
    if (!old) return;
    old.close();
    end(old, LOST);
  }

  /** Reconnect at once, if it probably works now. */
  function hurry() {
    if (closed || socket !== null || document.hidden) return;
    clearTimeout(timer);
    open();
  }
  const page = new AbortController();
  window.addEventListener("online", hurry, { signal: page.signal });
  document.addEventListener("visibilitychange", hurry, { signal: page.signal });
  const listening = setInterval(listen, 1000);
  open();

  return {
    /** @param {import("./types.js").Command} command */
    send(command) {
      if (socket === null || socket.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(command));
      return true;
    },
    close() {
      closed = true;
      counters.socketOpen = false;
      clearTimeout(timer);
      clearInterval(listening);
      page.abort();
      if (socket) socket.close(1000);
      socket = null;
    },
  };
}
