// The teacher's side of a class that follows: its code, how many follow, and the questions that they are asked.

import { el, icon, pushButton, setText } from "./dom.js";
import { tally } from "./question.js";
import { _, spoken } from "./words.js";

const KEY = "ganlab.class"; // of the session storage: {code, token, session, path}
const GONE = 4404;
const FORBIDDEN = 4403;
const REJOIN = 3000; // ms that the page may take to continue the session that the class follows
const [SOON, LATE] = [700, 5000]; // ms between two attempts to connect

let first = true; // whether no view of this document has been here

/** @typedef {{code: string, token: string, session: string, path: string}} Kept */

/** @returns {Kept | null} */
function kept() {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return typeof found?.code === "string" && typeof found.token === "string" ? found : null;
  } catch {
    return null; // the browser may refuse storage
  }
}

/** @param {Kept | null} what */
function keep(what) {
  try {
    if (what) sessionStorage.setItem(KEY, JSON.stringify(what));
    else sessionStorage.removeItem(KEY);
  } catch {
    // Then the class ends with this page.
  }
}

const reloaded = () => /** @type {PerformanceNavigationTiming | undefined} */ (performance.getEntriesByType?.("navigation")[0])?.type === "reload";

/**
 * socket: the session's address; page(path): that of another page; act(what) to the page's script; shown(): what of the
 * picture is shown. Returns {button, node, toggle(), show(), close()}; show() tells the class what is shown now.
 *
 * @param {object} use
 * @param {string} use.socket
 * @param {(path: string) => string} use.page
 * @param {(what: import("./types.js").Act) => void} use.act
 * @param {() => {frozen: boolean, hidden: string[]}} use.shown
 */
