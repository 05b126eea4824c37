// A live view in a notebook, as anywidget mounts it: messages of the widget's model in place of a WebSocket.

import { CHECK, STILL, connect } from "./comm.js";
import { mount as compare } from "./compare.js";
import { el } from "./dom.js";
import { mount as live } from "./live.js";
import { mount as many } from "./many.js";
import { THEMES } from "./tokens.js";

// What JupyterLab shows of a notebook that is opened without the kernel of its views.
const STILL_VIEW = `export default { render: ({ el }) => { el.dataset.testid = "still"; el.textContent = ${JSON.stringify(STILL)}; } };`;
const STATES = "application/vnd.jupyter.widget-state+json";

/** @type {Record<string, typeof live>} */
const VIEWS = { live, compare, many };

/**
 * Put the still view of a model into its notebook. Elsewhere than in JupyterLab this does nothing.
 *
 * @param {import("./types.js").WidgetModel} model
 */
function leaveStill(model) {
  const manager = model.widget_manager;
  const notebook = manager?.context?.model;
  if (!notebook?.getMetadata || !notebook.setMetadata || !manager?.has_model) return;
  const widgets = notebook.getMetadata("widgets") ?? {};
  const { state = {}, ...more } = widgets[STATES] ?? { version_major: 2, version_minor: 0 };
  const names = ["_model_name", "_model_module", "_model_module_version", "_view_name", "_view_module", "_view_module_version"];
  const own = Object.fromEntries(names.map((name) => [name, model.get(name)]));
  const [model_name, model_module, model_module_version] = Object.values(own);
  // Of executions before this one.
  const others = Object.entries(state).filter(([key, one]) => one.state._esm !== STILL_VIEW || manager.has_model?.(key));
  const mine = { model_name, model_module, model_module_version, state: { ...own, _esm: STILL_VIEW } };
  const now = { ...more, state: { ...Object.fromEntries(others), [model.get("key")]: mine } };
  notebook.setMetadata("widgets", { ...widgets, [STATES]: now });
}

/**
 * The colour behind an element.
 *
 * @param {HTMLElement} node
 */
function behind(node) {
  for (let at = /** @type {HTMLElement | null} */ (node); at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (colour && !/^transparent$|, 0\)$/.test(colour)) return colour;
  }
  return THEMES.light.background;
}

/**
 * Give a view the colours of its notebook; returns whether they have changed.
 *
 * @param {HTMLElement} root
 * @param {string} theme "light", "dark", or "" for the notebook's
 */
function dress(root, theme) {
  const back = theme in THEMES ? THEMES[/** @type {"light" | "dark"} */ (theme)].background : behind(/** @type {HTMLElement} */ (root.parentElement));
  if (root.style.getPropertyValue("--st-background-color") === back) return false;
  root.style.setProperty("--st-background-color", back);
  return true;
}

/**
 * Keep a key from the notebook, in which d d deletes a cell and arrows choose another; not what leaves the view.
 *
 * @param {KeyboardEvent} event
 */
function keepKey(event) {
  const leaves = event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape" || (event.key === "Enter" && event.shiftKey);
  if (!leaves) event.stopPropagation();
}

/**
 * @param {{model: import("./types.js").WidgetModel, el: HTMLElement}} given by anywidget
 * @returns {() => void} called when the output is gone
 */
function render({ model, el: host }) {
  const root = el("div", { class: "gl-inside", tabindex: "-1", "data-height": model.get("height") });
  root.addEventListener("keydown", keepKey);
  const words = el("p", { "data-testid": "still", role: "status" });
  host.append(words, root);
  root.style.setProperty("--st-font", "var(--jp-ui-font-family, system-ui, sans-serif)");
  const theme = model.get("theme");
  dress(root, theme);
  /** @type {import("./types.js").NotebookLink | null} */
  let link = null;
  const still = (/** @type {string} */ text) => {
    words.textContent = text;
    words.hidden = !text;
    root.style.display = text ? "none" : "";
  };
  const view = VIEWS[model.get("kind")](root, {
    socket: "",
    plotly: "",
    labs: [],
    others: [],
    connect: (client) => (link = connect(model, client, still)),
    onAct: (what) => link?.act(what),
    onOpen: (seed) => link?.act({ act: "seed", seed }),
  });
  try {
    leaveStill(model);
  } catch (error) {
    console.warn("ganlab: the notebook keeps no still view", error);
  }
  const watching = setInterval(() => dress(root, theme) && view.update(), CHECK);
  return () => {
    clearInterval(watching);
    view.destroy();
    host.replaceChildren();
  };
}

export default { render };
