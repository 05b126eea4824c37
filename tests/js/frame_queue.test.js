import assert from "node:assert/strict";
import { test } from "node:test";

import { frameQueue } from "../../assets/live/frame_queue.js";

const TICK = 1000 / 60;

function queue() {
  const told = [];
  const frames = frameQueue((n) => told.push(n));
  return { told, frames };
}

test("frames are acknowledged by how many have come in all, and once", () => {
  const { told, frames } = queue();
  assert.equal(frames.take(0, false), null);
  assert.deepEqual(told, [], "there is nothing to say");
  frames.receive("a", 1);
  assert.equal(frames.take(2, false), "a");
  assert.equal(frames.take(3, false), null);
  frames.receive("b", 4);
  frames.receive("c", 5); // takes the place of the one before it
  assert.equal(frames.take(6, false), "c");
  assert.deepEqual(told, [1, 3]);
  frames.reset();
  frames.take(7, false);
  frames.receive("d", 8);
  frames.take(9, false);
  assert.deepEqual(told, [1, 3, 1], "a new connection counts from 0");
});

test("a late frame leaves a gap only if none waits, and those after it are drawn one at a tick", () => {
  const { told, frames } = queue();
  // Frames 2 and 3 come after their ticks: then 1 has been waiting, and nothing.
  const arrivals = [0.1, 0.9, 2.1, 4.05, 4.2, 5.1, 6.1];
  const drawn = [];
  for (let tick = 1; tick <= 7; tick++) {
    for (const [i, at] of arrivals.entries()) if (at > tick - 1 && at <= tick) frames.receive(i, at * TICK);
    drawn.push(frames.take(tick * TICK, true));
  }
  assert.deepEqual(drawn, [0, 1, 2, null, 3, 4, 5], "each once, in order");
  assert.deepEqual(told, [1, 2, 3, 4, 5, 6]);
  assert.ok(frames.waits());
});

test("of two frames the first is drawn and acknowledged alone", () => {
  const { told, frames } = queue();
  frames.receive("a", 0);
  frames.receive("b", 10);
  assert.equal(frames.take(TICK, true), "a");
  assert.ok(frames.waits());
  assert.equal(frames.take(2 * TICK, true), "b");
  assert.ok(!frames.waits());
  assert.deepEqual(told, [1, 2]);
});

test("no frame gets old: a display that is slow, or has three frames, draws newer ones", () => {
  const { told, frames } = queue();
  frames.receive("a", 0);
  frames.receive("b", 12);
  assert.equal(frames.take(50, true), "b", "a has waited for three ticks");
  for (const [i, frame] of ["c", "d", "e"].entries()) frames.receive(frame, 51 + i);
  assert.equal(frames.take(60, true), "d");
  assert.equal(frames.take(70, true), "e");
  assert.deepEqual(told, [2, 4, 5]);
});

test("frames of an earlier scene are not drawn, but acknowledged", () => {
  const { told, frames } = queue();
  frames.receive("a", 0);
  frames.receive("b", 1);
  frames.drop();
  frames.receive("c", 2);
  assert.equal(frames.take(3, true), "c");
  assert.deepEqual(told, [3]);
});
