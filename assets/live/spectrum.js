// The eigenvalues of the game at the shown moment: in the complex plane, in numbers and in words.
// The server computes them, on demand and repeatedly while the run plays; other rules and R1 are drawn without
// training.

import { askedPanel } from "./asked_panel.js";
import { chart } from "./chart.js";
import { complexPlane } from "./complex_plane.js";
import { el, setText } from "./dom.js";
import { helpButton } from "./help.js";
import { steady } from "./plot.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Command} Command */
/** @typedef {import("./types.js").GameSpectrum} GameSpectrum */
/** @typedef {import("./types.js").SpectrumMessage} SpectrumMessage */

const NONE = -1; // in place of a strength of R1
const LEAST = 0.004; // half of the least width of the axes around 1
const grouped = new Intl.NumberFormat("en-US");
const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`;

/**
 * What is said of a spectrum under a rule, by the name of its explanation: [name, words, (spectrum, rule) -> text].
 *
 * @type {[string, string, (of: GameSpectrum, rule: string) => string][]}
 */
const NUMBERS = [
  ["radius", _("largest |μ|"), (of, rule) => of.rules[rule]?.radius.toFixed(5) ?? "–"],
  ["growing", _("grow at small steps"), (of) => `${of.growing} of ${of.count}`],
  ["step", _("others stable up to"), (of, rule) => (of.rules[rule] ? stepText(of.rules[rule].step) : "–")],
  ["rotation", _("strongest rotation"), (of) => percent(of.rotation)],
  ["turn", _("fastest turn"), (of) => turnText(of)],
  ["share", _("rotating share of J"), (of) => (of.share === null ? "–" : percent(of.share))],
];

/** @param {number | null} step */
function stepText(step) {
  if (step === null) return _("any step");
  return step === 0 ? _("no step") : _("{which} × now", { which: step < 100 ? +step.toPrecision(3) : Math.round(step) });
}

/** @param {GameSpectrum} of */
const turnText = ({ turn }) => (turn === null ? "–" : `${grouped.format(turn < 100 ? +turn.toPrecision(2) : Math.round(turn))} it`);

/**
 * send(command) to the server; opened() when the panel is opened here. Returns {button, node, on, ...}.
 *
 * @param {object} given
 * @param {(command: Command) => unknown} given.send
 * @param {() => void} given.opened
 * @param {string} [given.base] the address of the page of games, if there is one
 */
export function spectrumPanel({ send, opened, base }) {
  let now = 0; // the iteration of the shown moment
  /** @type {SpectrumMessage | null} */
  let message = null;
  /** @type {number | null} */
  let wanted = null; // the other strength of R1
  let awaited = 0; // messages within which the answer comes: one may already be under way at the request
  let playing = false;
  let chosen = ""; // the rule, if it is not the run's
  let built = "";
  /** @type {import("./types.js").Theme | null} */
  let theme = null;

  const panel = askedPanel({
    id: "spectrum",
    key: "l",
    word: _("Spectrum"),
    title: _("Eigenvalues of the game at this moment: does it rotate, what is stable?"),
    label: _("Eigenvalues of the game"),
    ask,
    show,
    opened,
  });
  const { button, node, heading } = panel;
  const plane = chart({ "data-testid": "spectrum-plane", "aria-label": _("Eigenvalues in the complex plane") }, draw);
  const rules = el("select", {
    class: "gl-select", "data-testid": "spectrum-rule", "aria-label": _("Update rule"),
    onchange: () => {
      chosen = rules.value;
      show();
    },
  });
  let drawn = "of-update"; // which eigenvalues
  const kind = (/** @type {string} */ id, /** @type {string} */ letter, /** @type {string} */ title) =>
    el("button", {
      class: "gl-button", type: "button", "data-testid": id, title, "aria-label": title, "aria-pressed": String(id === drawn),
      onclick: () => {
        drawn = id;
        show();
      },
    }, letter);
  const kinds = el("div", { class: "gl-group", role: "group", "aria-label": _("What is drawn") });
  kinds.append(kind("of-update", "μ", _("Draw those of one iteration")), kind("of-game", "λ", _("Draw those of the game itself")));
  const with_ = el("input", { type: "checkbox", title: _("Also as it would be with R1"), "data-testid": "spectrum-r1-on", onchange: ask });
  const strength = el("input", {
    type: "number", class: "gl-spectrum-number", min: 0, step: "any", value: 1, "data-testid": "spectrum-r1", "aria-label": _("Strength of R1"),
    onchange: () => {
      with_.checked = true;
      ask();
    },
  });
  const compare = el("span", { class: "gl-spectrum-with" }, el("label", {}, with_, " R1, γ ="), strength);
  const heads = [el("th", {}, el("span", { class: "gl-spoken" }, _("number"))), el("th", {}, _("now")), el("th", {})];
  const rows = NUMBERS.map(([name, words, text]) => {
    const about = helpButton(`spectrum-${name}`);
    const cells = [el("td", { "data-testid": `spectrum-${name}` }), el("td", {})];
    return { name, words, text, about, cells, row: el("tr", name === "share" ? { hidden: "" } : {}, el("th", { scope: "row" }, words, " ", about.node), ...cells) };
  });
  const why = el("p", { class: "gl-spectrum-why", "data-testid": "spectrum-why" });
  const notes = el("p", { class: "gl-explain-note" });
  const foot = el("p", { class: "gl-explain-note", "data-testid": "spectrum-foot", title: _("CPU time, without waiting for others") });
  const link = el("a", { class: "gl-spectrum-game", "data-testid": "spectrum-game", title: _("The smallest GAN, with this loss, rule and R1") }, _("The smallest game of this kind: Dirac-GAN"));
  const linkHelp = helpButton("spectrum-game");
  const more = el("div", { class: "gl-explain-bar" }, link, linkHelp.node);
  const table = el("table", { class: "gl-spectrum-table" }, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows.map(({ row }) => row)));
  const space = el("div", { class: "gl-spectrum-plane" }, plane.node);
  const body = el("div", { class: "gl-spectrum-body" }, space, table);
  const choices = el("div", { class: "gl-explain-bar gl-spectrum-choices" }, kinds, rules, compare);
  node.append(why, choices, body, notes, foot, more);

  function ask() {
    const r1 = with_.checked && strength.value !== "" && strength.checkValidity() ? Number(strength.value) : NONE;
    wanted = r1 === NONE ? null : r1;
    awaited = panel.on ? 2 : 0;
    send({ cmd: "spectrum", value: panel.on, r1 });
    show();
  }

  const rule = () => {
    const own = message?.now?.rules ?? {};
    return chosen in own ? chosen : message && message.rule in own ? message.rule : (Object.keys(own)[0] ?? "");
  };
  const ofUpdate = () => drawn === "of-update" && (rule() !== "" || !message?.now);
  const asksR1 = () => awaited > 0 && message !== null && message.asked !== wanted;
  /** Whether another one is being computed. */
  const computes = () => !message || asksR1() || (!playing && message.iteration !== now);

  /** @type {import("./chart.js").Draw} */
  function draw(ctx, theme, width, height) {
    const a = message?.a ?? {};
    const name = ofUpdate() ? `.${rule()}` : "";
    const groups = [
      { points: a[`now${name}`], role: "text", ring: false },
      { points: a[`other${name}`], role: "accent", ring: true },
    ];
    const other = message?.other;
    complexPlane(ctx, theme, width, height, {
      title: ofUpdate() ? _("eigenvalues μ of one iteration") : _("eigenvalues λ of the game's Jacobian"),
      about: ofUpdate() || !message?.now?.per_update ? "" : _("× learning rates"),
      groups: message?.now ? groups : [],
      circle: ofUpdate(),
      key: other ? [_("● now"), _("○ with R1, γ = {r1}", { r1: other.r1 })] : [],
      least: LEAST,
    });
  }

  /** Offer the rules that this spectrum knows. */
  function offer() {
    const own = Object.keys(message?.now?.rules ?? {});
    const text = JSON.stringify([own, message?.rule]);
    if (text === built || !message?.now) return;
    built = text;
    rules.replaceChildren(
      ...own.map((name) => el("option", { value: name }, `${message?.titles[name] ?? name}${name === message?.rule ? _(", as now") : ""}`)),
    );
    rules.hidden = !own.length;
  }

  function show() {
    if (!panel.on) return;
    offer();
    const [one, other] = [message?.now ?? null, message?.other ?? null];
    const name = rule();
    rules.value = name;
    for (const each of kinds.children) each.setAttribute("aria-pressed", String((each.getAttribute("data-testid") === "of-update") === ofUpdate()));
    const asks = asksR1() && wanted !== null;
    const about = message?.refused || (one ? one.rules[name]?.why ?? "" : _("Computing the eigenvalues…"));
    setText(why, about);
    for (const { text, words, cells, about: help, name: id, row } of rows) {
      if (id === "share" && one) row.hidden = one.share === null;
      help.set(words, message?.help[id]);
      setText(cells[0], one ? text(one, name) : "–");
      setText(cells[1], asks ? "…" : other ? text(other, name) : "");
    }
    setText(heads[2], asks ? `R1, γ = ${wanted}` : other ? `R1, γ = ${other.r1}` : "");
    node.classList.toggle("gl-spectrum-two", asks || other !== null);
    const norms = one?.share === null || !one ? "" : `‖S‖ = ${steady(one.symmetric ?? 0)}, ‖A‖ = ${steady(one.rotating ?? 0)}.`;
    setText(notes, (message?.notes ?? []).join(" "));
    notes.hidden = !message?.notes.length;
    tellAge();
    const which = one ? (one.complete ? _("All") : _("The {count} leading", { count: one.count })) : "";
    link.hidden = !message?.game || !base;
    if (message?.game) link.href = `${base}?${message.game.query}`;
    linkHelp.set(_("different in the game"), link.hidden ? [] : message?.game?.help);
    setText(foot, one ? _("{which} of {size}, {steady} s of computing. {norms}", { which, size: grouped.format(one.size), steady: steady(message?.seconds ?? 0), norms }) : "");
    fit();
  }

  function tellAge() {
    const before = message !== null && !message.refused && computes();
    node.classList.toggle("gl-spectrum-before", before);
    if (!message) return setText(heading, _("Eigenvalues of the game: computing…"));
    const ago = now - message.iteration;
    const age = ago > 0 ? _(" ({ago} ago)", { ago: grouped.format(ago) }) : "";
    const more = computes() ? _(", computing…") : "";
    setText(heading, _("Eigenvalues at iteration {iteration}{age}{more}", { iteration: grouped.format(message.iteration), age, more }));
  }

  function fit() {
    if (!theme || !panel.on) return;
    const { clientWidth: width, clientHeight: height } = space;
    if (width && height) plane.resize(width, height, theme);
  }

  return {
    type: "spectrum",
    button,
    node,
    get on() {
      return panel.on;
    },
    keys: panel.keys,
    /** @param {import("./types.js").Theme} newTheme */
    resize(newTheme) {
      theme = newTheme;
      fit();
    },
    /** @param {import("./types.js").Status} status */
    status(status) {
      now = status.iteration;
      playing = status.state === "playing";
      panel.told(Boolean(status.spectrum));
      if (panel.on) tellAge();
    },
    /** @param {SpectrumMessage} received */
    receive(received) {
      awaited = received.asked === wanted ? 0 : Math.max(0, awaited - 1);
      message = received; // also while a status that was sent before has closed the panel
      show();
    },
    /** Other runs are shown from now on. */
    clear() {
      message = null;
      show();
    },
    toggle: panel.toggle,
  };
}
