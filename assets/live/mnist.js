// The pictures of an MNIST run: samples, the walk between latents, what D says of images, and curves.
//
// mount(root, {message}) -> {update({message}), destroy()}; message: bytes as wire.js reads them

import { curvesColumn } from "./curves.js";
import { el } from "./dom.js";
import { placeHelp } from "./help.js";
import { classes } from "./mnist_classes.js";
import { samplesSheet } from "./mnist_samples.js";
import { spread } from "./mnist_spread.js";
import { walk } from "./mnist_walk.js";
import { attend, linkStyles } from "./page.js";
import { readTheme, themeKey } from "./theme.js";
import { decode } from "./wire.js";

const NARROW = 760;
const LEAST = 420;
const FOOT = 10; // px kept free below

const counters = (window.ganlab ??= {});

function topOf(root) {
  let top = root.getBoundingClientRect().top;
  for (let node = root.parentElement; node; node = node.parentElement) top += node.scrollTop;
  return top;
}

export function mount(root, options) {
  const sheet = samplesSheet();
  const way = walk();
  const histograms = spread();
  const shares = classes();
  const small = el("canvas", { class: "gl-canvas-plain", role: "img", "data-testid": "curves", "aria-label": "Losses and mean D(x)" });
  const side = el("div", { class: "gl-side" }, way.node, el("div", { class: "gl-told" }, histograms.node, shares.node), small);
  let message = null;
  let stamp = null;
  let curves = null;
  let look, key;
  let mark = "";
  let dead = false;
  root.classList.add("gl-root", "gl-mnist");
  root.replaceChildren(el("div", { class: "gl-main" }, sheet.node, side));

  function sizes() {
    const width = root.clientWidth;
    if (!(width > 0) || !root.isConnected) return null;
    const height = Math.max(LEAST, Math.floor(window.innerHeight - topOf(root) - FOOT));
    const u = Math.round(20 * Math.min(1.4, Math.max(1, Math.min(width / 1050, height / 600)))) / 20;
    return { width, height, u, narrow: width < NARROW, ratio: window.devicePixelRatio };
  }

  function layout() {
    const size = dead ? null : sizes();
    if (!size || !curves) return;
    const { width, height, u, narrow } = size;
    mark = JSON.stringify(size);
    look.u = u;
    root.style.setProperty("--gl-u", u);
    root.classList.toggle("gl-narrow", narrow);
    root.style.height = narrow ? "auto" : `${height}px`;
    const gap = Math.round(20 * u);
    const foot = sheet.foot();
    const tall = narrow ? Math.round(width * 0.9) : height - foot;
    const left = narrow ? width : Math.round(Math.min(sheet.wide(tall), width * 0.6));
    sheet.node.style.width = `${left}px`;
    sheet.resize(left, tall, look);
    const rest = narrow ? width : width - left - gap;
    side.style.width = `${rest}px`;
    const first = Math.round(112 * u);
    const lifted = Math.round(12 * u); // the row for marks above the curves stays empty
    const room = (narrow ? 420 * u : height - first - 2 * 8 * u) + lifted;
    small.style.marginTop = `-${lifted}px`;
    const second = Math.round(room * 0.32);
    way.node.style.height = `${first}px`;
    way.resize(rest, first, look);
    // Beside each other, or below on a phone.
    const beside = shares.known() && !narrow;
    const part = beside ? Math.round(rest * 0.38) : rest;
    if (shares.known()) shares.resize(narrow ? rest : part, second, look);
    histograms.resize(beside ? rest - part - Math.round(10 * u) : rest, second, look);
    const about = { id: "spread", what: "D(x) of images", lines: message.help.spread };
    const spots = [{ ...about, x: 30 * u, y: 9 * u }];
    if (shares.known()) {
      const lines = [...message.help.coverage, ...message.help.class_kl];
      const [x, y] = beside ? [rest - part + 4 * u, 9 * u] : [4 * u, second + 8 * u + 9 * u];
      spots.push({ id: "classes", what: "classes covered", lines, x, y });
    }
    placeHelp(histograms.node, spots);
    curves.resize(small, rest, Math.floor(room - second), look);
    curves.draw();
  }

  function show(bytes) {
    // A copy: the array need not begin where its numbers may.
    const next = decode(bytes.slice().buffer);
    if (next.stamp === stamp) return;
    stamp = next.stamp;
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
    counters.frames = (counters.frames || 0) + 1;
    counters.iteration = message.iteration;
    counters.latents = message.latents;
    counters.run = message.run;
  }

  function retheme() {
    key = themeKey(root);
    look = readTheme(root);
    layout();
  }

  const leave = attend(root, {
    visible: () => {},
    key: () => false,
    resize: layout,
    now() {
      if (themeKey(root) !== key) retheme();
      else if (JSON.stringify(sizes()) !== mark) layout();
    },
  });
  linkStyles(() => layout(), "live.css");
  linkStyles(() => layout(), "mnist.css");
  retheme();
  counters.mounts = (counters.mounts || 0) + 1;
  show(options.message);

  return {
    update(newOptions) {
      if (dead) return;
      if (themeKey(root) !== key) retheme();
      show(newOptions.message);
    },
    destroy() {
      dead = true;
      way.destroy();
      leave();
    },
  };
}
