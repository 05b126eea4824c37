// The knobs that change a run during training, and the legend whose words toggle layers.

import { el, fillTrack, pushButton, setText } from "./dom.js";
import { helpButton } from "./help.js";
import { short } from "./plot.js";
import { _ } from "./words.js";

const EVERY = 50; // ms between two messages of a knob
const QUIET = 800; // ms after the last input during which the server does not move the knob
const STEPS = 240;
const TOLD = 300; // ms after which the run has received a choice
const REFUSED = 12000; // ms that the reason of a refusal is shown

/** @typedef {import("./types.js").Knob} Knob */

/** @param {Knob} knob */
function scaleOf(knob) {
  if (knob.kind === "int") {
    return { min: knob.low, max: knob.high, step: 1, value: Math.round, place: (/** @type {number} */ v) => v };
  }
  const [low, high] = knob.log ? [Math.log(knob.low), Math.log(knob.high)] : [knob.low, knob.high];
  const same = (/** @type {number} */ v) => v;
  const [back, there] = knob.log ? [Math.exp, Math.log] : [same, same];
  const clamp = (/** @type {number} */ v) => Math.min(knob.high, Math.max(knob.low, v));
  return {
    min: 0,
    max: STEPS,
    step: 1,
    value: (/** @type {number} */ p) => clamp(+back(low + ((high - low) * p) / STEPS).toPrecision(2)),
    place: (/** @type {number} */ v) => ((there(Math.max(v, knob.log ? 1e-300 : v)) - low) / (high - low)) * STEPS,
  };
}

/** @typedef {string | number} Value */

/**
 * A range input: conversion between its position and its value.
 *
 * @param {Knob} knob
 */
function slider(knob) {
  const { min, max, step, value, place } = scaleOf(knob);
  const input = el("input", { class: "gl-range", type: "range", min, max, step });
  return {
    input,
    read: () => value(Number(input.value)),
    put(/** @type {Value} */ now) {
      input.value = String(place(Number(now)));
    },
  };
}

/**
 * The options of a menu: its choices, and the current value if it is not one of them.
 *
 * @param {Knob} knob
 */
function menu(knob) {
  const input = el("select", { class: "gl-select" });
  /** @type {Value[]} */
  let values = [];
  const build = (/** @type {[Value, string][]} */ choices) => {
    values = choices.map(([value]) => value);
    input.replaceChildren(...choices.map(([, title], i) => el("option", { value: i }, title)));
    // Readable names, for scripts that control the page.
    [...input.options].forEach((option, i) => (option.value = String(values[i])));
  };
  build(knob.choices);
  return {
    input,
    read: () => values[input.selectedIndex],
    /** @param {Value} value */
    put(value) {
      if (!values.includes(value)) build([...knob.choices, [value, String(value)]]);
      input.selectedIndex = values.indexOf(value);
    },
  };
}

/**
 * send(command); turned() is called after a menu's choice, so that other elements can show it. Returns {node,
 * values(object, replayed), refused({field, why})}; replayed: the number of fields that replayed events have changed.
 *
 * @param {Knob[]} knobs
 * @param {(command: import("./types.js").Command) => unknown} send
 */
export function knobRow(knobs, send, turned = () => {}) {
  const node = el("div", { class: "gl-knobs" });
  const rates = el("div", { class: "gl-rates" });
  /** @type {Map<string, (value: Value) => void>} */
  const setters = new Map();
  let heard = 0;
  /** @type {Map<string, (why: string) => void>} */
  const complaints = new Map();

  for (const knob of knobs) {
    const choice = knob.kind === "choice";
    const shown = el("output", { class: "gl-value" }, "");
    const { input, read, put } = choice ? menu(knob) : slider(knob);
    input.dataset.testid = `knob-${knob.field}`;
    input.setAttribute("aria-label", knob.title);
    let touched = -Infinity;
    let held = false;
    let sent = -Infinity;
    let timer = 0;

    const show = (/** @type {Value} */ value) => {
      if (choice) return;
      const text = short(Number(value));
      setText(shown, text);
      input.setAttribute("aria-valuetext", text);
      fillTrack(/** @type {HTMLInputElement} */ (input));
    };
    const flush = () => {
      timer = 0;
      sent = performance.now();
      send({ cmd: "set", field: knob.field, value: read() });
      if (choice) setTimeout(turned, TOLD);
    };
    const touch = () => {
      touched = performance.now();
      show(read());
      if (timer) return;
      const wait = sent + EVERY - performance.now();
      if (wait <= 0) flush();
      else timer = window.setTimeout(flush, wait);
    };
    input.addEventListener("input", touch);
    input.addEventListener("pointerdown", () => (held = !choice));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture", "blur", "change"]) {
      input.addEventListener(name, () => (held = false));
    }
    setters.set(knob.field, (value) => {
      if (held || timer || performance.now() - touched < QUIET) return;
      put(value);
      show(value);
    });
    const complaint = el("div", { class: "gl-refused", role: "alert", "data-testid": `refused-${knob.field}`, hidden: "" });
    complaints.set(knob.field, (why) => {
      if (why) {
        touched = -Infinity; // it returns to its previous value
        later(() => (complaint.hidden = true));
      }
      setText(complaint, why);
      complaint.hidden = !why;
    });
    const again = knob.restarts ? [el("span", { class: "gl-again", "aria-hidden": "true" }, "↻")] : [];
    const doc = `${knob.doc || ""}${knob.restarts ? _(" ↻ Changing it starts a new run.") : ""}`;
    const place = knob.kind === "float" ? rates : node;
    place.append(
      el(
        "label",
        { class: "gl-knob", "data-role": knob.role || "game", "data-kind": knob.kind, title: doc },
        el("span", { class: "gl-name" }, knob.title, ...again),
        input,
        ...(choice ? [] : [shown]),
        complaint,
      ),
    );
  }
  node.append(rates); // last
  let timer = 0;
  let said = "";
  function later(/** @type {() => void} */ act) {
    clearTimeout(timer);
    timer = window.setTimeout(act, REFUSED);
  }

  return {
    node,
    /**
     * @param {Record<string, Value>} object
     * @param {number} [replayed]
     */
    values(object, replayed = 0) {
      if (replayed > heard) setTimeout(turned, TOLD);
      heard = replayed;
      for (const [field, value] of Object.entries(object || {})) setters.get(field)?.(value);
    },
    /** Show why a knob's change was refused, until something else is changed. */
    /** @param {{field: string, why: string} | null} [what] */
    refused(what) {
      const text = JSON.stringify(what || {});
      if (text === said) return;
      said = text;
      for (const [field, say] of complaints) say(what && field === what.field ? what.why : "");
    },
  };
}

