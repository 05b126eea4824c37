import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { toolbar } from "../../assets/live/controls.js";
import { knobRow, legend } from "../../assets/live/knobs.js";
import { keptSpeed, storyRow } from "../../assets/live/story.js";

const STATUS = { run: 1, state: "playing", rate: 0, speed: 0, iteration: 0, seed: 3, values: {}, query: "", message: "" };
const key = (name, more = {}) => ({ key: name, repeat: false, target: document.body, ...more });
let sent;
const send = (command) => sent.push(command) > 0;
beforeEach(() => {
  sent = [];
  sessionStorage.removeItem("ganlab.speed");
});

test("keys press the buttons, and words typed into a field are left alone", () => {
  const bar = toolbar(send);
  bar.status(STATUS);
  for (const name of [" ", "d", "g", "s", "ArrowRight", "r", "n"]) assert.ok(bar.key(key(name)), name);
  assert.deepEqual(sent.map(({ cmd }) => cmd), ["pause", "d", "g", "step", "step", "restart", "seed"]);
  const field = document.createElement("input");
  field.type = "text";
  assert.equal(bar.key(key("d", { target: field })), false);
  assert.equal(bar.key(key("q")), false);
  assert.equal(bar.key(key("d", { repeat: true })), true, "held down, it counts once");
  assert.equal(sent.length, 7);
});

test("runs that move by whole iterations have no updates of one player", () => {
  for (const [many, whole] of [[true, false], [false, true]]) {
    const bar = toolbar(send, many, whole);
    assert.equal(bar.node.find("d"), null);
    assert.equal(bar.key(key("d")), false);
  }
});

test("the toolbar says how the run is computed, and for how long yet", () => {
  const bar = toolbar(send);
  const word = bar.node.find("status");
  const says = (backend, more = {}) => {
    bar.status({ ...STATUS, backend, ...more });
    return word.textContent;
  };
  assert.equal(says({ state: "compiling", left: 33 }), "ready in ~35 s");
  assert.equal(says({ state: "waiting", left: 290 }), "ready in ~5 min");
  assert.equal(says({ state: "compiling", left: 2 }), "ready soon");
  assert.equal(says({ state: "compiling", left: null }), "compiling…");
  assert.match(word.title, /longer than usual/);
  assert.equal(says({ state: "compiled", factor: 7.84 }), "7.8× faster");
  assert.equal(says({ state: "failed", reason: "no compiler" }), "not compiled");
  assert.match(word.title, /no compiler/);
  assert.equal(says({ state: "compiled" }, { state: "paused" }), "paused");
  bar.link("reconnecting…");
  assert.equal(word.textContent, "reconnecting…");
});

test("a chosen speed is sent and kept for the tab; the server's moves the slider", () => {
  const bar = toolbar(send);
  const slider = bar.node.find("speed");
  bar.status({ ...STATUS, speed: 4 });
  assert.equal(Number(slider.value), 2);
  slider.value = "5";
  slider.dispatchEvent(new Event("input"));
  assert.deepEqual(sent, [{ cmd: "speed", value: 30 }]);
  assert.equal(keptSpeed(), 30);
  assert.equal(slider.getAttribute("aria-valuetext"), "30 updates/s");
  bar.status({ ...STATUS, speed: 4 });
  assert.equal(slider.value, "5", "not while it is being moved");
});

test("the seeds of many runs are a range, and an update that is dear says what it costs", () => {
  const bar = toolbar(send, true);
  bar.status({ ...STATUS, seeds: 16, update_seconds: 0.042, rate: 3.14 });
  assert.match(bar.node.find("seed").textContent, /Seeds 3–18/);
  assert.match(bar.node.textContent, /3.1 it\/s · about 42 ms per update/);
});

const KNOBS = [
  { field: "k", title: "k", kind: "int", low: 0, high: 20, log: false, choices: [], restarts: false, role: "D" },
  { field: "g_lr", title: "G's rate", kind: "float", low: 1e-5, high: 1, log: true, choices: [], restarts: false },
  { field: "loss", title: "loss", kind: "choice", low: null, high: null, log: false, choices: [["a", "A"], ["b", "B"]], restarts: true },
];

test("a knob sends at most each 50 ms, and its last value always", () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const now = mock.method(performance, "now", () => Date.now());
  try {
    const row = knobRow(KNOBS, send);
    const k = row.node.find("knob-k");
    for (const value of ["1", "2", "3", "4"]) {
      k.value = value;
      k.dispatchEvent(new Event("input"));
      mock.timers.tick(10);
    }
    mock.timers.tick(100);
    assert.deepEqual(sent, [{ cmd: "set", field: "k", value: 1 }, { cmd: "set", field: "k", value: 4 }]);
    row.values({ k: 9 });
    assert.equal(k.value, "4", "the server does not move what has just been touched");
    mock.timers.tick(1000);
    row.values({ k: 9 });
    assert.equal(Number(k.value), 9);
  } finally {
    now.mock.restore();
    mock.timers.reset();
  }
});

