// Sizes: the view fills its parent's width and what is left of the window's height.

const NARROW = 760;
const LEAST = 480;
const FOOT = 10; // px kept free below

function topOf(root) {
  let top = root.getBoundingClientRect().top;
  for (let node = root.parentElement; node; node = node.parentElement) top += node.scrollTop;
  return top;
}

/** Height of the legend in a given width, and the width of its words in one row. */
function legendSize(box, width) {
  box.style.width = `${width}px`;
  let wide = 0;
  const words = box.querySelectorAll("button");
  for (const word of words) wide += word.offsetWidth;
  const gap = words.length ? parseFloat(getComputedStyle(words[0].parentElement).columnGap) || 0 : 0;
  return { height: box.offsetHeight, width: Math.ceil(wide + gap * Math.max(0, words.length - 1)) + 1 };
}

/**
 * Set the boxes' sizes. Returns {u: text scale, picture: {width, height}, curves: {…}, same: bool}, or null
 * while there is nothing to measure. `same`: nothing changed since the last call. need(height, u): the width that
 * a square picture can use; share: how much of the width the pictures may have.
 */
export function arrange(root, boxes, scene, panels, need = null, share = 0.63) {
  const width = root.clientWidth;
  if (!(width > 0) || !root.isConnected) return null;
  const narrow = width < NARROW;
  const height = Math.max(LEAST, Math.floor(window.innerHeight - topOf(root) - FOOT));
  const u = Math.round(20 * Math.min(1.4, Math.max(1, Math.min(width / 1050, height / 600)))) / 20;
  root.style.setProperty("--gl-u", u);
  root.classList.toggle("gl-narrow", narrow);
  root.style.height = narrow ? "auto" : `${height}px`;

  const gap = Math.round(18 * u);
  const square = scene ? scene.dim === 2 : false;
  let picture, curves;
  if (narrow) {
    const tall = Math.max(340, Math.min(width * (square ? 1 : 0.72), window.innerHeight * 0.75));
    picture = { width, height: Math.round(tall) };
    curves = { width, height: Math.round(panels * 104 * u) };
  } else {
    const room = Math.max(200, height - boxes.main.offsetTop);
    const most = Math.round((width - gap) * share);
    const legend = legendSize(boxes.legend, most);
    const [x, y] = square ? scene.box : [[0, 1], [0, 1]];
    const aspect = (x[1] - x[0]) / (y[1] - y[0]);
    const tall = room - legend.height;
    // A square picture takes no more than it and its legend need: the rest goes to the curves.
    const wide = need ? need(tall, u) : Math.round((tall - 34 * u) * aspect + 48 * u);
    const needed = Math.max(wide, legend.width);
    picture = { width: square ? Math.min(most, needed) : most, height: tall };
    curves = { width: width - gap - picture.width, height: room };
  }
  for (const [name, size] of Object.entries({ picture, curves })) {
    boxes[name].style.width = `${size.width}px`;
    boxes[name].style.height = `${size.height}px`;
  }
  boxes.legend.style.width = `${picture.width}px`;
  const mark = JSON.stringify([u, picture, curves, window.devicePixelRatio]);
  const same = boxes.mark === mark;
  boxes.mark = mark;
  return { u, picture, curves, same };
}