/**
 * A choice of the label whose D is shown; -1: the mean of all.
 *
 * @param {number} count
 * @param {number} now
 * @param {(label: number) => void} choose
 */
function labelChoice(count, now, choose) {
  const options = Array.from({ length: count }, (_none, k) => el("option", { value: String(k) }, _("label {k}", { k })));
  const select = /** @type {HTMLSelectElement} */ (
    el(
      "select",
      {
        class: "gl-layer gl-label",
        "data-testid": "label",
        "aria-label": _("The label whose D is shown"),
        title: _("The label whose D and D* are shown, or the mean over labels by p_data(label | x)"),
        onchange: () => choose(Number(select.value)),
      },
      el("option", { value: "-1" }, _("D: all labels")),
      ...options,
    )
  );
  select.value = String(now);
  return select;
}

/**
 * toggle() is called after a change of `hidden`; follow(on) if the axes can follow G; costs(): the address of the figure
 * of G's costs; told: the choice of a label, if D is told labels. Returns {node, following(on)}.
 *
 * @param {import("./types.js").Layer[]} layers
 * @param {Set<string>} hidden
 * @param {() => void} toggle
 * @param {((on: boolean) => void) | null} follow
 * @param {(() => string) | null} costs
 * @param {{count: number, now: number, choose: (label: number) => void} | null} told
 */
export function legend(layers, hidden, toggle, follow = null, costs = null, told = null) {
  const node = el("div", { class: "gl-legend", role: "group", "aria-label": _("Layers") });
  for (const layer of layers) {
    const button = pushButton(
      {
        class: "gl-layer",
        "data-testid": `layer-${layer.id}`,
        "data-role": layer.role,
        "aria-pressed": String(!hidden.has(layer.id)),
        title: _("{help} (click: show or hide)", { help: layer.help[0][1] }),
      },
      () => {
        if (!hidden.delete(layer.id)) hidden.add(layer.id);
        button.setAttribute("aria-pressed", String(!hidden.has(layer.id)));
        toggle();
      },
      el("i", { class: "gl-key", "data-key": layer.id }),
      layer.title,
    );
    node.append(button);
  }
  const axes = pushButton(
    {
      class: "gl-layer gl-follow",
      "data-testid": "follow",
      "aria-pressed": "false",
      title: _("Widen the axes so that they contain p_g, or restore them"),
    },
    () => {
      const value = axes.getAttribute("aria-pressed") !== "true";
      axes.setAttribute("aria-pressed", String(value));
      follow?.(value);
    },
    _("follow G"),
  );
  if (costs) {
    const look = () => (link.href = costs());
    const link = el(
      "a",
      {
        class: "gl-layer gl-costs",
        "data-testid": "costs",
        target: "_blank",
        rel: "noopener",
        title: _("Why it is so strong or so weak: the costs of G at the present D(G(z)), in a new tab"),
        "aria-label": _("Why ↗, the costs of G at the present D(G(z)), in a new tab"),
        onpointerenter: look,
        onpointerdown: look,
        onfocus: look,
        onclick: look,
      },
      _("why ↗"),
    );
    look();
    node.append(link);
  }
  if (told) node.append(labelChoice(told.count, told.now, told.choose));
  if (follow) node.append(axes);
  const help = helpButton("layers");
  help.set(_("in the picture"), layers.flatMap((layer) => layer.help));
  node.append(help.node);
  return {
    node,
    /** Put a button after the word of a layer. @param {HTMLElement} button @param {string} id */
    add: (button, id) => node.querySelector(`[data-testid="layer-${id}"]`)?.after(button),
    /** Show or hide a layer. @param {string} id @param {boolean} on */
    show(id, on) {
      const button = /** @type {HTMLElement | null} */ (node.querySelector(`[data-testid="layer-${id}"]`));
      if (button && hidden.has(id) === on) button.click();
    },
    following: (/** @type {boolean | undefined} */ on) => axes.setAttribute("aria-pressed", String(Boolean(on))),
  };
}
