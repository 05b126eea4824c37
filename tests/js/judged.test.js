import assert from "node:assert/strict";
import { test } from "node:test";

import { judged } from "../../assets/live/judged.js";

const frame = (a, shape = {}) => ({ a, shape });

test("on a line D is averaged over p_g", () => {
  const scene = { dim: 1, box: [[0, 2]] };
  assert.equal(judged(scene, frame({ p_g: [0, 1, 3], d: [0.9, 0.2, 0.4] })), (0.2 + 3 * 0.4) / 4);
  assert.equal(judged(scene, frame({ p_g: [0, 1, 1], d: [NaN, 0.5, NaN] })), 0.5);
});

test("in the plane D is averaged over the generated samples that are shown", () => {
  const scene = { dim: 2, box: [[-1, 1], [0, 2]] };
  const d = [0, 51, 102, 255]; // two rows, the lower one first
  const fake = [-0.5, 0.5, 0.5, 0.5, 0.5, 1.5, 9, 9];
  const mean = judged(scene, frame({ fake, d }, { d: [2, 2] }));
  assert.ok(Math.abs(mean - (0 + 0.2 + 1) / 3) < 1e-12);
});

test("nothing is said without D or without samples", () => {
  const scene = { dim: 1, box: [[0, 1]] };
  for (const one of [null, frame({ d: [0.5] }), frame({ p_g: [1] }), frame({ p_g: [0], d: [0.5] })]) {
    assert.equal(judged(scene, one), null);
  }
});
