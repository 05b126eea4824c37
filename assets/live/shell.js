// The shell of a live view: socket, frames, animation clock, theme, controls, curves, stills, export and notices.
// Each kind of view has its renderer, which `make` returns: see Renderer in types.js.

import { build } from "./boxes.js";
import { toolbar } from "./controls.js";
import { counters } from "./counters.js";
import { curvesColumn } from "./curves.js";
import { explainer } from "./explain.js";
import { exportMenu, OF_STORED } from "./export.js";
import { frameQueue } from "./frame_queue.js";
import { knobRow, legend } from "./knobs.js";
import { arrange } from "./layout.js";
import { lessonPanel } from "./lesson.js";
import { spotlight } from "./light.js";
import { opener } from "./open.js";
import { backToClass } from "./followed.js";
import { follower, keep, kept, makeBanner, whenCalm } from "./page.js";
import { presenter } from "./present.js";
import { shapeOf } from "./shape.js";
import { shaper } from "./shaper.js";
import { sketchpad } from "./sketchpad.js";
import { connect } from "./socket.js";
import { spectrumPanel } from "./spectrum.js";
import { stage } from "./stage.js";
import { noStills, prefetchPlotly, stills } from "./still.js";
import { keptSpeed, storyRow } from "./story.js";
import { teacher } from "./teacher.js";
import { timeline } from "./timeline.js";

const BLANK = 200; // ms that the old picture stays while a new scene waits for its first frame
const CURVES_EVERY = 120; // ms
const LONG_GAP = 50; // ms between two pictures of a moving run
const ANSWERED = 300; // ms after a command in which its effect is awaited
const PREFETCH = 4000; // ms after the start, when Plotly is fetched
const STEPPING = new Set(["d", "g", "step"]);

/**
 * Mount a live view. Returns update(), to be called when the page's theme may have changed, and destroy().
 *
 * @param {HTMLElement} root
 * @param {import("./types.js").Settings} settings
 * @param {(shell: import("./types.js").Shell) => import("./types.js").Renderer} make
 */
