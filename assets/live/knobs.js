// The knobs that change a run while it goes, and the legend whose words toggle layers.

import { el, fillTrack, setText } from "./dom.js";
import { helpButton } from "./help.js";
import { short } from "./plot.js";

const EVERY = 50; // ms between two messages of one knob
const QUIET = 800; // ms after the last touch in which the server does not move the knob
const STEPS = 240;
const TOLD = 300; // ms after which the run has heard of a choice
const REFUSED = 12000; // ms that a knob says why it could not be turned

function scaleOf(knob) {
  if (knob.kind === "int") {
    return { min: knob.low, max: knob.high, step: 1, value: (p) => Math.round(p), place: (v) => v };
  }
  const [low, high] = knob.log ? [Math.log(knob.low), Math.log(knob.high)] : [knob.low, knob.high];
  const back = knob.log ? Math.exp : (v) => v;
  const there = knob.log ? Math.log : (v) => v;
  const clamp = (v) => Math.min(knob.high, Math.max(knob.low, v));
  return {
    min: 0,
    max: STEPS,
    step: 1,
    value: (p) => clamp(+back(low + ((high - low) * p) / STEPS).toPrecision(2)),
    place: (v) => ((there(Math.max(v, knob.log ? 1e-300 : v)) - low) / (high - low)) * STEPS,
  };
}

/** The options of a menu: what it offers, and the value of now where that is another. */
function menu(knob) {
  const input = el("select", { class: "gl-select" });
  let values = [];
  const build = (choices) => {
    values = choices.map(([value]) => value);
    input.replaceChildren(...choices.map(([, title], i) => el("option", { value: i }, title)));
    // The names stay readable to whoever scripts the page.
    [...input.options].forEach((option, i) => (option.value = String(values[i])));
  };
  build(knob.choices);
  return {
    input,
    read: () => values[input.selectedIndex],
    put(value) {
      if (!values.includes(value)) build([...knob.choices, [value, String(value)]]);
      input.selectedIndex = values.indexOf(value);
    },
  };
}

/**
 * send(command); turned() after a menu's choice, for what else shows it. Returns {node, values(object,
 * replayed), refused({field, why})}; replayed: how many fields the run has changed by itself.
 */
export function knobRow(knobs, send, turned = () => {}) {
  const node = el("div", { class: "gl-knobs" });
  const rates = el("div", { class: "gl-rates" });
  const setters = new Map();
  let heard = 0;
  const complaints = new Map();

  for (const knob of knobs) {
    const choice = knob.kind === "choice";
    const scale = choice ? null : scaleOf(knob);
    const shown = el("output", { class: "gl-value" }, "");
    const list = choice ? menu(knob) : null;
    const input = choice
      ? list.input
      : el("input", { class: "gl-range", type: "range", min: scale.min, max: scale.max, step: scale.step });
    input.dataset.testid = `knob-${knob.field}`;
    input.setAttribute("aria-label", knob.title);
    let touched = -Infinity;
    let held = false;
    let sent = -Infinity;
    let timer = 0;

    const read = () => (choice ? list.read() : scale.value(+input.value));
    const show = (value) => {
      if (choice) return;
      const text = short(value);
      setText(shown, text);
      input.setAttribute("aria-valuetext", text);
      fillTrack(input);
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
      else timer = setTimeout(flush, wait);
    };
    input.addEventListener("input", touch);
    input.addEventListener("pointerdown", () => (held = !choice));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture", "blur", "change"]) {
      input.addEventListener(name, () => (held = false));
    }
    setters.set(knob.field, (value) => {
      if (held || timer || performance.now() - touched < QUIET) return;
      if (choice) list.put(value);
      else input.value = scale.place(value);
      show(value);
    });
    const complaint = el("div", { class: "gl-refused", role: "alert", "data-testid": `refused-${knob.field}`, hidden: "" });
    complaints.set(knob.field, (why) => {
      if (why) {
        touched = -Infinity; // it goes back to what it was
        later(() => (complaint.hidden = true));
      }
      setText(complaint, why);
      complaint.hidden = !why;
    });
    const again = knob.restarts ? [el("span", { class: "gl-again", "aria-hidden": "true" }, "↻")] : [];
    const doc = `${knob.doc || ""}${knob.restarts ? " ↻ Changing it starts a new run." : ""}`;
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
  function later(f) {
    clearTimeout(timer);
    timer = setTimeout(f, REFUSED);
  }

  return {
    node,
    values(object, replayed = 0) {
      if (replayed > heard) setTimeout(turned, TOLD);
      heard = replayed;
      for (const [field, value] of Object.entries(object || {})) setters.get(field)?.(value);
    },
    /** A knob that could not be turned says why, until something else is changed. */
    refused(what) {
      const text = JSON.stringify(what || {});
      if (text === said) return;
      said = text;
      for (const [field, say] of complaints) say(field === what?.field ? what.why : "");
    },
  };
}

/** toggle(hidden: Set); follow(bool), if the axes can follow G; returns {node, hidden, following(bool)}. */
export function legend(layers, hidden, toggle, follow = null) {
  const node = el("div", { class: "gl-legend", role: "group", "aria-label": "Layers" });
  for (const layer of layers) {
    const button = el(
      "button",
      {
        class: "gl-layer",
        type: "button",
        "data-testid": `layer-${layer.id}`,
        "data-role": layer.role,
        "aria-pressed": String(!hidden.has(layer.id)),
        title: `${layer.help[0][1]} (click: show or hide)`,
        onclick: (event) => {
          if (event.detail > 0) button.blur();
          if (!hidden.delete(layer.id)) hidden.add(layer.id);
          button.setAttribute("aria-pressed", String(!hidden.has(layer.id)));
          toggle(hidden);
        },
      },
      el("i", { class: "gl-key", "data-key": layer.id }),
      layer.title,
    );
    node.append(button);
  }
  const axes = el(
    "button",
    {
      class: "gl-layer gl-follow",
      type: "button",
      "data-testid": "follow",
      "aria-pressed": "false",
      title: "Widen the axes until they hold p_g, and back",
      onclick: (event) => {
        if (event.detail > 0) axes.blur();
        const value = axes.getAttribute("aria-pressed") !== "true";
        axes.setAttribute("aria-pressed", String(value));
        follow(value);
      },
    },
    "follow G",
  );
  if (follow) node.append(axes);
  const help = helpButton("layers");
  help.set("in the picture", layers.flatMap((layer) => layer.help));
  node.append(help.node);
  return { node, hidden, following: (value) => axes.setAttribute("aria-pressed", String(Boolean(value))) };
}
