// The live view: one canvas for the picture, one for the curves, fed by one WebSocket.
//
// mount(root, {socket, plotly, onGone}) -> {update(options), destroy()}; onGone: the server has no such session

import { toolbar } from "./controls.js";
import { curvesColumn } from "./curves.js";
import { el } from "./dom.js";
import { exportMenu } from "./export.js";
import { picture1d } from "./draw1d.js";
import { picture2d } from "./draw2d.js";
import { knobRow, legend } from "./knobs.js";
import { arrange } from "./layout.js";
import { attend, follower, linkStyles, makeBanner } from "./page.js";
import { fit, opaque } from "./plot.js";
import { connect } from "./socket.js";
import { prefetchPlotly, stills } from "./still.js";
import { keptSpeed, storyRow } from "./story.js";
import { readTheme, themeKey } from "./theme.js";

const BLANK = 150; // ms a new scene waits for its first frame before the old picture goes
const CURVES_EVERY = 120; // ms
const PREFETCH = 4000; // ms after the start
const STEPPING = new Set(["d", "g", "step"]);

const counters = (window.ganlab ??= {
  frames: 0, mounts: 0, iteration: 0, state: "waiting", lastFrameAt: 0, socketOpen: false, run: -1,
});

export function mount(root, options) {
  const hidden = new Set(); // layers switched off: kept over restarts
  let settings = { ...options };
  let link = null;
  let scene = null;
  let parts = ""; // what the knobs and the legend were built from
  let picture, curves, knobs, layersRow, look, key;
  let state = "waiting";
  let next = null; // newest frame, not yet drawn
  let last = null; // frame on the screen
  let received = 0; // frames of this connection
  let acknowledged = 0;
  let redraw = { picture: false, curves: false };
  let ready = false; // the picture and the curves know their sizes
  let raf = 0;
  let curvesAt = 0;
  let words = null; // newest status that says nothing urgent: shown with the next frame
  let overdue = 0; // timer: curves or words that came while no frame did
  let dead = false;
  const timers = new Set();
  const later = (f, ms) => timers.add(setTimeout(f, ms));

  const send = (command) => {
    if (STEPPING.has(command.cmd)) {
      still.drop();
      if (state !== "playing") still.arm();
    }
    if (command.cmd === "play") still.drop();
    return link ? link.send(command) : false;
  };
  const story = storyRow((command) => send(command), (act) => settings.onAct?.(act));
  const bar = toolbar(send, false, false, story.keys);
  const exporter = exportMenu(send, root, () => layout());
  bar.node.lastElementChild.append(exporter.node);
  const banner = makeBanner(() => layout());
  const follow = follower(root, settings.others);
  const canvas = el("canvas", { class: "gl-canvas", role: "img", "aria-label": "Data, generator and discriminator" });
  const small = el("canvas", { class: "gl-canvas", role: "img", "aria-label": "Curves over iterations" });
  for (const node of [canvas, small]) node.addEventListener("contextrestored", () => layout());
  const hosts = { picture: el("div", { class: "gl-still" }), curves: el("div", { class: "gl-still" }) };
  const boxes = {
    knobs: el("div", { class: "gl-knobs-box" }),
    picture: el("div", { class: "gl-picture" }, canvas, hosts.picture),
    legend: el("div", { class: "gl-legend-box" }),
    curves: el("div", { class: "gl-curves" }, small, hosts.curves),
  };
  boxes.main = el(
    "div",
    { class: "gl-main" },
    el("div", { class: "gl-left" }, boxes.picture, boxes.legend),
    boxes.curves,
  );
  root.classList.add("gl-root");
  root.replaceChildren(story.head, bar.node, boxes.knobs, banner.node, boxes.main);

  const still = stills(hosts, () => settings.plotly, (request) => {
    if (!ready || state === "playing") return;
    send({
      cmd: "figure",
      request,
      theme: look.name,
      scale: look.u,
      width: hosts.picture.clientWidth,
      height: hosts.picture.clientHeight,
      curves_width: hosts.curves.clientWidth,
      curves_height: hosts.curves.clientHeight,
      hidden: [...hidden],
      geometry: { picture: picture.geometry(), curves: curves.geometry() },
    });
  });

  function schedule() {
    if (!raf && !dead) raf = requestAnimationFrame(draw);
  }

  /** The still figure no longer fits what is shown: back to the canvas, and ask again if at rest. */
  function refresh() {
    still.drop();
    if (state === "paused" || state === "diverged") still.arm();
  }

  /** Frames done with, drawn or superseded by a newer one. n: of this connection; got: since the last time. */
  function acknowledge() {
    if (received > acknowledged) link?.send({ cmd: "ack", n: received, got: received - acknowledged });
    acknowledged = received;
  }

  const late = () => {
    overdue = 0;
    showWords();
    if (redraw.curves) schedule();
  };

  function showWords() {
    if (words) onStatus(words);
    words = null;
  }

  /** What comes between two frames costs the page a layout and a painting of its own. */
  const withNextFrame = () => (overdue ||= setTimeout(late, CURVES_EVERY + 20));

  function draw() {
    raf = 0;
    if (dead) return;
    try {
      if (ready) drawAll();
    } finally {
      acknowledge();
    }
  }

  function drawAll() {
    const fresh = next !== null;
    if (fresh) {
      last = next;
      next = null;
      redraw.picture = true;
    }
    if (redraw.picture) {
      redraw.picture = false;
      picture.draw(opaque(canvas), last);
    }
    const bars = fresh && last.a.shares && curves.hasBars;
    if (bars) curves.setShares(last.a.shares);
    const now = performance.now();
    if ((redraw.curves || bars) && (state !== "playing" || now - curvesAt > CURVES_EVERY)) {
      curvesAt = now;
      if (redraw.curves) curves.draw();
      else curves.drawBars();
      redraw.curves = false;
    }
    if (!fresh) return;
    root.dataset.drawn = "";
    showWords();
    bar.frame(last);
    counters.frames += 1;
    counters.iteration = last.iteration;
    counters.lastFrameAt = performance.now();
    counters.run = last.run;
    if (state !== "playing") refresh();
  }

  function layout() {
    if (dead) return;
    const size = measure();
    if (!size || !scene) return;
    const ctx = fit(canvas, size.picture.width, size.picture.height);
    resize(size);
    // At once, not in the next animation frame: a resized canvas is blank.
    picture.draw(ctx, last);
    curves.draw();
    refresh();
  }

  const measure = () => arrange(root, boxes, scene, curves ? curves.count : 0);

  function resize(size) {
    look.u = size.u;
    picture.resize(size.picture.width, size.picture.height, look, hidden);
    curves.resize(small, size.curves.width, size.curves.height, look);
    ready = true;
  }

  function retheme() {
    key = themeKey(root);
    look = readTheme(root);
    layout();
  }

  function onScene(message) {
    scene = message;
    story.scene(message);
    root.classList.toggle("gl-dim-2", scene.dim === 2);
    next = last = null;
    picture = scene.dim === 1 ? picture1d(scene) : picture2d(scene);
    curves = curvesColumn(scene);
    bar.explain(scene.readout);
    const structure = JSON.stringify([scene.knobs, scene.layers]);
    if (structure !== parts) {
      parts = structure;
      knobs = knobRow(scene.knobs, send, () => settings.onAct?.({ act: "turned" }));
      knobs.node.append(story.tail);
      boxes.knobs.replaceChildren(knobs.node);
      layersRow = legend(scene.layers, hidden, layout, (value) => send({ cmd: "follow", value }));
      boxes.legend.replaceChildren(layersRow.node);
    }
    const run = scene.run;
    const show = () => scene.run === run && last === null && layout();
    const shown = ready;
    ready = false; // until there is room: the page may be hidden
    const size = measure();
    if (shown && size?.same) {
      // Same size: the old picture stays until the first frame of the new run is here.
      resize(size);
      redraw.curves = true;
      later(show, BLANK);
      schedule();
    } else layout();
    still.drop();
    counters.run = run;
    follow(scene.query);
  }

  function onStatus(message) {
    const before = state;
    state = message.state;
    counters.state = state;
    counters.iteration = message.iteration;
    root.dataset.state = state;
    if (message.message) root.dataset.drawn = ""; // there may be no picture to come
    bar.status(message);
    story.status(message);
    knobs?.refused(message.refused);
    layersRow?.following(message.follow);
    knobs?.values(message.values, message.replayed);
    banner.say(message.message || "", state === "diverged");
    if (state === "playing") {
      if (before !== "playing") still.drop();
    } else if (before !== state) refresh();
    follow(message.query);
  }

  const connection = {
    bar,
    banner,
    opened() {
      received = acknowledged = 0;
      if (keptSpeed() !== null) send({ cmd: "speed", value: keptSpeed() });
      if (document.hidden) link.send({ cmd: "visible", value: false });
    },
    message(message) {
      if (dead) return;
      if (message.type === "scene") onScene(message);
      else if (message.type === "frame") {
        received += 1;
        if (scene && message.run === scene.run) next = message;
        schedule();
      } else if (message.type === "curves" && scene && message.run === scene.run) {
        curves.setCurves(message);
        redraw.curves = true;
        if (state !== "playing") schedule();
        else withNextFrame();
      } else if (message.type === "status") {
        words = message;
        if (state === "playing" && message.state === state && !message.message) withNextFrame();
        else showWords();
      } else if (message.type === "export") exporter.receive(message);
      else if (message.type === "figure" && scene && message.run === scene.run) still.receive(message);
    },
    expects: () => state === "playing",
    lost: () => settings.onLost?.(),
    back: () => settings.onBack?.(),
    gone: () => settings.onGone?.(),
  };

  const leave = attend(root, {
    visible: (value) => link?.send({ cmd: "visible", value }),
    key: bar.key,
    resize: layout,
    // Catches what no event tells: a theme switched without an update, the page's head growing a line.
    now() {
      if (themeKey(root) !== key) retheme();
      else if (!measure()?.same) layout();
    },
  });
  linkStyles(() => layout());
  retheme();
  counters.mounts += 1;
  link = connect(settings.socket, connection);
  later(() => (window.requestIdleCallback || setTimeout)(() => dead || prefetchPlotly(settings.plotly)), PREFETCH);

  return {
    /** The theme may have changed; another socket address means a new session. */
    update(newOptions = {}) {
      if (dead) return;
      const socket = settings.socket;
      settings = { ...settings, ...newOptions };
      if (settings.socket !== socket) {
        link?.close();
        link = connect(settings.socket, connection);
      }
      if (themeKey(root) !== key) retheme();
    },
    destroy() {
      if (dead) return;
      dead = true;
      still.drop();
      link?.close();
      cancelAnimationFrame(raf);
      clearTimeout(overdue);
      leave();
      banner.close();
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
