// A lesson beside the view: its step, what it asks, and whether it is done.

import { el, pushButton, setText } from "./dom.js";
import { _ } from "./words.js";

const KEY = "ganlab.lessons"; // progress by lesson, in this browser

/** @typedef {import("./types.js").LessonWords} LessonWords */
/** @typedef {import("./types.js").LessonNow} LessonNow */

/**
 * The furthest step of each lesson that this browser has done, and of how many.
 *
 * @returns {Record<string, [done: number, of: number]>}
 */
export function progress() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return kept && typeof kept === "object" ? kept : {};
  } catch {
    return {}; // the browser may refuse storage
  }
}

/**
 * @param {string} name
 * @param {number} done
 * @param {number} of
 */
function keep(name, done, of) {
  try {
    const all = progress();
    if ((all[name]?.[0] ?? 0) >= done && all[name]?.[1] === of) return;
    localStorage.setItem(KEY, JSON.stringify({ ...all, [name]: [done, of] }));
  } catch {
    // The address knows the step, too.
  }
}

/** @param {[style: string, text: string][][]} paragraphs */
const prose = (paragraphs) =>
  paragraphs.map((spans) =>
    el("p", {}, ...spans.map(([style, text]) => (style === "b" || style === "em" || style === "code" ? el(style, {}, text) : text))),
  );

/**
 * send(command) to the run, act(what) to the page; perform(list) makes the learner's actions; moved() is called when
 * the panel appears or disappears. Returns {node, shown(), scene(message), status(message), lit()}.
 *
 * @param {HTMLElement} root
 * @param {object} use
 * @param {(command: import("./types.js").Command) => unknown} use.send
 * @param {(what: import("./types.js").Act) => void} use.act
 * @param {(what: {verb: string, name: string, value: any, times: number}[]) => void} use.perform
 * @param {(page: string) => string} use.address of another page
 * @param {(light: string[]) => void} use.light
 */
