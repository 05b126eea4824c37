// Many seeds at once: a canvas of tiles, one of curves, and one sentence, fed by one WebSocket.
//
// mount(root, {socket, labs, onGone, onOpen}) -> {update(options), destroy()}; onOpen(seed): see it in its lab

import { toolbar } from "./controls.js";
import { curvesColumn } from "./curves.js";
import { el, setText } from "./dom.js";
import { exportMenu } from "./export.js";
import { helpButton } from "./help.js";
import { knobRow } from "./knobs.js";
import { arrange } from "./layout.js";
import { attend, follower, linkStyles, makeBanner } from "./page.js";
import { fit, opaque } from "./plot.js";
import { seedAt, seedQuery } from "./seeds.js";
import { connect } from "./socket.js";
import { keptSpeed, storyRow } from "./story.js";
import { readTheme, themeKey } from "./theme.js";
import { tiles, widthFor } from "./tile.js";

const KEYS = { 1: [["p_data", "p_data"], ["p_g", "p_g"], ["d_thin", "D(x)"]], 2: [["contour", "p_data"], ["fake", "generated"]] };

const counters = (window.ganlab ??= {
  frames: 0, mounts: 0, iteration: 0, state: "waiting", lastFrameAt: 0, socketOpen: false, run: -1,
});

