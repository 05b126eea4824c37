// The pictures of an MNIST run: samples, interpolation between latents, D's outputs, and curves.
//
// mount(root, {message}) -> {update({message}), destroy()}; message: bytes as wire.js reads them

import { counters } from "./counters.js";
import { curvesColumn } from "./curves.js";
import { el } from "./dom.js";
import { exportMenu, OF_MNIST, SAVED } from "./export.js";
import { placeHelp } from "./help.js";
import { applyRoom, roomOf } from "./layout.js";
import { classes } from "./mnist_classes.js";
import { samplesSheet } from "./mnist_samples.js";
import { spread } from "./mnist_spread.js";
import { walk } from "./mnist_walk.js";
import { stage } from "./stage.js";
import { decode } from "./wire.js";
import { _ } from "./words.js";

const LEAST = 420; // px of height

/**
 * @param {HTMLElement} root
 * @param {{message: Uint8Array}} options
 */
export function mount(root, options) {
  const sheet = samplesSheet();
  const way = walk();
  const histograms = spread();
  const shares = classes();
  const small = el("canvas", { class: "gl-canvas-plain", role: "img", "data-testid": "curves", "aria-label": _("Losses and mean D(x)") });
  const side = el("div", { class: "gl-side" }, way.node, el("div", { class: "gl-told" }, histograms.node, shares.node), small);
  /** @type {import("./types.js").MnistMessage | null} */
  let message = null;
  /** @type {ReturnType<typeof curvesColumn> | null} */
  let curves = null;
  let mark = ""; // identifies the current sizes
  let dead = false;
  const exporter = exportMenu(ask, root, () => layout(), OF_MNIST);
  sheet.head.append(exporter.node);
  root.replaceChildren(el("div", { class: "gl-main" }, sheet.node, side));

  /**
   * Answer the Export menu: sizes and names are here; a file is saved by a button of the page, which is not shown.
   *
   * @param {import("./types.js").Command} command
   */
  function ask({ value: kind }) {
    if (!message) return null;
    const answer = { type: /** @type {"export"} */ ("export"), what: String(kind), a: {}, shape: {} };
    if (kind === "sizes") exporter.receive({ ...answer, name: "", text: JSON.stringify(message.sizes) });
    else if (kind === "json") exporter.receive({ ...answer, name: `${message.run}.json`, text: "" });
    else {
      /** @type {HTMLElement | null} */ (document.querySelector(`.st-key-mnist_take_${kind} button`))?.click();
      return SAVED;
    }
    return null;
  }

  const sizes = () => JSON.stringify([roomOf(root, LEAST), window.devicePixelRatio]);

  function layout() {
    const room = dead ? null : roomOf(root, LEAST);
    if (!room || !curves || !message) return;
    mark = sizes();
    applyRoom(root, room);
    const { width, height, u, narrow } = room;
    const theme = ground.theme();
    theme.u = u;
    const gap = Math.round(20 * u);
    const foot = sheet.foot();
    const tall = narrow ? Math.round(width * 0.9) : height - foot;
    const left = narrow ? width : Math.round(Math.min(sheet.wide(tall), width * 0.6));
    sheet.node.style.width = `${left}px`;
    sheet.resize(left, tall, theme);
    const rest = narrow ? width : width - left - gap;
    side.style.width = `${rest}px`;
    const first = Math.round(112 * u);
    const lifted = Math.round(12 * u); // removes the empty row for marks above the curves
    const space = (narrow ? 420 * u : height - first - 2 * 8 * u) + lifted;
    small.style.marginTop = `-${lifted}px`;
    const second = Math.round(space * 0.32);
    way.node.style.height = `${first}px`;
    way.resize(rest, first, theme);
    // Side by side, or one below the other on a phone.
    const beside = shares.known() && !narrow;
    const part = beside ? Math.round(rest * 0.38) : rest;
    if (shares.known()) shares.resize(narrow ? rest : part, second, theme);
    histograms.resize(beside ? rest - part - Math.round(10 * u) : rest, second, theme);
    const about = { id: "spread", what: _("D(x) of images"), lines: message.help.spread };
    const spots = [{ ...about, x: 30 * u, y: 9 * u }];
    if (shares.known()) {
      const lines = [...message.help.coverage, ...message.help.class_kl];
      const [x, y] = beside ? [rest - part + 4 * u, 9 * u] : [4 * u, second + 8 * u + 9 * u];
      spots.push({ id: "classes", what: _("classes covered"), lines, x, y });
    }
    placeHelp(histograms.node, spots);
    curves.resize(small, rest, Math.floor(space - second), theme);
    curves.draw();
  }

  /** @param {Uint8Array} bytes */
  function show(bytes) {
    // A copy, because the array may not be aligned for its numbers.
    const next = /** @type {import("./types.js").MnistMessage} */ (decode(bytes.slice().buffer));
    if (next.stamp === message?.stamp) return;
    message = next;
    const { a } = message;
    curves = curvesColumn({ panels: message.panels, axis: message.axis });
    curves.setCurves({ marks: [], a: { ...a, iteration: a.steps } });
    sheet.explain(message.help);
    way.explain(message.help);
    sheet.show(message);
    way.show(message);
    histograms.show(message);
    shares.show(message);
    layout();
    counters.frames += 1;
    counters.iteration = message.iteration;
    counters.latents = message.latents;
    counters.run = message.run;
  }

  const ground = stage(root, {
    classes: ["gl-mnist"],
    styles: ["live.css", "mnist.css"],
    layout,
    changed: () => sizes() !== mark,
  });
  ground.open();
  show(options.message);

  return {
    /** @param {{message: Uint8Array}} newOptions */
    update(newOptions) {
      if (dead) return;
      ground.retheme();
      show(newOptions.message);
    },
    destroy() {
      dead = true;
      way.destroy();
      ground.close();
    },
  };
}
