// On pause: the same pictures as Plotly figures, exactly over the canvases, to zoom, hover and export.

const CALM = 250; // ms without a new frame before a figure is asked for
const CONFIG = {
  responsive: false,
  displaylogo: false,
  displayModeBar: "hover",
  showSendToCloud: false, // nothing leaves the classroom
};

let loading = null;

function loadPlotly(url) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      loading = null;
      script.remove();
      reject(new Error("Plotly could not be loaded"));
    };
    document.head.append(script);
  });
  return loading;
}

/** Fetch the bundle ahead of time; it is parsed at the first pause, so that play never stutters. */
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
 * hosts: {picture, curves} divs over the canvases; ask(id) sends the request and returns whether it went;
 * url() is Plotly's address. arm(): ask once calm; drop(): back to the canvases now; receive(message).
 */
export function stills(hosts, url, ask) {
  let id = 0;
  let timer = 0;
  let shown = false;

  function hide() {
    clearTimeout(timer);
    timer = 0;
    id += 1; // an answer under way is out of date
    if (!shown) return;
    shown = false;
    for (const host of Object.values(hosts)) host.style.visibility = "hidden";
    const now = id;
    // Purging takes a while: the canvas is shown first.
    setTimeout(() => {
      if (now !== id && shown) return;
      for (const host of Object.values(hosts)) window.Plotly?.purge(host);
    }, 30);
  }

  async function receive(message) {
    const mine = message.request;
    if (mine !== id) return;
    try {
      const Plotly = await loadPlotly(url());
      for (const [name, host] of Object.entries(hosts)) {
        if (mine !== id) return;
        const figure = message[name];
        if (!figure) continue;
        const size = { width: host.clientWidth, height: host.clientHeight, autosize: false };
        await Plotly.react(host, figure.data, { ...figure.layout, ...size }, CONFIG);
      }
      if (mine !== id) return;
      for (const [name, host] of Object.entries(hosts)) {
        if (message[name]) host.style.visibility = "visible";
      }
      shown = true;
    } catch (error) {
      console.warn("ganlab: the still figure could not be drawn", error); // the canvas stays
    }
  }

  return {
    isShown: () => shown,
    pending: () => timer !== 0,
    drop: hide,
    receive,
    arm() {
      if (!url()) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        timer = 0;
        id += 1;
        ask(id);
      }, CALM);
    },
  };
}
