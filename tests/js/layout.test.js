import assert from "node:assert/strict";
import { test } from "node:test";

import { plan, planeWidth, scaleFor, scaleOnScreen } from "../../assets/live/layout.js";
import { SIZES } from "../../assets/live/tokens.js";

const SCREENS = [[800, 500], [1050, 600], [1280, 660], [1920, 1000], [3840, 2100]];
const room = ([width, height], narrow = false) => ({ width, height, window: height + 60, narrow, u: scaleFor(width, height) });
const legend = () => ({ width: 420, height: 30 });
const LINE = { box: null, panels: 5, top: 90, legend };
const SQUARE = { ...LINE, box: [[-2, 2], [-2, 2]] };

test("text grows with the screen, from 1 to 1.4 in steps of 0.05", () => {
  assert.equal(scaleFor(390, 800), 1);
  assert.equal(scaleFor(1920, 1000), 1.4);
  for (let w = 300; w < 3000; w += 37) {
    const u = scaleFor(w, 900);
    assert.ok(u >= 1 && u <= 1.4 && Math.abs(20 * u - Math.round(20 * u)) < 1e-9);
    assert.ok(scaleFor(w + 37, 900) >= u);
  }
});

test("picture, gap and curves fill the width, and no more than the height", () => {
  for (const screen of SCREENS) {
    for (const what of [LINE, SQUARE, { ...SQUARE, share: 0.7 }, { ...SQUARE, need: () => 9999 }]) {
      const { u, width, height } = room(screen);
      const { picture, curves } = plan(room(screen), what);
      assert.equal(picture.width + Math.round(18 * u) + curves.width, width);
      assert.equal(picture.height, height - what.top - 30);
      assert.equal(curves.height, height - what.top);
      assert.ok(curves.width > 0.27 * width && picture.width > 0);
    }
  }
});

test("a square picture takes what it needs, and the rest goes to the curves", () => {
  const { picture, curves } = plan(room([1920, 700]), SQUARE);
  const { u } = room([1920, 700]);
  assert.equal(picture.width, Math.round(planeWidth(SQUARE.box, picture.height, u)));
  assert.ok(curves.width > plan(room([1920, 700]), LINE).curves.width);
  const words = plan(room([1920, 300]), { ...SQUARE, legend: () => ({ width: 700, height: 30 }) });
  assert.equal(words.picture.width, 700, "but its legend stays in one row");
});

test("on a phone the curves lie below, each with its own room", () => {
  const { picture, curves } = plan(room([360, 700], true), LINE);
  assert.deepEqual([picture.width, curves.width], [360, 360]);
  assert.equal(curves.height, 5 * 104);
  assert.equal(plan(room([360, 700], true), SQUARE).picture.height, 360);
});

test("a presented picture has four fifths of a projector's screen, and its smallest labels 28 px", () => {
  const u = scaleOnScreen(1920, 1080);
  const sizes = Object.entries(SIZES).filter(([name]) => name !== "label_halo");
  assert.ok(u * Math.min(...sizes.map(([, size]) => size)) >= 28);
  const screen = { width: 1888, height: 1070, window: 1080, narrow: false, u, alone: true };
  for (const what of [LINE, SQUARE]) {
    const { picture } = plan(screen, { ...what, top: 95, legend: () => ({ width: 1200, height: 56 }) });
    assert.ok(picture.width * picture.height >= 0.8 * 1920 * 1080);
    assert.equal(picture.height, 1070 - 95 - 56);
  }
  assert.equal(scaleOnScreen(3840, 2160), 2 * u);
  assert.equal(scaleOnScreen(390, 800), 1, "but no text is smaller than on other pages");
});
