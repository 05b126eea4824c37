import assert from "node:assert/strict";
import { test } from "node:test";

import { packed, stroke, sweep, unpacked, versions } from "../../assets/live/strokes.js";

test("a fast stroke over a curve leaves no gaps, in both directions", () => {
  for (const [from, to] of [[2, 8], [8, 2]]) {
    const heights = new Array(11).fill(1);
    sweep(heights, null, { at: from, height: 10 * from }, Math.round);
    assert.deepEqual(heights.map((h, i) => h !== 1 && i), heights.map((_, i) => i === from && i));
    sweep(heights, { at: from, height: 10 * from }, { at: to, height: 10 * to }, Math.round);
    assert.deepEqual(heights, [1, 1, 20, 30, 40, 50, 60, 70, 80, 1, 1]);
  }
});

test("a stroke inks what is within its radius, and an eraser takes it away", () => {
  const size = 32;
  const far = (x, y) => Math.hypot(Math.max(8 - x, 0, x - 20), y - 10); // from the line (8, 10) to (20, 10)
  const ink = new Uint8Array(size * size);
  assert.equal(stroke(ink, size, [8, 10], [20, 10], 3, false), true);
  ink.forEach((level, i) => {
    const d = far((i % size) + 0.5, Math.floor(i / size) + 0.5);
    if (d <= 2.5) assert.equal(level, 15);
    else if (d >= 3.5) assert.equal(level, 0);
    else assert.ok(Math.abs(level - 15 * (3.5 - d)) <= 0.5);
  });
  assert.equal(stroke(ink, size, [8, 10], [20, 10], 3, false), false, "the same again changes nothing");
  const before = ink.reduce((sum, v) => sum + v, 0);
  stroke(ink, size, [8, 10], [8, 10], 1, true);
  assert.ok(ink.reduce((sum, v) => sum + v, 0) < before);
  stroke(ink, size, [-50, 10], [90, 10], 6, true);
  assert.ok(ink.every((v) => v === 0), "a stroke may begin and end beyond the paper");
});

test("packed ink is unpacked as it was", () => {
  const ink = Uint8Array.from({ length: 256 }, (_, i) => (i * 7) % 16);
  assert.equal(packed(ink).length, 172);
  assert.deepEqual(unpacked(packed(ink)), ink);
});

test("changes are undone and redone in order, and a new change ends what can be redone", () => {
  const past = versions((values) => values.slice(), 3);
  let now = [0];
  const change = (v) => {
    past.keep(now);
    now = [v];
  };
  for (const v of [1, 2, 3, 4]) change(v);
  const seen = [];
  for (let found; (found = past.undo(now)); now = found) seen.push(...found);
  assert.deepEqual(seen, [3, 2, 1], "the oldest is forgotten");
  now = past.redo(now);
  now = past.redo(now);
  assert.deepEqual([now, past.can()], [[3], { undo: true, redo: true }]);
  change(9);
  assert.deepEqual(past.can(), { undo: true, redo: false });
  assert.equal(past.redo(now), null);
});
