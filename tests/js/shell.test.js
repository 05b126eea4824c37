import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { mountView } from "../../assets/live/shell.js";
import { nextFrame, sockets } from "./document.js";

const SETTINGS = { socket: "ws://lab.example/live/t", plotly: "", labs: ["", "two"], others: [], largest: 1e6 };
const SCENE = {
  type: "scene", run: 1, dim: 1, box: [[-4, 4]], panels: [], layers: [], readout: [], seed: 0, query: "k=2",
  knobs: [
    { field: "k", title: "k", kind: "int", low: 0, high: 20, choices: [], restarts: false },
    { field: "g_lr", title: "g", kind: "float", low: 0.1, high: 1, choices: [], restarts: false },
  ],
};
const STATUS = { type: "status", run: 1, state: "playing", rate: 1, speed: 0, iteration: 0, seed: 0, values: {}, query: "k=2", message: "" };
const frame = (iteration, run = 1) => ({ type: "frame", run, iteration });

/** The bytes of a message without arrays. */
function bytes(header) {
  const text = new TextEncoder().encode(JSON.stringify({ ...header, arrays: [] }));
  const out = new Uint8Array(4 + text.length);
  new DataView(out.buffer).setUint32(0, text.length, true);
  out.set(text, 4);
  return out.buffer;
}

let view, root, socket, said;

/** Mount a view whose renderer notes what it is asked for. */
function mount(more = {}, settings = SETTINGS) {
  said = [];
  root = document.createElement("div");
  view = mountView(root, settings, () => ({
    nodes: [document.createElement("canvas")],
    curvesLabel: "curves",
    hasLayers: true,
    scene: (scene) => said.push(["scene", scene.run]),
    resize: (width, height) => said.push(["resize", width > 0 && height > 0]),
    draw: (now) => said.push(["draw", now?.iteration ?? null]),
    ...more,
  }));
  socket = sockets.at(-1);
  if (!settings.connect) socket.onopen();
}

const get = (...messages) => messages.forEach((message) => socket.receive(bytes(message)));
const acks = () => socket.sent.filter(({ cmd }) => cmd === "ack").map(({ n }) => n);
const drawn = () => said.filter(([what]) => what === "draw").map(([, iteration]) => iteration);

beforeEach(() => {
  view?.destroy();
  document.hidden = false;
});

test("a scene is laid out before it is drawn, blank until its first frame", () => {
  mount();
  get(SCENE);
  assert.deepEqual(said, [["scene", 1], ["resize", true], ["draw", null]]);
  get(frame(7));
  assert.equal(root.dataset.drawn, undefined);
  nextFrame();
  assert.deepEqual(said.at(-1), ["draw", 7]);
  assert.equal(root.dataset.drawn, "");
  assert.equal(window.ganlab.iteration, 7);
});

test("at rest the newest frame is drawn, and those that it took the place of are acknowledged with it", () => {
  mount();
  get(SCENE, { ...STATUS, state: "paused" }, frame(1), frame(2), frame(3));
  assert.deepEqual(acks(), [], "not before it is on the screen");
  nextFrame();
  assert.deepEqual(drawn(), [null, 3]);
  assert.deepEqual(acks(), [3]);
  nextFrame();
  assert.deepEqual(acks(), [3], "and once");
  get(frame(4));
  nextFrame();
  assert.deepEqual(acks(), [3, 4]);
});

test("the frames of a moving run are drawn in order, and its newest one after a command", () => {
  mount();
  get(SCENE, STATUS, frame(1), frame(2));
  nextFrame(performance.now());
  nextFrame(performance.now());
  assert.deepEqual(drawn(), [null, 1, 2]);
  assert.deepEqual(acks(), [1, 2]);
  get(frame(3), frame(4));
  root.find("step").dispatchEvent(new Event("click"));
  nextFrame(performance.now());
  assert.deepEqual(drawn(), [null, 1, 2, 4]);
});

test("frames of the scene before are not drawn, and acknowledged with the first of this one", () => {
  mount();
  get(SCENE, STATUS, frame(1), { ...SCENE, run: 2 }, frame(2, 2));
  nextFrame(performance.now());
  assert.ok(!drawn().includes(1));
  assert.equal(drawn().at(-1), 2);
  assert.deepEqual(acks(), [2]);
});

test("a frame is acknowledged before it is drawn, so that the next one is made meanwhile", () => {
  mount({ draw: (now) => now && said.push(["acks", acks().length]) });
  get(SCENE, frame(1));
  nextFrame();
  assert.deepEqual(said.at(-1), ["acks", 1]);
});