export function teacher({ socket, page, act, shown }) {
  const session = new URL(socket).pathname.split("/").pop() ?? "";
  const classes = new URL("../class/", socket);
  /** @type {Kept | null} */
  let mine = kept();
  /** @type {WebSocket | null} */
  let link = null;
  let timer = 0;
  let wait = SOON;
  let dead = false;
  /** @type {import("./question.js").Asked | null} */
  let asked = null;
  let drawn = "";

  const count = el("span", { class: "gl-number" });
  const button = pushButton(
    { class: "gl-button gl-class", "aria-label": _("Class"), "aria-expanded": "false", title: _("Let a class follow this view (w)"), "data-testid": "class" },
    () => toggle(),
    icon("cast"),
    count,
  );
  const said = el("p", { class: "gl-class-said", role: "status", "data-testid": "class-said" });
  const body = el("div", { class: "gl-class-body" });
  const shut = pushButton({ class: "gl-button gl-small", "aria-label": _("Close"), title: _("Close (w)"), "data-testid": "class-close" }, () => toggle(), "×");
  const node = el(
    "section",
    { class: "gl-class-panel", role: "dialog", "aria-label": _("Class"), "data-testid": "class-panel", hidden: "" },
    el("div", { class: "gl-class-head" }, el("b", {}, _("A class that follows")), shut),
    body,
    said,
  );
  node.addEventListener("keydown", (event) => {
    if (event.key === "Escape") toggle();
    event.stopPropagation();
  });

  const followers = el("b", { class: "gl-number", "data-testid": "followers" }, "0");
  const results = el("div", {});
  const question = el("input", { class: "gl-select", maxlength: 200, "aria-label": _("Question"), placeholder: _("Question: how many modes will it hold?"), "data-testid": "question" });
  const answers = el("textarea", { class: "gl-select", rows: 3, "aria-label": _("Answers, one in each line"), placeholder: _("Answers, one in each line"), "data-testid": "answers" });
  const ask = pushButton({ class: "gl-button gl-small", "data-testid": "ask" }, () => {
    const choices = answers.value.split("\n").map((line) => line.trim()).filter(Boolean);
    send({ cmd: "ask", text: question.value, choices });
  }, _("Ask"));
  const reveal = pushButton({ class: "gl-button gl-small", "data-testid": "reveal" }, () => send({ cmd: "reveal", value: !asked?.revealed }));
  const withdraw = pushButton({ class: "gl-button gl-small", "data-testid": "withdraw" }, () => send({ cmd: "withdraw" }), _("Take it away"));
  const before = el("div", { class: "gl-class-form" }, question, answers, ask);
  const after = el("div", { class: "gl-class-form" }, results, el("div", { class: "gl-group" }, reveal, withdraw));

  const address = () => `${page("follow")}?code=${mine?.code}`;

  /** Build the panel for a class, or for none. */
  function build() {
    const text = mine?.code ?? "";
    if (text === drawn && body.firstChild) return;
    drawn = text;
    count.textContent = "";
    delete button.dataset.live;
    if (!mine) {
      const start = pushButton({ class: "gl-button gl-play", "data-testid": "class-start" }, begin, _("Start"));
      return body.replaceChildren(el("p", {}, _("Students open a page with a short code, and see this picture as it moves: one run for all. Only you can change it.")), start);
    }
    const url = new URL(address());
    const local = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
    const picture = new URL(`${mine.code}/qr.svg`, classes);
    picture.protocol = picture.protocol.replace("ws", "http");
    picture.searchParams.set("to", url.href);
    const end = pushButton({ class: "gl-button gl-small", "data-testid": "class-end" }, () => send({ cmd: "end" }), _("End the class"));
    body.replaceChildren(
      el("div", { class: "gl-class-code", "data-testid": "class-code" }, mine.code),
      el("img", { class: "gl-class-qr", src: picture.href, alt: _("QR code of {address}", { address: url.href }), width: 200, height: 200 }),
      el("p", {}, el("a", { href: url.href, target: "_blank", rel: "noopener" }, `${url.host}${url.pathname}`)),
      ...(local ? [el("p", { class: "gl-class-note" }, _("Only this machine knows that address: open the lab by the machine's address in the network."))] : []),
      el("p", {}, _("Following now:"), " ", followers),
      before,
      after,
      end,
    );
  }

  function show() {
    const { frozen, hidden } = shown();
    send({ cmd: "show", frozen, hidden });
  }

  /** @param {Record<string, unknown>} command */
  function send(command) {
    if (link?.readyState === WebSocket.OPEN) link.send(JSON.stringify(command));
  }

  async function begin() {
    setText(said, "");
    const url = new URL(`${session}/class`, socket);
    url.protocol = url.protocol.replace("ws", "http");
    const answer = await fetch(url, { method: "POST", headers: { "accept-language": spoken.language } }).then((got) => got.json()).catch(() => ({ refused: _("the server does not answer") }));
    if (dead) return;
    if (answer.refused) return setText(said, _("No class: {why}", { why: answer.refused }));
    mine = { code: answer.code, token: answer.token, session, path: location.pathname };
    build();
    connect();
  }

  function connect() {
    clearTimeout(timer);
    if (dead || !mine || link) return;
    keep((mine = { ...mine, session, path: location.pathname }));
    const now = new WebSocket(new URL(`${mine.code}/teach?lang=${spoken.language}`, classes));
    link = now;
    now.onopen = () => {
      wait = SOON;
      send({ cmd: "enter", token: mine?.token, session });
      show();
    };
    now.onmessage = ({ data }) => heard(JSON.parse(data));
    now.onclose = ({ code }) => {
      if (link !== now) return;
      link = null;
      if (code === GONE || code === FORBIDDEN) return over();
      timer = window.setTimeout(connect, wait * (0.7 + 0.6 * Math.random()));
      wait = Math.min(LATE, 2 * wait);
    };
  }

  function over() {
    mine = asked = null;
    keep(null);
    build();
    setText(said, _("The class is over."));
  }

  /** @param {any} message */
  function heard(message) {
    if (message.type === "refused") return setText(said, message.why);
    setText(said, "");
    setText(followers, String(message.followers));
    button.dataset.live = "";
    setText(count, `${message.code} · ${message.followers}`);
    asked = message.question;
    before.hidden = Boolean(asked);
    after.hidden = !asked;
    node.classList.toggle("gl-asked", Boolean(asked));
    if (!asked) return;
    results.replaceChildren(tally(asked));
    setText(reveal, asked.revealed ? _("Hide from the class") : _("Show to the class"));
  }

  function toggle() {
    node.hidden = !node.hidden;
    button.setAttribute("aria-expanded", String(!node.hidden));
    if (!node.hidden) {
      build();
      /** @type {HTMLElement | null} */ (body.querySelector("button, input"))?.focus();
    } else if (node.contains(document.activeElement)) button.focus();
    return true;
  }

  after.hidden = true;
  if (mine) {
    build();
    // After a reload the page has begun another session: it may continue the one that the class follows.
    const other = first && reloaded() && mine.session !== session && mine.path === location.pathname;
    if (other) act({ act: "rejoin", name: mine.code, token: mine.token });
    if (other) timer = window.setTimeout(connect, REJOIN);
    else connect();
  }
  first = false;

  return {
    button,
    node,
    toggle,
    /** Close the panel; returns whether it was open. */
    shut: () => !node.hidden && toggle(),
    show,
    close() {
      dead = true;
      clearTimeout(timer);
      link?.close();
      link = null;
    },
  };
}
