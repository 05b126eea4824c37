// One WebSocket that comes back by itself, with back-off, and finds out why where it cannot.

import { counters } from "./counters.js";
import { decode } from "./wire.js";

const GONE = 4404;
const FORBIDDEN = 4403;
const FAILED = 4500; // the run cannot go on until it is changed
const LOST = { code: 1006, reason: "" }; // an end that nobody announced
const LONGEST = 8000; // ms between two attempts
const AGAIN = 2000; // ms that a page may take to make a new session in place of one that is gone
const PATIENCE = 1; // attempts that fail before one asks why
const PROBE = 6000; // ms
const SILENCE = 8000; // ms without a message of a run that plays, from which one asks what is the matter

const folder = (/** @type {string} */ url) => new URL(".", url).pathname;

/**
 * The same address by HTTP: the server answers whether it is there and knows the session.
 *
 * @param {string} url
 * @param {string} otherwise what is the matter if it does
 */
async function probe(url, otherwise) {
  const address = new URL(url);
  address.protocol = address.protocol.replace("ws", "http");
  let answer;
  try {
    answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PROBE) });
  } catch {
    return "The server does not answer.";
  }
  if (answer.status >= 500) return `The server behind this address does not answer (${answer.status}).`;
  const known = await answer.json().then((said) => (said.ganlab === "live" ? said.known : null), () => null);
  if (!answer.ok || known === null)
    return `The server answers, but not on ${folder(url)} (${answer.status}): a proxy in between must pass this path on to ganlab.`;
  return known ? otherwise : UNKNOWN;
}

const refused = (/** @type {string} */ url) =>
  `The server answers, but its live connection is refused: a proxy in between must pass WebSockets on ${folder(url)}.`;
const BUSY = "The server is busy: nothing new has come for a while. The picture goes on by itself.";

const UNKNOWN =
  "The server that answers does not know this page's run: it has just been restarted, or several servers share this address.";
const notAllowed = () =>
  `The server does not allow this address: its operator has to name ${location.origin} in server.corsAllowedOrigins, or ${location.hostname} in browser.serverAddress.`;

/**
 * view: {bar, banner, opened(), message(decoded), expects(), lost(), back(), gone()}. bar and banner say how the
 * connection is; expects: whether messages should come; gone: the server knows no such session. It is tried again and
 * again, for a new session by a new connection.
 *
 * @param {string} url
 * @param {object} view
 * @param {{link: (text: string) => void}} view.bar
 * @param {{say: (text: string, alarm: boolean) => void}} view.banner
 * @param {() => void} view.opened
 * @param {(message: any) => void} view.message
 * @param {() => boolean} view.expects
 * @param {() => void} view.lost
 * @param {() => void} view.back
 * @param {() => void} view.gone
 */
export function connect(url, view) {
  /** @type {WebSocket | null} */
  let socket = null;
  let timer = 0;
  let tries = 0;
  let heard = performance.now(); // when the newest message came
  let fresh = true; // no message yet since the connection was made, or lost
  let asking = false; // why nothing comes
  let told = false; // whether the banner holds words of ours
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
    // What the browser itself blocks (a policy, an extension) is an error without a close.
    current.onerror = () => setTimeout(() => current.readyState === WebSocket.CLOSED && end(current, LOST));
    current.onclose = (event) => end(current, event);
  }

  /**
   * A connection is over; the next attempt comes by itself.
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
    // Jitter: a classroom whose server restarts must not come back in one instant.
    timer = window.setTimeout(open, Math.min(LONGEST, least) * (0.7 + 0.6 * Math.random()));
    if (tries > PATIENCE || event.code === FORBIDDEN || event.code === FAILED) explain(event);
    if (event.code === GONE) view.gone();
  }

  /** @param {{code: number, reason: string}} event */
  async function explain({ code, reason }) {
    let words;
    if (code === GONE) words = UNKNOWN;
    else if (code === FORBIDDEN) words = notAllowed();
    else if (code === FAILED) words = `This run stopped: ${reason}. Change a setting, or reload the page.`;
    else words = code >= 4000 && reason ? `The server refuses the live connection: ${reason}.` : await probe(url, refused(url));
    if (closed || tries === 0) return; // it has succeeded meanwhile
    say(code === FAILED ? words : `${words} This page keeps trying.`);
  }

  /** @param {string} words */
  function say(words) {
    told = true;
    view.banner.say(words, true);
  }

  /** Each second: a connection may be dead, or the server busy, without anybody being told. */
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
    // By a new connection: this one may be open at our end only.
    const old = socket;
    if (!old) return;
    old.close();
    end(old, LOST);
  }

  /** At once, where there is reason to think that it works now. */
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