export function mount(root, options) {
  let settings = { ...options };
  let link = null;
  let scene = null;
  let parts = ""; // what the knobs were built from
  let picture, curves, knobs, look, key;
  let query = "";
  let frame = null;
  let values = null; // the newest metrics of each tile
  let received = 0; // frames of this connection
  let acknowledged = 0;
  const redraw = { tiles: false, curves: false };
  let ready = false; // the tiles and the curves know their sizes
  let raf = 0;
  let dead = false;

  const send = (command) => (link ? link.send(command) : false);
  const story = storyRow((command) => send(command), (act) => settings.onAct?.(act));
  const bar = toolbar(send, true, false, story.keys);
  const exporter = exportMenu(send, root, () => layout());
  bar.node.lastElementChild.append(exporter.node);
  const banner = makeBanner(() => layout());
  const follow = follower(root, settings.others);
  const canvas = el("canvas", { class: "gl-canvas", role: "img", "aria-label": "Data and generator of each seed" });
  const small = el("canvas", { class: "gl-canvas", role: "img", "aria-label": "Median and spread over iterations" });
  const links = el("div", { class: "gl-tiles" });
  const words = el("span", { class: "gl-says", "data-testid": "says" }, "");
  const legend = el("span", { class: "gl-legend gl-words" });
  const boxes = {
    knobs: el("div", { class: "gl-knobs-box" }),
    picture: el("div", { class: "gl-picture" }, canvas, links),
    legend: el("div"),
    curves: el("div", { class: "gl-curves" }, small),
  };
  const about = helpButton("tiles");
  const said = el("div", { class: "gl-said" }, el("span", { class: "gl-says-box" }, words, about.node), legend);
  boxes.main = el("div", { class: "gl-main" }, el("div", { class: "gl-left" }, boxes.picture), boxes.curves);
  root.classList.add("gl-root");
  root.replaceChildren(story.head, bar.node, boxes.knobs, banner.node, said, boxes.main);

  function schedule() {
    if (!raf && !dead) raf = requestAnimationFrame(draw);
  }

  function draw() {
    raf = 0;
    if (dead) return;
    try {
      if (ready && redraw.tiles) picture.draw(opaque(canvas), frame, values);
      if (ready && redraw.curves) curves.draw();
      if (ready && frame) root.dataset.drawn = "";
      if (ready) redraw.tiles = redraw.curves = false;
    } finally {
      if (received > acknowledged) send({ cmd: "ack", n: received, got: received - acknowledged });
      acknowledged = received;
    }
  }

  const need = (height, u) => widthFor(scene, height, u);
  const measure = () => arrange(root, boxes, scene, curves ? curves.count : 0, scene && need);

  function layout() {
    if (dead || !scene) return;
    const size = measure();
    if (!size) return;
    look.u = size.u;
    const ctx = fit(canvas, size.picture.width, size.picture.height);
    picture.resize(size.picture.width, size.picture.height, look);
    curves.resize(small, size.curves.width, size.curves.height, look);
    picture.boxes().forEach((box, i) => {
      const { style } = links.children[i];
      [style.left, style.top] = [`${box.x}px`, `${box.y}px`];
      [style.width, style.height] = [`${box.w}px`, `${box.h}px`];
    });
    ready = true;
    // At once, not in the next animation frame: a resized canvas is blank.
    picture.draw(ctx, frame, values);
    curves.draw();
  }

  function retheme() {
    key = themeKey(root);
    look = readTheme(root);
    layout();
  }

  function open(event, seed) {
    // Another tab or window, if that is what was asked for.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    settings.onOpen?.(seed);
  }

  function makeLinks() {
    const one = (_, i) => {
      const seed = seedAt(scene.seed, i);
      const title = `Open seed ${seed} in the ${scene.dim}-D lab`;
      return el("a", {
        class: "gl-tile",
        "data-testid": `tile-${i}`,
        title,
        "aria-label": title,
        draggable: "false",
        onclick: (event) => open(event, seed),
      });
    };
    links.replaceChildren(...Array.from({ length: scene.runs }, one));
    const keyOf = ([id, title]) => el("span", { class: "gl-word" }, el("i", { class: "gl-key", "data-key": id }), title);
    legend.replaceChildren(...KEYS[scene.dim].map(keyOf));
  }

  function address(newQuery) {
    follow(newQuery);
    if (newQuery === query && links.firstChild?.hasAttribute("href")) return;
    query = newQuery;
    const lab = settings.labs[scene.dim - 1];
    [...links.children].forEach((node, i) => {
      node.href = `${lab}?${seedQuery(query, seedAt(scene.seed, i))}`;
    });
  }

  function onScene(message) {
    scene = message;
    story.scene(message);
    frame = values = null;
    picture = tiles(scene);
    curves = curvesColumn(scene);
    bar.explain(scene.readout);
    about.set("in the tiles", scene.tiles);
    const structure = JSON.stringify(scene.knobs);
    if (structure !== parts) {
      parts = structure;
      knobs = knobRow(scene.knobs, send, () => settings.onAct?.({ act: "turned" }));
      knobs.node.append(story.tail);
      boxes.knobs.replaceChildren(knobs.node);
    }
    makeLinks();
    address(scene.query);
    counters.run = scene.run;
    layout();
  }

  function onFrame(message) {
    received += 1;
    schedule();
    if (!scene || message.run !== scene.run) return;
    frame = message;
    redraw.tiles = true;
    bar.frame(message);
    counters.frames += 1;
    counters.iteration = message.iteration;
    counters.lastFrameAt = performance.now();
  }

  function onCurves(message) {
    curves.setCurves(message);
    values = message.a.tile_jsd ? message.a : null;
    redraw.tiles = redraw.curves = true;
    schedule();
  }

  function onStatus(message) {
    counters.state = root.dataset.state = message.state;
    counters.iteration = message.iteration;
    bar.status(message);
    story.status(message);
    knobs?.refused(message.refused);
    knobs?.values(message.values, message.replayed);
    banner.say(message.message || "", message.state === "diverged");
    setText(words, message.says || "");
    if (scene && message.run === scene.run) address(message.query);
  }

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
      else if (message.type === "curves" && scene && message.run === scene.run) onCurves(message);
      else if (message.type === "status") onStatus(message);
      else if (message.type === "export") exporter.receive(message);
    },
    expects: () => root.dataset.state === "playing",
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
      link?.close();
      cancelAnimationFrame(raf);
      leave();
      banner.close();
    },
  };
}