test("long gaps between pictures of a run at full speed are counted", () => {
  mount();
  get(SCENE, STATUS, frame(0));
  nextFrame(1000);
  const before = window.ganlab.gaps;
  const gaps = (...ticks) => {
    for (const tick of ticks) {
      get(frame(tick));
      nextFrame(tick);
    }
    return window.ganlab.gaps - before;
  };
  assert.equal(gaps(1017, 1067), 0);
  assert.equal(gaps(1118), 1);
  get({ ...STATUS, state: "paused" });
  assert.equal(gaps(9000), 1, "not of a paused run");
  get(STATUS);
  assert.equal(gaps(9900), 1, "nor across a pause");
  assert.equal(gaps(9999), 2);
  get({ ...STATUS, speed: 5 });
  assert.equal(gaps(10999), 2, "nor of one that is slow by intention");
});

test("a frame of another run is acknowledged, not drawn", () => {
  mount();
  get(SCENE, frame(9, 5));
  nextFrame();
  assert.deepEqual(drawn(), [null]);
  assert.deepEqual(acks(), [1]);
});

test("a picture that cannot be drawn does not stop the stream", () => {
  mount({
    draw: (now) => {
      if (now) throw new Error("a renderer's own");
    },
  });
  get(SCENE, frame(1));
  assert.throws(nextFrame, /own/);
  assert.deepEqual(acks(), [1]);
});

test("of a new run of the same size the old picture stays until the first frame", () => {
  const revealed = [];
  mount({ reveal: () => revealed.push(said.length) });
  get(SCENE, frame(1));
  nextFrame();
  const before = drawn().length;
  get({ ...SCENE, run: 2 });
  nextFrame();
  assert.equal(drawn().length, before, "nothing is blanked");
  get(frame(0, 2));
  nextFrame();
  assert.deepEqual(drawn().slice(before)[0], 0);
  assert.equal(revealed.length, 2);
});

test("a new run that sends nothing gets its own axes soon, a renderer may want them at once", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    mount();
    get(SCENE, frame(1));
    nextFrame();
    get({ ...SCENE, run: 2 });
    assert.equal(drawn().at(-1), 1);
    mock.timers.tick(1000);
    assert.equal(drawn().at(-1), null);
    view.destroy();
    mount({ stays: () => false });
    get(SCENE, frame(1));
    nextFrame();
    get({ ...SCENE, run: 2 });
    assert.equal(drawn().at(-1), null);
  } finally {
    mock.timers.reset();
  }
});

test("while it plays, words wait for the next frame; what is urgent does not", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    mount();
    get(SCENE, STATUS);
    get({ ...STATUS, values: { k: 7 } });
    const k = root.find("knob-k");
    assert.notEqual(Number(k.value), 7);
    get(frame(1));
    nextFrame();
    assert.equal(Number(k.value), 7);
    get({ ...STATUS, values: { k: 8 } });
    mock.timers.tick(1000);
    assert.equal(Number(k.value), 8, "there is no next frame");
    get({ ...STATUS, state: "diverged", message: "D has no value" });
    assert.equal(root.dataset.state, "diverged");
    assert.equal(root.find("message").textContent, "D has no value");
  } finally {
    mock.timers.reset();
  }
});

test("fields in which the runs differ have no knob", () => {
  mount();
  get({ ...SCENE, fields: ["k"] });
  assert.equal(root.find("knob-k"), null);
  assert.ok(root.find("knob-g_lr"));
  get({ ...STATUS, fields: [] });
  assert.ok(root.find("knob-k"));
});

test("a hidden page says so to a new connection, and frames are counted anew", () => {
  mount();
  get(SCENE, frame(1), frame(2));
  nextFrame();
  document.hidden = true;
  socket.onopen();
  assert.deepEqual(socket.sent.at(-1), { cmd: "visible", value: false });
  get(frame(3));
  nextFrame();
  assert.deepEqual(acks(), [2, 1]);
});

test("after its end a view neither draws nor answers", () => {
  mount();
  get(SCENE);
  view.destroy();
  const before = said.length;
  get(frame(1), { ...SCENE, run: 2 });
  nextFrame();
  view.update();
  assert.equal(said.length, before);
  assert.deepEqual(acks(), []);
});

test("a view may be fed by another connection than a socket", () => {
  const before = sockets.length;
  const sent = [];
  let client;
  const connect = (shell) => ((client = shell), { send: (command) => sent.push(command) > 0, close: () => sent.push("close") });
  mount({}, { ...SETTINGS, connect });
  assert.equal(sockets.length, before);
  client.message({ ...SCENE, a: {}, shape: {} });
  client.message({ ...frame(7), a: {}, shape: {} });
  nextFrame();
  assert.deepEqual(drawn().slice(-1), [7]);
  assert.deepEqual(sent, [{ cmd: "ack", n: 1 }]);
  view.destroy();
  assert.equal(sent.at(-1), "close");
});
