import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { lastBy, nearestTo } from "../../assets/live/places.js";
import { player } from "../../assets/live/player.js";
import { tapeOf } from "../../assets/live/tape.js";
import { nextFrame } from "./document.js";

const AT = [0, 10, 20, 40, 80];

/** A tape with these places, of two runs. */
function tape() {
  return {
    unit: "updates", seconds: 8, seed: 5, name: "run", labels: ["k = 1", "k = 2"], lost: [[0, ""], [20, "G diverged"]],
    count: AT.length, at: AT, iterations: AT.map((at) => at / 2),
    scene: { type: "scene", run: 1, fields: ["k"] },
    curves: { type: "curves", run: 1, a: { iteration: Float32Array.of(0, 5, 10, 15, 20, 40), "jsd.0": Float32Array.of(6, 5, 4, 3, 2, 1) } },
    frame: (i) => ({ type: "frame", run: 1, iteration: AT[i] / 2, i }),
  };
}

let link, got, moments;

/** Connect to a player; its messages are in `got`. */
async function connect(options = {}) {
  got = [];
  moments = [];
  const client = { opened: () => got.push({ type: "opened" }), message: (message) => got.push(message) };
  link = player(tape(), { moment: (i) => moments.push(i), ...options })(client);
  await new Promise((done) => setTimeout(done, 1));
}
const last = (type) => got.findLast((one) => one.type === type);

beforeEach(() => link?.close());

test("places are searched by halves", () => {
  for (let place = -3; place < 90; place += 1) {
    const before = AT.filter((at) => at <= place);
    assert.equal(lastBy(AT, place), Math.max(0, before.length - 1));
    const away = AT.map((at) => Math.abs(at - place));
    assert.equal(Math.abs(AT[nearestTo(AT, place)] - place), Math.min(...away));
  }
  assert.equal(lastBy([7], 3), 0);
});

test("it begins as a server does: scene, curves, status, frame", async () => {
  await connect();
  assert.deepEqual(got.map(({ type }) => type), ["opened", "scene", "curves", "frame", "status"]);
  const { state, timeline, seed } = last("status");
  assert.deepEqual([state, seed, timeline.first, timeline.last, timeline.at, timeline.past], ["paused", 5, 0, 80, 0, true]);
  assert.deepEqual(timeline.places, AT);
});

test("a moment that is asked for is the nearest that is stored, with its numbers", async () => {
  await connect();
  assert.equal(link.send({ cmd: "scrub", at: 27, kept: true }), true);
  assert.deepEqual([last("frame").i, last("status").timeline.at, last("status").timeline.iteration], [2, 20, 10]);
  assert.deepEqual(last("status").runs.map(({ jsd, lost }) => [jsd, lost]), [[4, ""], [null, ""]]);
  link.send({ cmd: "scrub", at: 70, kept: false });
  assert.deepEqual(last("status").runs.map(({ jsd, lost }) => [jsd, lost]), [[1, ""], [null, "G diverged"]]);
  assert.equal(last("status").timeline.past, false);
  link.send({ cmd: "scrub", at: -5, kept: false });
  assert.deepEqual(moments, [0, 2, 4, 0]);
});

test("it plays at its speed, stops at the end, and plays again from the beginning", async () => {
  await connect();
  let now = 1000;
  const tick = (seconds) => {
    for (let i = 0; i < Math.round(10 * seconds); i++) nextFrame((now += 100));
  };
  link.send({ cmd: "play" });
  tick(0.1); // from here on
  assert.equal(last("status").state, "playing");
  tick(2.1);
  assert.equal(last("frame").i, 2); // 80 updates in 8 s
  link.send({ cmd: "speed", value: 4 });
  assert.equal(last("status").speed, 4);
  tick(0.5);
  assert.equal(last("frame").i, 3);
  tick(1.1);
  assert.deepEqual([last("frame").i, last("status").state, last("status").timeline.past], [4, "paused", false]);
  const count = got.length;
  tick(1);
  assert.equal(got.length, count);
  link.send({ cmd: "play" });
  assert.equal(last("frame").i, 0);
  link.send({ cmd: "pause" });
  tick(3);
  assert.equal(last("frame").i, 0);
});

test("it may play at once, knows no command that needs a server, and names files", async () => {
  await connect({ moves: true });
  assert.equal(last("status").state, "playing");
  for (const cmd of ["set", "step", "restart", "continue", "ack", "figure"]) assert.equal(link.send({ cmd }), false);
  link.send({ cmd: "export", value: "json" });
  assert.equal(last("export").name, "run.json");
});

test("codes are differences, modulo their size, of rounded values", () => {
  const zigzag = (values) => values.map((v) => ((v << 1) ^ (v >> 31)) & 65535);
  // 0, 32767, −32768 (none), 5: differences modulo 2^16
  const codes = zigzag([0, 32767, 1, -32763]);
  const stored = Uint8Array.from([...codes.map((c) => c & 255), ...codes.map((c) => c >> 8)]);
  const field = Uint8Array.from([250, 10, 0, 246]); // 2 frames of [250, 4], then the same along time
  const message = {
    unit: "updates", seconds: 1, scene: { type: "scene", run: 1 }, frames: [{ at: 0, iteration: 0 }, { at: 3, iteration: 1 }],
    coded: [
      { array: "coded.0", name: "p", kind: "i2", shape: [4, 1], axes: [0], low: [1], step: 0.5, frames: [8, 9, 0, 1] },
      { array: "coded.1", name: "d", kind: "u1", shape: [2, 2], axes: [1], low: [0], step: null },
    ],
    a: { "coded.0": stored, "coded.1": field, "scene.x": Float32Array.of(7), "row.jsd": Float32Array.of(1, 2) },
    shape: { "scene.x": [1], "row.jsd": [2] },
  };
  const made = tapeOf(message);
  assert.deepEqual([...made.frame(0).a.d, ...made.frame(1).a.d], [250, 4, 0, 246]);
  assert.equal(made.frame(1).a.p[0], 1 + 0.5 * 5);
  assert.ok(Number.isNaN(made.frame(0).a.p[0]));
  assert.deepEqual([...made.scene.a.x], [7]);
  assert.deepEqual([...made.curves.a.jsd], [1, 2]);
  assert.deepEqual(made.iterations, [0, 1]);
});
