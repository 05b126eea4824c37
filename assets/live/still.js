// When paused: the same pictures as Plotly figures, exactly over the canvases, to zoom, hover and export.

const CALM = 250; // ms without a new frame before a figure is requested
const PURGE = 200; // ms until a hidden figure is removed, in which the next frame arrives
const CONFIG = {
  responsive: false,
  displaylogo: false,
  displayModeBar: "hover",
  showSendToCloud: false, // never upload data
};

/** @type {Promise<import("./types.js").Plotly> | null} */
let loading = null;

/**
 * @param {string} url
 * @returns {Promise<import("./types.js").Plotly>}
 */
function loadPlotly(url) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const fail = () => {
      loading = null;
      script.remove();
      reject(new Error("Plotly could not be loaded"));
    };
    script.src = url;
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : fail());
    script.onerror = fail;
    document.head.append(script);
  });
  return loading;
}

/**
 * Fetch the bundle ahead of time; it is parsed at the first pause, so that playing never stutters.
 *
 * @param {string} url
 */
export function prefetchPlotly(url) {
  if (!url || window.Plotly || document.querySelector("link[data-gl-plotly]")) return;
  const link = document.createElement("link");
  link.rel = "prefetch";
  link.as = "script";
  link.href = url;
  link.dataset.glPlotly = "1";
  document.head.append(link);
}

/**
 * Figures over canvases. arm(): request one when calm; drop(): return to the canvases now; receive(message).
 *
 * @param {() => Record<string, HTMLElement>} hosts elements over the canvases, by the figure's name in a message
 * @param {() => string} url Plotly's address
 * @param {(request: number) => void} ask send request `request`
 */
export function stills(hosts, url, ask) {
  let id = 0;
  let timer = 0;
  /** @type {HTMLElement[]} */
  let shown = [];

  function drop() {
    clearTimeout(timer);
    timer = 0;
    id += 1; // makes an answer in flight outdated
    const old = shown;
    shown = [];
    for (const host of old) host.style.visibility = "hidden";
    // Purging takes a while, so show the canvas first, and the frame that was asked for.
    if (old.length) setTimeout(() => old.forEach((host) => shown.includes(host) || window.Plotly?.purge(host)), PURGE);
  }

  /** @param {import("./types.js").FigureMessage} message */
  async function receive(message) {
    const mine = message.request;
    if (mine !== id) return;
    const all = Object.entries(hosts()).filter(([name]) => message[name]);
    try {
      const Plotly = await loadPlotly(url());
      for (const [name, host] of all) {
        if (mine !== id) return;
        const { data, layout } = message[name];
        const size = { width: host.clientWidth, height: host.clientHeight, autosize: false };
        await Plotly.react(host, data, { ...layout, ...size }, CONFIG);
      }
      if (mine !== id) return;
      shown = all.map(([, host]) => host);
      for (const host of shown) host.style.visibility = "visible";
    } catch (error) {
      console.warn("ganlab: the still figure could not be drawn", error); // the canvas stays
    }
  }

  return {
    drop,
    receive,
    arm() {
      if (!url()) return;
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        timer = 0;
        id += 1;
        ask(id);
      }, CALM);
    },
  };
}

/** For a view without still figures. @type {ReturnType<typeof stills>} */
export const noStills = { drop() {}, arm() {}, async receive() {} };
