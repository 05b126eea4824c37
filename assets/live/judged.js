// What D says about generated samples in a picture.

/**
 * The mean of D(G(z)) over p_g (in 1-D) or over the generated samples that the axes show (in 2-D); null if the frame
 * does not have both.
 *
 * @param {{dim: number, box: number[][]}} scene
 * @param {import("./types.js").Frame | null} frame
 */
export function judged(scene, frame) {
  const { p_g: density, d, fake } = frame?.a ?? {};
  if (!frame || !d) return null;
  let [sum, total] = [0, 0];
  const add = (/** @type {number} */ value, /** @type {number} */ weight) => {
    if (!(value * weight >= 0)) return;
    sum += value * weight;
    total += weight;
  };
  if (scene.dim === 1 && density) density.forEach((weight, i) => add(d[i], weight));
  if (scene.dim === 2 && fake) {
    const [rows, columns] = frame.shape.d;
    const [[xLow, xHigh], [yLow, yHigh]] = scene.box;
    for (let i = 0; i + 1 < fake.length; i += 2) {
      const c = Math.floor((columns * (fake[i] - xLow)) / (xHigh - xLow));
      const r = Math.floor((rows * (fake[i + 1] - yLow)) / (yHigh - yLow));
      if (c >= 0 && c < columns && r >= 0 && r < rows) add(d[r * columns + c] / 255, 1);
    }
  }
  return total > 0 ? sum / total : null;
}
