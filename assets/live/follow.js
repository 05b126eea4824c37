// The page of those who follow a class: the teacher's picture, her questions, and the way to one's own run.

import { mount as compare } from "./compare.js";
import { el, pushButton, setText } from "./dom.js";
import { followed, follows } from "./followed.js";
import { mount as lab } from "./live.js";
import { mount as many } from "./many.js";
import { linkStyles } from "./page.js";
import { inWords } from "./present.js";
import { tally } from "./question.js";
import { connect } from "./socket.js";
import { mount as symbols } from "./symbols.js";
import { _, spoken } from "./words.js";

const ME = "ganlab.me"; // a name of this browser, in its storage, for servers that get no cookie
/** @type {Record<string, typeof lab>} */
const VIEWS = { "live.js": lab, "compare.js": compare, "many.js": many, "symbols.js": symbols };

function me() {
  const made = Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");
  try {
    const name = localStorage.getItem(ME) ?? made;
    localStorage.setItem(ME, name);
    return name;
  } catch {
    return made;
  }
}

/** @param {string} code */
function toAddress(code) {
  const url = new URL(location.href);
  if (code) url.searchParams.set("code", code);
  else url.searchParams.delete("code");
  history.replaceState(history.state, "", url);
}

/**
 * @param {HTMLElement} root
 * @param {object} settings
 * @param {string} settings.classes the address below which classes are
 * @param {string} settings.page the token of this page
 * @param {(what: {act: string}) => void} settings.onAct
 */
export function mount(root, { classes, page, onAct }) {
  let code = "";
  let module = "";
  /** @type {ReturnType<typeof lab> | null} */
  let view = null;
  let shown = ""; // what of the picture the teacher shows
  /** @type {import("./types.js").Link | null} */
  let link = null;
  /** @type {import("./types.js").Knob[]} */
  let knobs = [];

  const input = el("input", {
    class: "gl-select gl-follow-code", maxlength: 8, autocomplete: "off", autocapitalize: "characters", spellcheck: "false",
    placeholder: _("code"), "aria-label": _("Code of the class"), "data-testid": "follow-code",
  });
  const said = el("p", { class: "gl-follow-said", role: "status", "data-testid": "follow-said" });
  const form = el(
    "form",
    { class: "gl-follow-form", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), enter(input.value)) },
    el("label", {}, _("The code that the teacher shows"), " ", input),
    el("button", { class: "gl-button gl-play", type: "submit", "data-testid": "follow-enter" }, _("Follow")),
  );
  const name = el("b", { "data-testid": "follow-name" });
  const now = el("span", { class: "gl-follow-now", "data-testid": "follow-now" });
  const own = pushButton({ class: "gl-button", title: _("Open this moment in a lab of your own; the class goes on"), "data-testid": "try" }, () => void fork(), _("Try it myself"));
  const leave = pushButton({ class: "gl-button", "data-testid": "follow-leave" }, () => stop(""), _("Leave"));
  const bar = el("div", { class: "gl-follow-bar", hidden: "" }, name, now, own, leave);
  const question = el("div", { class: "gl-follow-question", "data-testid": "follow-question", hidden: "" });
  const place = el("div", {});
  root.classList.add("gl-follow-page");
  root.replaceChildren(form, bar, said, question, place);
  linkStyles(() => {});

  /** @param {string} text */
  function enter(text) {
    code = text.trim().toUpperCase();
    if (!code) return input.focus();
    setText(said, "");
    setText(name, _("Class {code}", { code }));
    form.hidden = true;
    bar.hidden = false;
    toAddress(code);
    follows(code);
    open("live.js");
  }

  /** @param {string} which module draws the picture */
  function open(which) {
    view?.destroy();
    module = which;
    shown = "";
    const host = el("div", { class: "gl-following" });
    place.replaceChildren(host);
    const socket = new URL(`${encodeURIComponent(code)}?me=${me()}&lang=${spoken.language}`, classes);
    socket.protocol = socket.protocol.replace("http", "ws");
    const url = socket.href;
    view = VIEWS[which](host, {
      socket: url, plotly: "", labs: [], others: [], stored: true,
      connect: (client) => {
        const made = connect(url, {
          ...client,
          message(message) {
            if (message.type === "class") return heard(message);
            if (message.type === "scene") knobs = message.knobs.filter((/** @type {import("./types.js").Knob} */ { field }) => !message.fields?.includes(field));
            if (message.type === "status") setText(now, inWords(knobs, message.values));
            client.message(message);
          },
          gone: () => stop(_("There is no class with the code {code}, or it is over.", { code })),
        });
        link = made;
        // A follower can steer nothing: the server heeds no other commands.
        return { ...made, send: (command) => (command.cmd === "ack" || command.cmd === "visible" ? made.send(command) : false) };
      },
    });
  }

  /** @param {import("./types.js").ClassMessage} message */
  function heard({ module: which, frozen, hidden, question: asked, mine }) {
    if (which !== module && which in VIEWS) return void setTimeout(() => open(which));
    const now = JSON.stringify([frozen, hidden]);
    if (now !== shown) setTimeout(() => view?.show(frozen, hidden));
    shown = now;
    const had = question.hidden;
    question.hidden = !asked;
    const focus = question.contains(document.activeElement) ? document.activeElement?.getAttribute("data-testid") : null;
    if (asked) question.replaceChildren(tally(asked, (value) => link?.send({ cmd: "answer", question: asked.number, value }), mine));
    if (focus) /** @type {HTMLElement | null} */ (question.querySelector(`[data-testid="${focus}"]`))?.focus();
    if (had !== question.hidden) window.dispatchEvent(new Event("resize")); // the picture has another height
  }

  /** @param {string} words why */
  function stop(words) {
    setTimeout(() => {
      view?.destroy();
      view = null;
      place.replaceChildren();
    });
    link = null;
    form.hidden = false;
    bar.hidden = question.hidden = true;
    setText(said, words);
    input.value = words ? code : "";
    toAddress("");
    follows("");
  }

  async function fork() {
    setText(said, _("Opening this moment…"));
    const url = new URL(`${encodeURIComponent(code)}/fork`, classes);
    const answer = await fetch(url, { method: "POST", headers: { "x-ganlab-page": page, "accept-language": spoken.language } }).then((got) => got.json()).catch(() => ({ refused: _("the server does not answer") }));
    setText(said, answer.refused ? _("It cannot be opened: {why}", { why: answer.refused }) : "");
    if (!answer.refused) onAct({ act: "open" });
  }

  const wanted = new URLSearchParams(location.search).get("code") ?? followed();
  if (wanted) enter(wanted);
  else input.focus();

  return {
    update: () => view?.update(),
    destroy: () => view?.destroy(),
  };
}
