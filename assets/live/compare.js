// Runs side by side: a canvas for each, one for all their curves, fed by one WebSocket.
//
// mount(root, {socket, plotly, onGone, onAct}) -> {update(options), destroy()}; onAct({act, run}): change what is compared

import { cell, legendEntry } from "./cell.js";
import { toolbar } from "./controls.js";
import { curvesColumn } from "./curves.js";
import { el } from "./dom.js";
import { exportMenu } from "./export.js";
import { knobRow, legend } from "./knobs.js";
import { arrange } from "./layout.js";
import { attend, follower, linkStyles, makeBanner } from "./page.js";
import { connect } from "./socket.js";
import { prefetchPlotly, stills } from "./still.js";
import { keptSpeed, storyRow } from "./story.js";
import { readTheme, themeKey } from "./theme.js";

const CURVES_EVERY = 120; // ms
const PREFETCH = 4000; // ms after the start
const BLANK = 250; // ms a new scene waits for its first frame before the old pictures go
const GAP = 14; // px between two pictures, at text scale 1
const WIDEST = 0.7; // of the width, for a row of squares
const HEAD = 28; // px of a picture's head

const counters = (window.ganlab ??= {
  frames: 0, mounts: 0, iteration: 0, state: "waiting", lastFrameAt: 0, socketOpen: false, run: -1,
});