export function lessonPanel(root, { send, act, perform, address, light }) {
  /** @type {LessonWords | null} */
  let lesson = null;
  /** @type {LessonNow | null} */
  let now = null;
  let built = "";
  let run = -1;

  const button = (/** @type {string} */ id, /** @type {string} */ title, /** @type {() => void} */ onclick, /** @type {(Node | string)[]} */ ...content) =>
    pushButton({ class: "gl-button gl-small", "data-testid": id, title }, onclick, ...content);

  const title = el("b", { class: "gl-lesson-name" });
  const ticks = el("div", { class: "gl-lesson-ticks", role: "group", "aria-label": _("Steps") });
  const body = el("div", { class: "gl-lesson-body", tabindex: "0", role: "region", "aria-label": _("Step") });
  const said = el("div", { class: "gl-lesson-said", role: "status", "data-testid": "lesson-said" });
  const back = button("lesson-back", _("The step before"), () => go((now?.step ?? 0) - 1), _("‹ Back"));
  const next = button("lesson-next", _("The next step"), () => go((now?.step ?? 0) + 1), _("Next ›"));
  const show = button("lesson-show", _("Do for me what this step asks for"), () => {
    if (lesson && now) perform(lesson.steps[now.step].does);
  }, _("Show me"));
  const node = el(
    "aside",
    { class: "gl-lesson", "aria-label": _("Lesson"), "data-testid": "lesson", hidden: "" },
    el(
      "div",
      { class: "gl-lesson-head" },
      title,
      button("lesson-all", _("All lessons"), () => act({ act: "lessons" }), _("All")),
      button("lesson-leave", _("Close the lesson; the run continues, with all its settings"), () => act({ act: "leave" }), "×"),
    ),
    ticks,
    body,
    el("div", { class: "gl-lesson-foot" }, said, el("div", { class: "gl-lesson-go" }, back, show, el("span", { class: "gl-space" }), next)),
  );

  /** @param {number} step */
  function go(step) {
    if (!lesson || !now || step < 0) return;
    if (step >= lesson.steps.length) {
      act({ act: "lessons" });
      return;
    }
    const same = lesson.steps[step].part === lesson.steps[now.step].part;
    if (same) send({ cmd: "to_step", value: step });
    else act({ act: "lesson", name: lesson.name, step });
  }

  /** @param {LessonWords["steps"][number]} step @param {LessonNow} at */
  function question(step, at) {
    if (!step.ask) return [];
    const answered = at.answer >= 0;
    const open = at.done && at.right >= 0;
    const choices = step.choices.map((text, i) => {
      const mark = !open ? (i === at.answer ? "●" : "○") : i === at.right ? "✓" : i === at.answer ? "✗" : "○";
      const word = open && i === at.right ? _(", what happened") : i === at.answer ? _(", your answer") : "";
      const choice = button(`choice-${i}`, answered ? "" : _("My answer"), () => send({ cmd: "answer", value: i }),
        el("i", { "aria-hidden": "true" }, mark), el("span", {}, text), el("span", { class: "gl-spoken" }, word));
      choice.classList.add("gl-choice");
      choice.dataset.state = open && i === at.right ? "right" : i === at.answer ? (open ? "wrong" : "mine") : "";
      if (answered) choice.setAttribute("aria-disabled", "true");
      return choice;
    });
    return [el("div", { class: "gl-lesson-ask", role: "group", "aria-label": step.ask }, el("p", {}, el("b", {}, step.ask)), ...choices)];
  }

  /** @param {LessonWords["steps"][number]} step @param {LessonNow} at */
  function verdict(step, at) {
    if (!at.done || !step.ask || at.right < 0) return [];
    const agreed = at.answer === at.right;
    return [el("p", { class: "gl-lesson-verdict", "data-agreed": String(agreed) }, agreed ? _("As you said.") : _("Not what you said."))];
  }

  function build() {
    if (!lesson || !now) return;
    const text = JSON.stringify([lesson.name, now]);
    if (text === built) return;
    const other = built === "" || JSON.parse(built)[1].step !== now.step;
    if (other || (now.done && !JSON.parse(built)[1].done)) low(false);
    built = text;
    const at = now;
    const words = lesson;
    const step = words.steps[at.step];
    keep(words.name, at.ticked.length, words.steps.length);
    setText(title, words.title);
    ticks.replaceChildren(
      ...words.steps.map((one, i) => {
        const done = at.ticked.includes(i);
        const tick = button(`lesson-step-${i + 1}`, one.title, () => go(i), done ? "✓" : String(i + 1));
        tick.setAttribute("aria-label", _("Step {i}, {title}{which}", { i: i + 1, title: one.title, which: done ? _(", done") : "" }));
        if (i === at.step) tick.setAttribute("aria-current", "step");
        return tick;
      }),
    );
    const offers = step.offers.map((offer, i) =>
      button(`offer-${i}`, _("Change this in the run"), () => {
        for (const [field, value] of Object.entries(offer.set)) send({ cmd: "set", field, value });
      }, offer.text),
    );
    const link = step.link ? [el("a", { href: address(step.link.page), target: "_blank", rel: "noopener", "data-testid": "lesson-link" }, `${step.link.text} ↗`)] : [];
    body.replaceChildren(
      el("h2", { class: "gl-lesson-title" }, step.title),
      ...prose(step.text),
      ...(offers.length ? [el("div", { class: "gl-lesson-offers" }, ...offers)] : []),
      ...question(step, at),
      ...(at.late && step.hint ? [el("p", { class: "gl-lesson-hint" }, step.hint)] : []),
      ...(at.done ? [el("div", { class: "gl-lesson-reveal", "data-testid": "lesson-reveal" }, ...verdict(step, at), ...prose(step.reveal))] : []),
      ...link,
    );
    if (other) body.scrollTop = 0;
    else if (at.done) body.querySelector(".gl-lesson-reveal")?.scrollIntoView({ block: "nearest" });
    const asks = Boolean(step.ask) && at.answer < 0;
    setText(said, at.done ? _("✓ done") : asks ? _("waits for your answer") : step.does.length ? _("waits for you") : _("watch: it ticks itself"));
    said.dataset.done = String(at.done);
    back.disabled = at.step === 0;
    const last = at.step === words.steps.length - 1;
    setText(next, last ? _("All lessons") : at.done ? _("Next ›") : _("Skip ›"));
    next.dataset.ready = String(at.done);
    show.hidden = at.done || asks || !step.does.length;
    light(at.done ? [] : step.light);
  }

  // On a phone the sheet makes room for the picture while something else is used.
  const low = (/** @type {boolean} */ on) => node.classList.toggle("gl-lesson-low", on);
  for (const type of ["pointerdown", "focusin"]) {
    root.addEventListener(type, (event) => low(!(event.target instanceof Node && node.contains(event.target))));
  }

  return {
    node,
    shown: () => !node.hidden,
    /** Take the words of a scene; returns whether the panel has appeared or disappeared. @param {import("./types.js").Scene} message */
    scene(message) {
      lesson = message.lesson?.name ? message.lesson : null;
      run = message.run;
      built = "";
      const was = node.hidden;
      node.hidden = !lesson;
      root.classList.toggle("gl-taught", !node.hidden);
      if (!lesson) light([]);
      else build();
      return was !== node.hidden;
    },
    /** @param {import("./types.js").Status} message */
    status(message) {
      if (message.run !== run || !lesson || message.lesson?.step === undefined) return;
      now = message.lesson;
      build();
    },
    /** Layers were switched. @param {Set<string>} hidden */
    layers(hidden) {
      if (lesson) send({ cmd: "layers", value: [...hidden] });
    },
  };
}
