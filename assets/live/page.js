// What the view says above the picture, and in the page's address.

import { el, setText } from "./dom.js";

const NOTE = 6000; // ms a note stays

/** {node, say(text, alarm), close()}: an alarm stays on the picture, anything else goes by itself. */
export function makeBanner() {
  const node = el("div", { class: "gl-banner", "data-testid": "message", role: "alert", hidden: "" });
  let timer = 0;
  return {
    node,
    say(text, alarm) {
      const kind = alarm ? "alarm" : "note";
      if (node.textContent === text && node.dataset.kind === kind) return;
      setText(node, text);
      node.dataset.kind = kind;
      node.hidden = !text;
      clearTimeout(timer);
      if (text && !alarm) timer = setTimeout(() => (node.hidden = true), NOTE);
    },
    close: () => clearTimeout(timer),
  };
}

/** follow(query): keep the page's address in step, as the permalink of what one sees. */
export function follower(root) {
  const path = location.pathname;
  let query = null;
  return (newQuery) => {
    if (!newQuery || newQuery === query) return;
    query = newQuery;
    // Another page of the app may have taken this one's place meanwhile.
    if (location.pathname !== path || !root.isConnected) return;
    if (location.search !== `?${query}`) history.replaceState(history.state, "", `?${query}`);
  };
}