test("a logarithmic knob goes from end to end, in two digits", () => {
  const row = knobRow(KNOBS, send);
  const rate = row.node.find("knob-g_lr");
  const at = (place) => {
    rate.value = String(place);
    rate.dispatchEvent(new Event("input"));
    return Number(rate.getAttribute("aria-valuetext").replace("e−", "e-"));
  };
  assert.equal(at(0), 1e-5);
  assert.equal(at(240), 1);
  assert.ok(Math.abs(Math.log10(at(120)) + 2.5) < 0.02);
});

test("a knob that could not be turned says why, until another is", () => {
  const row = knobRow(KNOBS, send);
  const said = (field) => row.node.find(`refused-${field}`);
  row.refused({ field: "k", why: "k = 30 is not 0 to 20" });
  assert.deepEqual([said("k").textContent, said("k").hidden, said("g_lr").hidden], ["k = 30 is not 0 to 20", false, true]);
  row.refused(null);
  assert.equal(said("k").hidden, true);
});

test("words of the legend switch layers, and axes can follow G", () => {
  const hidden = new Set();
  const toggled = [];
  const followed = [];
  const layers = [{ id: "p_g", title: "p_g", role: "G", help: [["p_g", "what G makes", ""]] }];
  const row = legend(layers, hidden, () => toggled.push([...hidden]), (on) => followed.push(on));
  row.node.find("layer-p_g").click();
  row.node.find("layer-p_g").click();
  assert.deepEqual(toggled, [["p_g"], []]);
  row.node.find("follow").click();
  row.following(false);
  row.node.find("follow").click();
  assert.deepEqual(followed, [true, true]);
  assert.equal(legend(layers, hidden, () => {}).node.find("follow"), null);
});

const STORY = {
  run: 1,
  story: { name: "collapse", title: "Mode collapse", doc: "…", claim: "G stays on one mode", before: "a", after: "b",
    cures: [{ field: "unroll", value: 5, title: "unrolled D", words: "D looks ahead" }] },
  offers: [["x", "See it"]],
};

test("a phenomenon says how far it is, what it promised, and what was changed", () => {
  const acts = [];
  const row = storyRow(send, (act) => acts.push(act));
  row.scene(STORY);
  assert.equal(row.head.hidden, false);
  const chip = row.head.find("claim");
  row.status({ ...STATUS, iteration: 250, story: { state: "not yet", iterations: 1000, changed: [] } });
  assert.equal(chip.textContent, "not yet · 25 %");
  row.status({ ...STATUS, iteration: 1000, story: { state: "seen", iterations: 1000, changed: ["k"] } });
  assert.deepEqual([chip.textContent, chip.dataset.state], ["seen", "seen"]);
  assert.match(row.head.find("changed").textContent, /k/);
  assert.equal(row.tail.find("full").hidden, false, "it is over, and goes on slowly");
  row.status({ ...STATUS, iteration: 1000, chosen: true, story: { state: "seen", iterations: 1000, changed: [] } });
  assert.deepEqual([row.tail.find("full").hidden, row.tail.find("own-pace").hidden], [true, false]);
  row.status({ ...STATUS, run: 2, iteration: 1, story: { state: "not yet", iterations: 1000, changed: [] } });
  assert.equal(chip.textContent, "seen", "another run's status says nothing of this one");
  row.keys["]"]();
  row.keys["["]();
  assert.deepEqual(acts.map(({ name }) => name), ["b", "a"]);
});

test("a cure is taken and taken back", () => {
  const row = storyRow(send, () => {});
  row.scene(STORY);
  const cure = row.tail.find("cure-unroll");
  assert.equal(cure.textContent, "Cure it: unrolled D");
  cure.click();
  row.status({ ...STATUS, values: { unroll: 5 } });
  assert.equal(cure.textContent, "Without unrolled D");
  cure.click();
  assert.deepEqual(sent, [{ cmd: "set", field: "unroll", value: 5 }, { cmd: "set", field: "unroll", value: 0 }]);
});

test("without a phenomenon others are offered, and what differs from the default is named", () => {
  const acts = [];
  const row = storyRow(send, (act) => acts.push(act));
  row.scene({ ...STORY, story: {} });
  assert.equal(row.head.hidden, true);
  row.tail.find("see-x").click();
  assert.deepEqual(acts, [{ act: "preset", name: "x" }]);
  assert.equal(row.keys["["](), false);
  row.status({ ...STATUS, differs: ["a", "b", "c", "d", "e"] });
  assert.equal(row.tail.find("differs").textContent, "differs from the default: a, b, c and 2 more");
});
