import assert from "node:assert/strict";
import { test } from "node:test";
import "./setup.js";

/** A context as far as the recorder reads it: what is set can be read again. */
class Context {
  constructor(width, height) {
    Object.assign(this, { canvas: { width, height, clientWidth: width }, globalAlpha: 1, lineWidth: 1, lineJoin: "miter" });
    Object.assign(this, { lineCap: "butt", font: "600 12px A & B", textAlign: "right", textBaseline: "middle" });
    this.t = { a: 1, e: 0, f: 0 };
    this.made = 0;
  }
  getTransform() {
    return this.t;
  }
  getLineDash() {
    return [];
  }
  measureText(text) {
    return { width: 6 * text.length };
  }
}
for (const name of "beginPath closePath moveTo lineTo rect arc fill stroke fillRect strokeRect fillText clip save restore".split(" ")) {
  Context.prototype[name] = function () {
    this.made += 1;
  };
}
for (const name of ["putImageData", "drawImage"]) Context.prototype[name] = Context.prototype.fill;

test("what is drawn becomes SVG in pixels of the page, and contexts draw as before and after", async () => {
  globalThis.CanvasRenderingContext2D = Context;
  globalThis.OffscreenCanvasRenderingContext2D = class extends Context {};
  globalThis.getComputedStyle = () => ({ getPropertyValue: () => " #fff" });
  const { asSvg } = await import("../../assets/live/svg.js");
  const own = { ...Object.getOwnPropertyDescriptors(Context.prototype) };
  const ctx = new Context(400, 200);
  ctx.canvas.getBoundingClientRect = () => ({ x: 10, y: 20, left: 10, top: 20, right: 210, bottom: 120, width: 200, height: 100 });
  const root = { querySelectorAll: () => [ctx.canvas] };
  let rounds = 0;
  const text = asSvg(root, () => {
    rounds += 1;
    ctx.fillStyle = "#123456";
    ctx.fillRect(5, 5, 10, 10); // covered by the next
    ctx.fillRect(0, 0, 400, 200);
    ctx.t = { a: 2, e: 1, f: 3 };
    ctx.strokeStyle = "rgba(1, 2, 3, 0.5)";
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, 0, 50, 50);
    ctx.clip();
    ctx.beginPath();
    ctx.lineTo(1, 2); // the first point of a path, as with moveTo
    ctx.lineTo(3, 4);
    ctx.stroke();
    ctx.restore();
    ctx.fillText("a < b", 10, 20);
    ctx.t = { a: 1, e: 0, f: 0 };
  });
  assert.equal(rounds, 2); // once for the SVG, once more for the page
  assert.equal(ctx.made, 24);
  assert.match(text, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="200" height="100"/);
  assert.match(text, /<g transform="translate\(0 0\) scale\(0.5\)"><path d="M0 0H400V200H0Z" fill="#123456"\/>/);
  assert.match(text, /<clipPath id="c0"><path d="M1 3H101V103H1Z"\/><\/clipPath>/);
  assert.match(text, /<path d="M3 7L7 11" fill="none" stroke="rgb\(1,2,3\)" stroke-opacity="0.5" stroke-width="2"[^>]* clip-path="url\(#c0\)"\/>/);
  assert.match(text, /<text x="21" y="43" text-anchor="end" dominant-baseline="central" textLength="60"[^>]*>a &lt; b<\/text>/);
  assert.match(text, /style="font:600 24px A &amp; B"/);
  assert.ok(!text.includes("M5 5"));
  for (const [name, { value }] of Object.entries(own)) assert.equal(Context.prototype[name], value, name);
});
