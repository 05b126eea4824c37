import assert from "node:assert/strict";
import { test } from "node:test";

import { credit } from "../../assets/live/credit.js";

test("frames are acknowledged by how many have come in all, and once", () => {
  const told = [];
  const frames = credit((n) => told.push(n));
  frames.settle();
  assert.deepEqual(told, [], "there is nothing to say");
  frames.receive();
  frames.settle();
  frames.settle();
  frames.receive();
  frames.receive(); // took the place of the one before it
  frames.settle();
  assert.deepEqual(told, [1, 3]);
  frames.reset();
  frames.settle();
  frames.receive();
  frames.settle();
  assert.deepEqual(told, [1, 3, 1], "a new connection counts from 0");
});