export function mount(root, options) {
  const hidden = new Set(); // layers switched off: kept over restarts
  let settings = { ...options };
  let link = null;
  let scene = null;
  let cells = [];
  let entries = []; // of the curves' legend
  let curves, knobs, look, key;
  let parts = {}; // what the knobs and the legend were built from
  let state = "waiting";
  let frame = null; // the newest
  let received = 0; // frames of this connection
  let acknowledged = 0;
  const redraw = { pictures: false, curves: false };
  let ready = false; // the pictures and the curves know their sizes
  let raf = 0;
  let curvesAt = 0;
  let overdue = 0; // timer: curves that came while no frame did
  let dead = false;
  const timers = new Set();
  const later = (f, ms) => timers.add(setTimeout(f, ms));

  const send = (command) => {
    if (command.cmd === "step" || command.cmd === "play") still.drop();
    if (command.cmd === "step" && state !== "playing") still.arm();
    return link ? link.send(command) : false;
  };
  const story = storyRow((command) => send(command), (act) => settings.onAct?.(act));
  const bar = toolbar(send, false, true, story.keys);
  const exporter = exportMenu(send, root, () => layout());
  bar.node.lastElementChild.append(exporter.node);
  const banner = makeBanner(() => layout());
  const follow = follower(root, settings.others);
  const small = el("canvas", { class: "gl-canvas", role: "img", "aria-label": "Curves of all runs over iterations" });
  const hosts = { curves: el("div", { class: "gl-still" }) };
  const runs = el("div", { class: "gl-runs" });
  const grid = el("div", { class: "gl-cells" });
  const overlay = el("div", { class: "gl-overlay" }, small);
  const boxes = {
    knobs: el("div", { class: "gl-knobs-box" }),
    picture: el("div", { class: "gl-picture" }, grid),
    legend: el("div", { class: "gl-legend-box" }),
    curves: el("div", { class: "gl-curves" }, runs, overlay, hosts.curves),
  };
  small.addEventListener("contextrestored", () => layout());
  boxes.main = el(
    "div",
    { class: "gl-main" },
    el("div", { class: "gl-left" }, boxes.picture, boxes.legend),
    boxes.curves,
  );
  root.classList.add("gl-root", "gl-compare");
  root.replaceChildren(story.head, bar.node, boxes.knobs, banner.node, boxes.main);

  const still = stills(hosts, () => settings.plotly, (request) => {
    if (!scene || state === "playing" || !ready) return;
    const { width, height } = cells[0].size();
    send({
      cmd: "figure",
      request,
      theme: look.name,
      scale: look.u,
      width,
      height,
      curves_width: overlay.clientWidth,
      curves_height: overlay.clientHeight,
      hidden: [...hidden],
    });
  });

  function schedule() {
    if (!raf && !dead) raf = requestAnimationFrame(draw);
  }

  /** The still figures no longer fit what is shown: back to the canvases, and ask again if at rest. */
  function refresh() {
    still.drop();
    if (state === "paused" || state === "diverged") still.arm();
  }

  function draw() {
    raf = 0;
    if (dead) return;
    try {
      if (ready) drawAll();
    } finally {
      if (received > acknowledged) link?.send({ cmd: "ack", n: received, got: received - acknowledged });
      acknowledged = received;
    }
  }

  function drawAll() {
    const now = performance.now();
    const fresh = redraw.pictures;
    if (fresh) {
      redraw.pictures = false;
      for (const one of cells) one.draw(frame);
    }
    if (redraw.curves && (state !== "playing" || now - curvesAt > CURVES_EVERY)) {
      curvesAt = now;
      redraw.curves = false;
      curves.draw();
    }
    if (!fresh) return;
    root.dataset.drawn = "";
    bar.frame(frame);
    counters.frames += 1;
    counters.iteration = frame.iteration;
    counters.lastFrameAt = performance.now();
    counters.run = frame.run;
    if (state !== "playing") refresh();
  }

  const columns = () => (scene && scene.runs.length > 1 ? 2 : 1);
  const rows = () => Math.ceil((scene ? scene.runs.length : 1) / columns());

  /** The width in which square pictures fill a height. */
  function need(height, u) {
    const side = (height - (rows() - 1) * 8 * u) / rows() - HEAD * u;
    const [x, y] = scene.box;
    const wide = (side - 34 * u) * ((x[1] - x[0]) / (y[1] - y[0])) + 48 * u;
    return Math.round(columns() * wide + (columns() - 1) * GAP * u);
  }

  // Two squares side by side are small: they get more of the width.
  const share = () => (scene?.dim === 2 && rows() === 1 ? WIDEST : undefined);
  const measure = () =>
    arrange(root, boxes, scene, curves ? curves.count : 0, scene?.dim === 2 ? need : null, share());

  function layout() {
    // Cells of a new scene are not in the page, and have no size, until their first frame is here.
    if (dead || !scene || !cells[0].node.isConnected) return;
    const size = measure();
    if (!size) return;
    look.u = size.u;
    for (const one of cells) one.resize(look, hidden);
    curves.resize(small, overlay.clientWidth, overlay.clientHeight, look);
    ready = true;
    // At once, not in the next animation frame: a resized canvas is blank.
    for (const one of cells) one.draw(frame);
    curves.draw();
    refresh();
  }

  function retheme() {
    key = themeKey(root);
    look = readTheme(root);
    layout();
  }

  /** The knobs of what can change during a run and is the same in all of them. */
  function makeKnobs(fields) {
    const shown = scene.knobs.filter((knob) => !fields.includes(knob.field));
    const text = JSON.stringify(shown);
    if (text === parts.knobs) return false;
    parts.knobs = text;
    knobs = knobRow(shown, send, () => settings.onAct?.({ act: "turned" }));
    knobs.node.append(story.tail);
    boxes.knobs.replaceChildren(knobs.node);
    return true;
  }

  function onScene(message) {
    still.drop();
    scene = message;
    story.scene(message);
    root.classList.toggle("gl-dim-2", scene.dim === 2);
    frame = null;
    redraw.pictures = ready = false;
    curves = curvesColumn(scene);
    bar.explain(scene.readout);
    makeKnobs(scene.fields);
    const layers = JSON.stringify(scene.layers);
    if (layers !== parts.layers) {
      parts.layers = layers;
      boxes.legend.replaceChildren(legend(scene.layers, hidden, layout).node);
    }
    const old = [...grid.children];
    cells = scene.runs.map((_, i) => cell(scene, i, (act) => settings.onAct?.({ act, run: i })));
    entries = scene.runs.map((run, i) => {
      const entry = legendEntry(i);
      entry.say(run.label);
      return entry;
    });
    for (const name of Object.keys(hosts)) if (name !== "curves") delete hosts[name];
    cells.forEach((one, i) => {
      hosts[`picture${i}`] = one.host;
      one.canvas.addEventListener("contextrestored", () => layout());
    });
    grid.style.gridTemplate = `repeat(${rows()}, minmax(0, 1fr)) / repeat(${columns()}, minmax(0, 1fr))`;
    runs.replaceChildren(...entries.map((entry) => entry.node));
    counters.run = scene.run;
    follow(scene.query);
    const { run } = scene;
    const show = () => {
      if (dead || scene.run !== run || ready) return;
      grid.replaceChildren(...cells.map((one) => one.node));
      layout();
    };
    // The old pictures stay until the first frame of the new runs is here.
    if (old.length === cells.length) later(show, BLANK);
    else show();
    reveal = show;
  }
  let reveal = () => {};

  function onFrame(message) {
    received += 1;
    schedule();
    if (!scene || message.run !== scene.run) return;
    frame = message;
    redraw.pictures = true;
    reveal();
  }

  function onStatus(message) {
    const before = state;
    state = message.state;
    counters.state = state;
    counters.iteration = message.iteration;
    root.dataset.state = state;
    bar.status(message);
    banner.say(message.message || "", state === "diverged");
    if (scene && message.run === scene.run) {
      message.runs.forEach((run, i) => {
        cells[i]?.status(run);
        entries[i]?.say(run.label);
      });
      if (makeKnobs(message.fields)) layout();
      follow(message.query);
    }
    story.status(message);
    knobs?.refused(message.refused);
    knobs?.values(message.values, message.replayed);
    if (state === "playing") {
      if (before !== "playing") still.drop();
    } else if (before !== state) refresh();
  }

  const late = () => {
    overdue = 0;
    if (redraw.curves) schedule();
  };

  const connection = {
    bar,
    banner,
    opened() {
      received = acknowledged = 0;
      if (keptSpeed() !== null) send({ cmd: "speed", value: keptSpeed() });
      if (document.hidden) send({ cmd: "visible", value: false });
    },
    message(message) {
      if (dead) return;
      if (message.type === "scene") onScene(message);
      else if (message.type === "frame") onFrame(message);
      else if (message.type === "curves" && scene && message.run === scene.run) {
        curves.setCurves(message);
        redraw.curves = true;
        // With the next frame, if one comes.
        if (state !== "playing") schedule();
        else overdue ||= setTimeout(late, CURVES_EVERY + 20);
      } else if (message.type === "status") onStatus(message);
      else if (message.type === "export") exporter.receive(message);
      else if (message.type === "figure" && scene && message.run === scene.run) still.receive(message);
    },
    expects: () => state === "playing",
    lost: () => settings.onLost?.(),
    back: () => settings.onBack?.(),
    gone: () => settings.onGone?.(),
  };

  const leave = attend(root, {
    visible: (value) => send({ cmd: "visible", value }),
    key: bar.key,
    resize: layout,
    now() {
      if (themeKey(root) !== key) retheme();
      else if (scene && !measure()?.same) layout();
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
      const { socket } = settings;
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