export function mountView(root, settings, make) {
  /** @type {Set<string>} */
  const hidden = new Set(); // layers switched off; kept across restarts
  /** @type {import("./types.js").Link | null} */
  let link = null;
  /** @type {import("./types.js").Scene | null} */
  let scene = null;
  /** @type {import("./types.js").Frame | null} */
  let frame = null; // the newest one that was taken, or that has revealed the scene
  /** @type {ReturnType<typeof curvesColumn> | null} */
  let curves = null;
  /** @type {ReturnType<typeof knobRow> | null} */
  let knobs = null;
  /** @type {ReturnType<typeof legend> | null} */
  let layers = null;
  const built = { knobs: "", layers: "" }; // the inputs of the current knobs and legend
  let state = "waiting";
  let speed = 0;
  /** @type {{frame: import("./types.js").Frame | null} | null} */
  let frozen = null; // the frame that stays, if the picture is to stand still
  let past = false; // whether an earlier moment is shown
  let shownAt = Infinity; // the display's frame in which a picture of the moving run was last drawn
  let fresh = false; // whether that frame is not counted as drawn yet
  let commanded = -Infinity; // when the last command was sent
  let ready = false; // whether this scene's picture and curves have their sizes
  const redraw = { picture: false, curves: false };
  let raf = 0;
  let curvesAt = 0;
  /** @type {import("./types.js").Status | null} */
  let words = null; // the newest status without urgent contents, shown with the next frame
  /** @type {number} */
  let overdue = 0; // timer for curves or a status that arrived without a frame
  let dead = false;
  /** @type {Set<number>} */
  const timers = new Set();
  const later = (/** @type {() => void} */ act, /** @type {number} */ ms) => timers.add(window.setTimeout(act, ms));
  const isOfScene = (/** @type {{run: number}} */ message) => scene !== null && message.run === scene.run;

  /** @type {ReturnType<typeof explainer> | null} */
  let explain = null;
  /** @type {ReturnType<typeof spectrumPanel> | ReturnType<typeof import("./estimates.js").estimatesPanel> | null} */
  let spectrum = null;
  /** @type {import("./types.js").Status | null} */
  let told = null; // the newest status that was shown
  /** @type {string | null} */
  let wanted = null; // the panel to open
  let opened = false; // whether a panel was open at the last layout
  const anyPanel = () => Boolean(explain?.on || spectrum?.on);
  const showBar = () => told && bar.status(explain?.told(told) ?? told);

  const shape = shapeOf(settings.shape);
  const send = (/** @type {import("./types.js").Command} */ command) => {
    commanded = performance.now();
    if (explain?.takes(command)) return true;
    if (STEPPING.has(command.cmd)) {
      still.drop();
      if (state !== "playing" && !explain?.on) still.arm();
    }
    if (command.cmd === "play") still.drop();
    return link ? link.send(command) : false;
  };
  const frames = frameQueue((n) => link?.send({ cmd: "ack", n }));
  const act = (/** @type {import("./types.js").Act} */ what) => settings.onAct?.(what);
  const view = make({ root, settings, hidden, send, act, layout: () => layout() });

  const story = storyRow(send, act);
  const lit = spotlight(root, (id) => curves?.where(id) ?? null);
  const lesson = lessonPanel(root, {
    send,
    act,
    light: lit.show,
    address: (page) => settings.page?.(page) ?? page,
    perform: (what) => {
      for (const { verb, name, value, times } of what) {
        if (verb === "set") send({ cmd: "set", field: name, value });
        else if (verb === "press") for (let i = 0; i < times; i++) send({ cmd: name });
        else layers?.show(name, verb === "show");
      }
    },
  });
  const stored = settings.stored ?? false;
  const fork = view.forks ? (/** @type {string} */ name) => act({ act: "fork", name }) : null;
  const line = view.records ? timeline(send, fork, stored) : null;
  if (view.explained && !stored && !shape.hidden("explain")) {
    explain = explainer({ send: (command) => link?.send(command), show: view.explained, changed: () => {
      if (explain?.on && spectrum?.on) spectrum.toggle(false);
      if (present?.on()) layout();
      showBar();
      refresh();
    }, playing: () => state === "playing" });
  }
  if (view.explained && !stored && !shape.hidden("spectrum")) {
    spectrum = spectrumPanel({ send: (command) => link?.send(command), opened: () => explain?.on && explain.toggle(false), base: settings.page?.("games") });
  }
  if (view.panel && !stored && !shape.hidden("estimates")) spectrum = view.panel({ send: (command) => link?.send(command), opened: () => {} });
  const keys = {
    ...story.keys,
    w: () => classroom?.toggle() ?? false,
    ...(shape.fixed("explain") ? {} : explain?.keys),
    ...(shape.fixed(view.panel ? "estimates" : "spectrum") ? {} : spectrum?.keys),
    ...(stored ? line?.keys : {}),
  };
  const present = stored || settings.connect || root.dataset.height || shape.fixed("presenter") ? null : presenter(root, {
    send,
    layout: () => layout(),
    frozen: (on) => freeze(on),
  });
  /** @type {ReturnType<typeof teacher> | null} */
  let classroom = null;
  /** @param {boolean} on */
  function freeze(on) {
    if (on === (frozen !== null)) return;
    frozen = on ? { frame } : null;
    schedule();
    classroom?.show();
  }
  if (present && settings.page && !shape.fixed("class")) {
    const { socket, page } = settings;
    classroom = teacher({ socket, page, act, shown: () => ({ frozen: frozen !== null, hidden: [...hidden] }) });
  }
  const bar = toolbar(send, view.many, view.whole, keys, explain, stored);
  if (spectrum) bar.node.firstElementChild?.append(spectrum.button);
  if (view.panel) bar.node.querySelector(".gl-speed .gl-name")?.remove(); // its button needs the room
  /** @type {Parameters<typeof exportMenu>[4]} */
  const replay = (host, link) => mountView(host, { ...settings, plotly: "", stored: true, connect: link }, make);
  const { socket, largest, tables } = settings;
  const files = largest && tables && !stored && !shape.fixed("export") ? opener(root, { socket, largest, tables, opened: () => act({ act: "open" }) }) : null;
  const records = view.records && !stored;
  const exporter = exportMenu(send, root, () => layout(), stored ? OF_STORED : undefined, records ? replay : null, files?.choose);
  bar.node.lastElementChild?.append(exporter.node);
  if (present) {
    bar.node.lastElementChild?.append(present.button);
    bar.node.append(...present.extra);
    if (classroom) present.button.before(classroom.button);
  }
  const banner = makeBanner(() => layout());
  const follow = settings.connect ? () => {} : follower(root, settings.others);
  const { boxes, small, curvesHost } = build(root, view, [lesson.node, ...(present ? backToClass(act) : []), story.head, bar.node], files ? [banner.node, files.node] : [banner.node]);
  if (files) root.append(files.target);
  if (classroom) root.append(classroom.node);
  if (line) boxes.timeline.append(line.node);
  shape.guard(root);
  const pad = view.sketches && !stored
    ? sketchpad({ box: () => boxes.picture, send, playing: () => state === "playing", theme: () => ground.theme(), changed: () => refresh() })
    : null;
  const shaping = settings.shaping && !shape.any && !stored ? shaper(root, settings.shaping) : null;
  // The event does not bubble, so it is captured.
  root.addEventListener("contextrestored", () => layout(), { capture: true });

  const curvesSize = () => {
    const { clientWidth: width, clientHeight: height } = /** @type {HTMLElement} */ (small.parentElement);
    return { width, height };
  };
  const still = view.hosts
    ? stills(() => ({ ...view.hosts?.(), curves: curvesHost }), () => settings.plotly, askFigure)
    : noStills;

  /** @param {number} request */
  function askFigure(request) {
    const size = view.size?.();
    if (!ready || !size || past || state === "playing" || present?.on()) return;
    const column = curvesSize();
    const { name, u } = ground.theme();
    send({
      cmd: "figure",
      request,
      theme: name,
      scale: u,
      ...size,
      curves_width: column.width,
      curves_height: column.height,
      hidden: [...hidden, ...(scene?.panels ?? []).map(({ id }) => `curve-${id}`).filter(shape.hidden)],
    });
  }

  const moves = () => state === "playing" && speed === 0; // slower speeds have gaps by intention

  function schedule() {
    if (!raf && !dead) raf = requestAnimationFrame(draw);
  }

  /** Drop the outdated still figure, show the canvas, and request a new figure if paused. */
  function refresh() {
    still.drop();
    if (!past && (state === "paused" || state === "diverged") && !explain?.on && !pad?.on()) still.arm();
  }

  /** Show pending curves and status with a frame: separately they would cost another layout and paint. */
  const withNextFrame = () => (overdue ||= window.setTimeout(late, CURVES_EVERY + 20));

  function late() {
    overdue = 0;
    showWords();
    if (redraw.curves || redraw.picture) schedule();
  }

  function showWords() {
    if (words) onStatus(words);
    words = null;
  }

  /** @param {number} tick when the display's frame began */
  function draw(tick) {
    raf = 0;
    if (dead) return;
    // First, so that the server makes the next frame while this one is drawn. A command's effect is shown at once.
    const taken = frames.take(tick, moves() && tick - commanded > ANSWERED);
    if (frames.waits()) schedule();
    if (taken && isOfScene(taken)) {
      if (taken !== frame) redraw.picture = true; // else the frame has revealed the scene
      frame = taken;
      fresh = true;
    }
    if (ready) drawAll(tick);
  }

  /** @param {number} tick */
  function drawAll(tick) {
    if (redraw.picture && !frozen) {
      view.draw(frame);
      redraw.picture = false;
    }
    const arrived = fresh ? frame : null;
    fresh = false;
    if (arrived && past && curves?.setCursor(arrived.iteration)) redraw.curves = true;
    const bars = !!arrived && !!curves?.setBars(arrived.a);
    const now = performance.now();
    if (!frozen && (redraw.curves || bars) && (state !== "playing" || now - curvesAt > CURVES_EVERY)) {
      curvesAt = now;
      if (redraw.curves) curves?.draw();
      else curves?.drawBars();
      redraw.curves = false;
    }
    if (!arrived) return;
    root.dataset.drawn = "";
    showWords();
    bar.frame(arrived);
    const seen = moves() && !document.hidden;
    if (seen && tick - shownAt > LONG_GAP) counters.gaps += 1;
    shownAt = seen ? tick : Infinity;
    counters.frames += 1;
    counters.waits = "";
    counters.iteration = arrived.iteration;
    counters.lastFrameAt = performance.now();
    counters.run = arrived.run;
    if (state !== "playing") refresh();
  }

  const measure = () =>
    scene && curves
      ? arrange(root, boxes, {
          box: scene.dim === 2 ? scene.box : null,
          panels: curves.count || Number(anyPanel()),
          need: view.need,
          share: view.share?.(),
        })
      : null;

  function layout() {
    root.classList.toggle("gl-alone", !!present && !present.curves() && !explain?.on && !spectrum?.on);
    const size = dead ? null : measure();
    if (!size || !curves) return;
    if (!ready) view.reveal?.();
    const theme = ground.theme();
    theme.u = size.u;
    view.resize(size.picture.width, size.picture.height, theme);
    const { width, height } = curvesSize();
    curves.resize(small, width, height, theme, present?.on());
    line?.resize(size.u);
    pad?.layout();
    ready = true;
    // At once, not in the next animation frame, because a resized canvas is blank.
    redraw.picture = redraw.curves = false;
    view.draw(frozen ? frozen.frame : frame);
    // Over the curves, or above the picture if these are below it.
    for (const panel of [explain, spectrum]) {
      if (!panel || panel.node.parentElement === (size.narrow ? boxes.main : boxes.curves)) continue;
      if (size.narrow) boxes.main.prepend(panel.node);
      else boxes.curves.append(panel.node);
    }
    explain?.draw();
    spectrum?.resize(theme);
    curves.draw();
    lit.again();
    refresh();
  }

  /**
   * Build the knobs for fields that are the same in all runs; returns whether they differ from the previous ones.
   *
   * @param {import("./types.js").Scene} of
   * @param {string[]} [except] fields in which the runs differ
   */
  function showKnobs(of, except = []) {
    boxes.knobs.hidden = stored;
    const shown = of.knobs.filter((knob) => !except.includes(knob.field));
    const text = JSON.stringify(shown);
    if (text === built.knobs) return false;
    built.knobs = text;
    knobs = knobRow(shown, send, () => whenCalm(() => act({ act: "turned" })));
    knobs.node.append(story.tail);
    boxes.knobs.replaceChildren(knobs.node);
    shape.mark(root);
    return true;
  }

  /** The figure of G's costs, at what D says about generated samples now. */
  function costs() {
    const d = view.judged?.(frame) ?? null;
    if (d === null) return `${settings.theory}?figure=costs`;
    const value = Math.min(0.999, Math.max(0.001, d)).toFixed(4);
    return `${settings.theory}?figure=costs&d=${value}&run=${value}`;
  }

  /** @param {import("./types.js").Scene} of */
  function showLayers(of) {
    const text = JSON.stringify([of.layers, of.labels, of.d_label]);
    if (!view.hasLayers || text === built.layers) return;
    built.layers = text;
    for (const { id } of of.layers) if (shape.hidden(`layer-${id}`)) hidden.add(id);
    const axes = view.follows && !settings.stored ? (/** @type {boolean} */ value) => send({ cmd: "follow", value }) : null;
    const choose = (/** @type {number} */ value) => send({ cmd: "label", value });
    const told = axes && of.labels ? { count: of.labels, now: Number(of.d_label), choose } : null;
    layers = legend(of.layers, hidden, () => (layout(), lesson.layers(hidden), classroom?.show()), axes, settings.theory && view.judged ? costs : null, told);
    if (pad) layers.add(pad.button, "p_data");
    boxes.legend.replaceChildren(layers.node);
    shape.mark(root);
  }

  /** Replace the old picture by this scene's, unless that is done. */
  const reveal = () => ready || layout();

  /** @param {import("./types.js").Scene} message */
  function onScene(message) {
    const stays = ready && (view.stays?.(message) ?? true);
    still.drop();
    scene = message;
    frame = null;
    explain?.clear();
    spectrum?.clear();
    frames.drop();
    fresh = ready = redraw.picture = false;
    story.scene(message);
    present?.scene(message);
    if (!stored) lesson.scene(message);
    root.classList.toggle("gl-dim-2", message.dim === 2);
    view.scene(message);
    curves = curvesColumn({ ...message, panels: message.panels.filter(({ id }) => !shape.hidden(`curve-${id}`)) });
    shaping?.scene(message, curves.where);
    bar.explain(message.readout);
    line?.knobs(message.knobs);
    showKnobs(message, message.fields);
    showLayers(message);
    pad?.scene(message);
    counters.run = message.run;
    follow(message.query);
    // If the sizes are the same, the old picture stays until the first frame of the new run arrives.
    if (stays && measure()?.same) later(() => isOfScene(message) && reveal(), BLANK);
    else reveal();
  }

  /** @param {import("./types.js").Frame} message */
  function onFrame(message) {
    frames.receive(message, performance.now());
    schedule();
    if (ready || !isOfScene(message)) return;
    frame = message;
    reveal();
  }

  /** @param {import("./types.js").Curves} message */
  function onCurves(message) {
    if (!isOfScene(message)) return;
    curves?.setCurves(message);
    lit.again();
    line?.flags(message.flags ?? []);
    exporter.flags(message.flags ?? []);
    redraw.curves = true;
    if (view.curves?.(message)) redraw.picture = true;
    if (state === "playing") withNextFrame();
    else schedule();
  }

  /**
   * @param {import("./types.js").Timeline | undefined} now
   * @param {boolean} moved whether that is into the past, or out of it
   */
  function showTimeline(now, moved) {
    const had = line?.node.hidden;
    line?.status(now);
    if (had !== line?.node.hidden) layout();
    root.classList.toggle("gl-rewound", past);
    if (curves?.setCursor(past && now ? now.iteration : null)) {
      redraw.curves = true;
      schedule();
    }
    if (moved) refresh();
  }

  /** Open the panel that the address names; afterwards the address names the one that is open. */
  function showPanel() {
    if (settings.connect || stored) return;
    const name = (wanted ??= kept().find(([field]) => field === "panel")?.[1] ?? "");
    const second = view.panel ? "estimates" : "spectrum";
    if (name) {
      wanted = "";
      if (name === "explain" && explain && !explain.on) explain.toggle(true);
      if (name === second && spectrum && !spectrum.on) spectrum.toggle(true);
    } else keep("panel", explain?.on ? "explain" : spectrum?.on ? second : "");
    if (!curves || curves.count || opened === anyPanel()) return;
    opened = anyPanel(); // without curves a panel has no room of its own
    layout();
  }

  /** @param {import("./types.js").Status} message */
  function onStatus(message) {
    const before = state;
    state = message.state;
    speed = message.speed;
    counters.state = state;
    counters.iteration = message.iteration;
    root.dataset.state = state;
    if (message.message) root.dataset.drawn = ""; // possibly no picture will follow
    const now = message.timeline;
    const moved = past !== (now?.past ?? false);
    past = now?.past ?? false;
    told = past && now ? { ...message, iteration: now.iteration } : message;
    explain?.status(message);
    present?.status(message);
    spectrum?.status(told);
    if (past && explain?.on) explain.stop(); // it explains the present
    showPanel();
    showBar();
    showTimeline(now, moved);
    exporter.status(message);
    story.status(message);
    lesson.status(message);
    banner.say(message.message || "", state === "diverged");
    if (scene && isOfScene(message)) {
      view.status?.(message);
      if (message.fields && showKnobs(scene, message.fields)) layout();
      follow(message.query);
    }
    knobs?.refused(message.refused);
    pad?.status(message);
    knobs?.values(message.values, message.replayed);
    layers?.following(message.follow);
    if (state === "playing") {
      if (before !== "playing") still.drop();
    } else if (before !== state) refresh();
  }

  /** @param {import("./types.js").Message} message */
  function receive(message) {
    if (message.type === "scene") onScene(message);
    else if (message.type === "frame") onFrame(message);
    else if (message.type === "curves") onCurves(message);
    else if (message.type === "status") {
      words = message;
      if (state === "playing" && message.state === state && !message.message) withNextFrame();
      else showWords();
    } else if (message.type === "waits") {
      counters.waits = message.text;
      bar.waits(message.text);
    } else if (message.type === "parts") {
      if (isOfScene(message)) explain?.receive(message);
    } else if (message.type === "spectrum" || message.type === "estimates") {
      if (isOfScene(message) && spectrum?.type === message.type) spectrum.receive(/** @type {any} */ (message));
    } else if (message.type === "export") exporter.receive(message);
    else if (message.type === "figure" && isOfScene(message)) still.receive(message);
  }

  const ground = stage(root, {
    classes: view.classes ?? [],
    layout,
    changed: () => scene !== null && (!ready || !measure()?.same),
    key: (event) => (pad?.on() ? pad.key(event) : (event.key === "Escape" && classroom?.shut()) || explain?.key(event) || bar.key(event, present?.key)),
    visible: (value) => send({ cmd: "visible", value }),
  });
  ground.open();
  present?.open();
  const join = settings.connect ?? ((client) => connect(settings.socket, client));
  link = join({
    bar,
    banner,
    opened() {
      frames.reset();
      counters.waits = "";
      if (!settings.connect && keptSpeed() !== null && !shape.fixed("speed")) send({ cmd: "speed", value: keptSpeed() });
      if (document.hidden) send({ cmd: "visible", value: false });
    },
    message: receive,
    expects: () => state === "playing",
    lost() {
      exporter.lost();
      settings.onLost?.();
    },
    back: () => settings.onBack?.(),
    gone: () => settings.onGone?.(),
  });
  const atLeisure = window.requestIdleCallback ?? window.setTimeout;
  if (view.hosts) later(() => atLeisure(() => dead || prefetchPlotly(settings.plotly)), PREFETCH);

  return {
    /** The page's theme may have changed. */
    update: () => void (dead || ground.retheme()),
    /** Show what another view shows: whether the picture stands still, and the layers that are hidden. */
    /** @param {boolean} still @param {string[]} without */
    show(still, without) {
      freeze(still);
      for (const { id } of scene?.layers ?? []) layers?.show(id, !without.includes(id));
    },
    destroy() {
      if (dead) return;
      dead = true;
      still.drop();
      link?.close();
      cancelAnimationFrame(raf);
      clearTimeout(overdue);
      explain?.close();
      present?.close();
      classroom?.close();
      pad?.close();
      ground.close();
      banner.close();
      line?.close();
      shaping?.close();
      files?.close();
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
