// One WebSocket that comes back by itself, with back-off, and finds out why where it cannot.

import { decode } from "./wire.js";

const GONE = 4404;
const FORBIDDEN = 4403;
const FAILED = 4500; // the run cannot go on until it is changed
const LONGEST = 8000; // ms between two attempts
const AGAIN = 2000; // ms that a page may take to make a new session in place of one that is gone
const PATIENCE = 1; // attempts that fail before one asks why
const PROBE = 6000; // ms

const folder = (url) => new URL(".", url).pathname;

/** The same address by HTTP: the server answers whether it is there and knows the session. */
async function probe(url) {
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
  if (!known) return UNKNOWN;
  return `The server answers, but its live connection is refused: a proxy in between must pass WebSockets on ${folder(url)}.`;
}

const UNKNOWN =
  "The server that answers does not know this page's run: it has just been restarted, or several servers share this address.";
const notAllowed = () =>
  `The server does not allow this address: its operator has to name ${location.origin} in server.corsAllowedOrigins, or ${location.hostname} in browser.serverAddress.`;

/**
 * view: {bar, banner, opened(), message(decoded), lost(), back(), gone()}. bar and banner say how the connection is;
 * gone: the server knows no such session. It is tried again and again, for a new session by a new connection.
 */
export function connect(url, view) {
  let socket = null;
  let timer = 0;
  let tries = 0;
  let fresh = true; // no message yet since the connection was made, or lost
  let told = false; // whether the banner holds words of ours
  let closed = false;

  function open() {
    const current = new WebSocket(url);
    socket = current;
    current.binaryType = "arraybuffer";
    current.onopen = () => {
      if (current !== socket) return;
      window.ganlab.socketOpen = true;
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
      view.message(decode(event.data));
    };
    current.onclose = (event) => {
      if (current !== socket || closed) return;
      socket = null;
      window.ganlab.socketOpen = false;
      if (tries === 0) view.lost();
      tries += 1;
      fresh = true;
      view.bar.link("reconnecting…");
      const least = event.code === GONE ? AGAIN : 150 * 2 ** tries;
      // Jitter: a classroom whose server restarts must not come back in one instant.
      timer = setTimeout(open, Math.min(LONGEST, least) * (0.7 + 0.6 * Math.random()));
      if (tries > PATIENCE || event.code === FORBIDDEN || event.code === FAILED) explain(event);
      if (event.code === GONE) view.gone();
    };
  }

  async function explain({ code, reason }) {
    let words;
    if (code === GONE) words = UNKNOWN;
    else if (code === FORBIDDEN) words = notAllowed();
    else if (code === FAILED) words = `This run stopped: ${reason}. Change a setting, or reload the page.`;
    else words = code >= 4000 && reason ? `The server refuses the live connection: ${reason}.` : await probe(url);
    if (closed || tries === 0) return; // it has succeeded meanwhile
    told = true;
    view.banner.say(code === FAILED ? words : `${words} This page keeps trying.`, true);
  }
  open();

  return {
    isOpen: () => socket !== null && socket.readyState === WebSocket.OPEN,
    send(command) {
      if (socket === null || socket.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(command));
      return true;
    },
    close() {
      closed = true;
      window.ganlab.socketOpen = false;
      clearTimeout(timer);
      if (socket) socket.close(1000);
      socket = null;
    },
  };
}
