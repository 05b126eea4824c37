// The 2-D picture: D as a field, p_data as contours, real and generated samples, G's warped grid.

import { alpha } from "./theme.js";
import { arrow, fit, font, short, ticks } from "./plot.js";

const SHORTEST = 1; // px: a shorter arrow is not drawn

/** A picture of one scene: resize(...) lays it out and draws the still parts, draw(...) one frame. */
export function picture2d(scene) {
  const [[xLow, xHigh], [yLow, yHigh]] = scene.box;
  const still = new OffscreenCanvas(1, 1);
  let look, hidden, width, height, g;
  let field = null; // {canvas, ctx, image, pixels, rows, columns}

  const px = (v) => g.left + (v - xLow) * g.scale;
  const py = (v) => g.bottom - (v - yLow) * g.scale;
  const on = (layer) => !hidden.has(layer);

  function layout() {
    const u = look.u;
    const left = Math.round(36 * u);
    const below = Math.round(24 * u);
    const pad = Math.round(10 * u);
    const scale = Math.min((width - left - pad) / (xHigh - xLow), (height - below - pad) / (yHigh - yLow));
    const w = Math.round(scale * (xHigh - xLow));
    const h = Math.round(scale * (yHigh - yLow));
    const offset = Math.max(0, Math.round((width - left - pad - w) / 2));
    g = { left: left + offset, w, h, top: pad, bottom: pad + h, scale };
  }

  function drawStill() {
    const ctx = fit(still, width, height);
    const u = look.u;
    ctx.clearRect(0, 0, width, height);
    ctx.strokeStyle = look.line;
    ctx.lineWidth = 1;
    ctx.strokeRect(g.left - 0.5, g.top - 0.5, g.w + 1, g.h + 1);
    ctx.font = font(look, 12);
    ctx.fillStyle = look.muted;
    ctx.beginPath();
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    for (const t of ticks(xLow, xHigh, 6)) {
      const x = Math.round(px(t)) + 0.5;
      ctx.moveTo(x, g.bottom);
      ctx.lineTo(x, g.bottom + 4);
      ctx.fillText(short(t), x, g.bottom + 7 * u);
    }
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    for (const t of ticks(yLow, yHigh, 6)) {
      const y = Math.round(py(t)) + 0.5;
      ctx.moveTo(g.left, y);
      ctx.lineTo(g.left - 4, y);
      ctx.fillText(short(t), g.left - 7 * u, y);
    }
    ctx.stroke();
    ctx.save();
    inside(ctx);
    if (on("real")) drawReal(ctx);
    if (on("p_data")) drawContours(ctx);
    ctx.restore();
  }

  function inside(ctx) {
    ctx.beginPath();
    ctx.rect(g.left, g.top, g.w, g.h);
    ctx.clip();
  }

  function drawReal(ctx) {
    const real = scene.a.real;
    if (!real) return;
    const r = 1.5 * look.u;
    ctx.fillStyle = alpha(look.rgb.data, 0.72);
    ctx.beginPath();
    for (let i = 0; i < real.length; i += 2) {
      const x = px(real[i]);
      const y = py(real[i + 1]);
      ctx.moveTo(x + r, y);
      ctx.arc(x, y, r, 0, 2 * Math.PI);
    }
    ctx.fill();
  }

  function drawContours(ctx) {
    const { contours, contour_lengths: lengths, contour_levels: levels } = scene.a;
    if (!contours || !lengths) return;
    ctx.lineCap = "round";
    ctx.setLineDash([0.1, 4 * look.u]);
    ctx.lineWidth = 1.8 * look.u;
    let at = 0;
    for (let i = 0; i < lengths.length; i++) {
      ctx.strokeStyle = alpha(look.rgb.data, 0.5 + 0.22 * Math.min(2, levels ? levels[i] : 0));
      ctx.beginPath();
      for (let j = 0; j < lengths[i]; j++, at += 2) ctx.lineTo(px(contours[at]), py(contours[at + 1]));
      ctx.stroke();
    }
    ctx.setLineDash([]);
    ctx.lineCap = "butt";
  }

  function drawField(ctx, values, [rows, columns]) {
    if (!field || field.rows !== rows || field.columns !== columns) {
      const canvas = new OffscreenCanvas(columns, rows);
      const context = canvas.getContext("2d", { willReadFrequently: true });
      const image = context.createImageData(columns, rows);
      field = { canvas, context, image, pixels: new Uint32Array(image.data.buffer), rows, columns };
    }
    const { pixels } = field;
    for (let row = 0; row < rows; row++) {
      const from = (rows - 1 - row) * columns; // y points up, image rows go down
      for (let c = 0; c < columns; c++) pixels[row * columns + c] = look.field[values[from + c]];
    }
    field.context.putImageData(field.image, 0, 0);
    ctx.imageSmoothingEnabled = true;
    ctx.imageSmoothingQuality = "low";
    ctx.drawImage(field.canvas, g.left, g.top, g.w, g.h);
  }

  function drawFake(ctx, fake) {
    const side = Math.round(3.2 * look.u);
    const half = side / 2;
    ctx.fillStyle = look.role("G");
    for (let i = 0; i < fake.length; i += 2) {
      const x = Math.round(px(fake[i]) - half);
      const y = Math.round(py(fake[i + 1]) - half);
      if (side < 4) {
        ctx.fillRect(x, y, side, side);
      } else {
        // Two crossed bars look round and cost a tenth of an arc.
        ctx.fillRect(x + 1, y, side - 2, side);
        ctx.fillRect(x, y + 1, side, side - 2);
      }
    }
  }

  function drawManifold(ctx, points, shape) {
    const [u, v] = shape.length === 3 ? shape : [1, shape[0]];
    ctx.beginPath();
    for (let i = 0; i < u; i++) {
      for (let j = 0; j < v; j++) {
        const k = 2 * (i * v + j);
        if (j === 0) ctx.moveTo(px(points[k]), py(points[k + 1]));
        else ctx.lineTo(px(points[k]), py(points[k + 1]));
      }
    }
    for (let j = 0; j < v && u > 1; j++) {
      for (let i = 0; i < u; i++) {
        const k = 2 * (i * v + j);
        if (i === 0) ctx.moveTo(px(points[k]), py(points[k + 1]));
        else ctx.lineTo(px(points[k]), py(points[k + 1]));
      }
    }
    ctx.strokeStyle = alpha(look.rgb.G, u > 1 ? 0.5 : 0.9);
    ctx.lineWidth = u > 1 ? 1 : 1.5 * look.u;
    ctx.stroke();
  }

  function drawGradient(ctx, where, grad) {
    ctx.beginPath();
    // As long as the gradient is large, on one scale for all time: a vanishing gradient vanishes.
    for (let i = 0; i < where.length; i += 2) {
      if (!(g.scale * Math.hypot(grad[i], grad[i + 1]) > SHORTEST)) continue;
      const [a, b] = [where[i], where[i + 1]];
      arrow(ctx, px(a), py(b), px(a + grad[i]), py(b + grad[i + 1]), 5 * look.u);
    }
    ctx.strokeStyle = look.role("accent");
    ctx.lineWidth = 1.4 * look.u;
    ctx.stroke();
  }

  return {
    resize(w, h, newLook, newHidden) {
      [width, height, look, hidden] = [w, h, newLook, newHidden];
      layout();
      drawStill();
    },
    /** Plot rectangle in pixels, for the Plotly figure that takes the picture's place. */
    geometry: () => ({
      margin: { l: g.left, r: width - g.left - g.w, t: g.top, b: height - g.bottom },
    }),
    draw(ctx, frame) {
      const { a, shape } = frame || { a: {}, shape: {} };
      ctx.fillStyle = look.back;
      ctx.fillRect(0, 0, width, height);
      if (a.d && on("d")) drawField(ctx, a.d, shape.d);
      ctx.drawImage(still, 0, 0, width, height);
      ctx.save();
      inside(ctx);
      ctx.lineJoin = "round";
      if (a.manifold && on("manifold")) drawManifold(ctx, a.manifold, shape.manifold);
      if (a.fake && on("fake")) drawFake(ctx, a.fake);
      if (a.grad_x && a.grad && on("gradient")) drawGradient(ctx, a.grad_x, a.grad);
      ctx.restore();
    },
  };
}
