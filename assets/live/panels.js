// What a panel of curves shows: its range and its title.

function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(q * (sorted.length - 1))))];
}

/** Range of a panel: its fixed ends where given, else the bulk of the data, the last values and the lines. */
export function panelRange(panel, message) {
  const usable = (v) => Number.isFinite(v) && (!panel.log || v > 0);
  const must = panel.lines.map((line) => line.value).filter(usable);
  const values = [];
  for (const { key } of panel.series) {
    const array = message && message.a[key];
    if (!array) continue;
    for (const v of array) if (usable(v)) values.push(v);
    for (let i = array.length - 1; i >= 0; i--) {
      if (!usable(array[i])) continue;
      must.push(array[i]);
      break;
    }
  }
  values.sort((a, b) => a - b);
  // One early spike must not flatten the rest, so the outermost 1 % may leave the panel.
  if (values.length) must.push(quantile(values, 0.01), quantile(values, 0.99));
  let low = must.length ? Math.min(...must) : panel.log ? 0.1 : 0;
  let high = must.length ? Math.max(...must) : 1;
  if (panel.log) {
    low = 10 ** (Math.log10(low) - 0.1);
    high = 10 ** (Math.log10(high) + 0.1);
    if (high / low < 10) [low, high] = [Math.sqrt(low * high) / 3.2, Math.sqrt(low * high) * 3.2];
  } else {
    const span = high - low || Math.abs(high) * 0.2 || 1;
    [low, high] = [low - 0.08 * span, high + 0.08 * span];
  }
  if (panel.low !== null && panel.low !== undefined && usable(panel.low)) low = panel.low;
  if (panel.high !== null && panel.high !== undefined && usable(panel.high)) high = panel.high;
  return high > low ? [low, high] : [low, low + 1];
}

/** A title without what follows its first colon or comma outside parentheses. */
export function headline(title) {
  let depth = 0;
  for (let i = 0; i < title.length; i++) {
    depth += title[i] === "(" ? 1 : title[i] === ")" ? -1 : 0;
    if (depth === 0 && (title[i] === ":" || title[i] === ",")) return title.slice(0, i);
  }
  return title;
}
