import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { sketchpad } from "../../assets/live/sketchpad.js";
import { LEVELS, packed, unpacked } from "../../assets/live/strokes.js";
import { themeOf } from "../../assets/live/theme.js";
import { nextFrame } from "./document.js";

const THEME = { ...themeOf("light"), u: 1 };
const CURVE = { kind: "curve", own: false, box: [[-5, 5]], area: [[-4, 4]], heights: [0, 10, 50, 10, 0] };
const INK = { kind: "ink", own: true, box: [[-2.5, 2.5], [-2.5, 2.5]], area: [[-2, 2], [-2, 2]], size: 64, ink: packed(new Uint8Array(4096).fill(3)) };
const scene = (drawing, run = 1) => ({ type: "scene", run, dim: drawing.area.length, box: drawing.box, layers: [], drawing, a: {}, shape: {} });

let pad, sent, box, state;

/** Open the sheet; returns functions that find its parts and act on its canvas. */
function open(drawing) {
  sent = [];
  state = "playing";
  box = document.createElement("div");
  pad = sketchpad({
    box: () => box,
    send: (command) => Boolean(sent.push(command)),
    playing: () => state === "playing",
    theme: () => THEME,
    changed: () => {},
  });
  pad.scene(scene(drawing));
  const button = pad.button;
  button.click();
  const node = box.children[0];
  const canvas = node.find("sketch");
  const point = (type, x, y) =>
    canvas.dispatchEvent(Object.assign(new Event(type), { pointerId: 1, button: 0, clientX: x, clientY: y, pointerType: "mouse" }));
  const key = (name, target = canvas) => pad.key({ key: name, target });
  const control = (name, shiftKey = false) => node.dispatchEvent(Object.assign(new Event("keydown"), { key: name, ctrlKey: true, shiftKey }));
  return { node, canvas, point, key, control };
}

const drag = ({ point }, places) => {
  point("pointerdown", ...places[0]);
  for (const place of places.slice(1)) point("pointermove", ...place);
  point("pointerup", ...places.at(-1));
  nextFrame();
};
const used = ({ key }) => {
  key("Enter");
  return sent.at(-1);
};

beforeEach(() => {
  const { prototype } = Object.getPrototypeOf(document.createElement("canvas")).constructor;
  Object.assign(prototype, { matches: () => false, setPointerCapture() {}, scrollIntoView() {} });
});

test("the run pauses while one draws, and goes on after Esc as it was", () => {
  const sheet = open(CURVE);
  assert.deepEqual(sent, [{ cmd: "pause" }]);
  assert.equal(pad.on(), true);
  sheet.key("Escape");
  assert.deepEqual(sent, [{ cmd: "pause" }, { cmd: "play" }]);
  assert.equal(pad.on(), false);
  assert.equal(box.children.length, 0);
});

test("a stroke over a curve is the line between its ends, and Enter sends it with its place", () => {
  const sheet = open(CURVE);
  drag(sheet, [[0, 243], [800, 243]]); // half of the height of the axes, which reach from 26 to 460
  const { heights, low, high, cmd } = used(sheet);
  assert.deepEqual([cmd, low, high], ["draw_curve", -4, 4]);
  assert.deepEqual(heights, [50, 50, 50, 50, 50]);
});

test("nothing at all is not sent, and the page says why", () => {
  const sheet = open(CURVE);
  sheet.node.find("sketch-clear").click();
  sheet.key("Enter");
  assert.deepEqual(sent, [{ cmd: "pause" }]);
  const why = sheet.node.find("sketch-why");
  assert.equal(why.textContent, "Nothing is drawn yet.");
  sheet.key("ArrowUp");
  assert.equal(why.hidden, true, "until something is drawn");
  assert.equal(used(sheet).cmd, "draw_curve");
});

test("keys shape the curve: a place, its height, undo and redo", () => {
  const sheet = open(CURVE);
  for (const key of ["ArrowRight", "ArrowUp", "ArrowUp"]) assert.equal(sheet.key(key), true);
  assert.equal(sheet.key("d"), false, "nor does a key of the toolbar work");
  sheet.control("z");
  assert.deepEqual(used(sheet).heights, [0, 10, 50, 15, 0]);
  sheet.control("z", true);
  assert.deepEqual(used(sheet).heights, [0, 10, 50, 20, 0]);
});

test("the sheet closes when its drawing is p_data, and stays with the reason if it is refused", () => {
  const sheet = open(CURVE);
  sheet.key("ArrowUp");
  sheet.key("Enter");
  pad.status({ refused: { field: "p_data", why: "heights: too few" } });
  assert.equal(sheet.node.find("sketch-why").textContent, "heights: too few");
  sheet.key("ArrowUp");
  sheet.key("Enter");
  pad.scene(scene({ ...CURVE, own: true }, 2));
  assert.equal(pad.on(), false);
  assert.equal(sent.at(-1).cmd, "play");
});

test("a drawing that was not changed leaves p_data as it is", () => {
  const sheet = open(INK);
  assert.equal(used(sheet).cmd, "play");
  assert.equal(pad.on(), false);
});

test("brush, eraser and their width change ink, which is undone stroke by stroke", () => {
  const sheet = open(INK);
  const ink = () => unpacked(used(sheet).ink);
  // The canvas has 800 × 500 px, in which the axes' box is a square about its middle.
  drag(sheet, [[400, 240], [420, 240], [440, 240]]);
  const thin = ink().filter((level) => level === LEVELS).length;
  assert.ok(thin > 10);
  for (let i = 0; i < 4; i++) sheet.key("]");
  drag(sheet, [[400, 240], [420, 240], [440, 240]]);
  const thick = ink().filter((level) => level === LEVELS).length;
  assert.ok(thick > 1.5 * thin);
  sheet.key("e");
  drag(sheet, [[380, 240], [460, 240]]);
  assert.ok(ink().filter((level) => level === LEVELS).length < thick);
  assert.ok(ink().includes(0));
  sheet.control("z");
  sheet.control("z");
  assert.equal(ink().filter((level) => level === LEVELS).length, thin);
  assert.equal(used(sheet).width, 4);
});

test("the keys' pen draws only while it is down", () => {
  const sheet = open(INK);
  sheet.key("ArrowRight");
  assert.equal(sheet.node.find("sketch-undo").disabled, true);
  sheet.key(" ");
  for (let i = 0; i < 5; i++) sheet.key("ArrowDown");
  sheet.key(" ");
  assert.ok(unpacked(used(sheet).ink).filter((level) => level === LEVELS).length >= 5);
});
