// The common base of all views: the page's theme, size, keys and style sheets.

import { counters } from "./counters.js";
import { attend, linkStyles } from "./page.js";
import { readTheme, themeKey } from "./theme.js";

/**
 * layout(): lay everything out and draw it; called for each new theme and size, and when a style sheet has loaded.
 * changed(): whether measured sizes differ from the layout. key(event): whether the view used the key.
 *
 * @param {HTMLElement} root
 * @param {object} view
 * @param {string[]} view.classes of the root
 * @param {() => void} view.layout
 * @param {() => boolean} view.changed
 * @param {(event: KeyboardEvent) => boolean} [view.key]
 * @param {(visible: boolean) => void} [view.visible]
 * @param {string[]} [view.styles]
 */
export function stage(root, { classes, layout, changed, key = () => false, visible = () => {}, styles = ["live.css"] }) {
  /** @type {import("./types.js").Theme} */
  let theme;
  let known = ""; // the inputs of the current theme
  root.classList.add("gl-root", ...classes);

  /** Read the theme if it has changed; returns whether it has. */
  function retheme() {
    const now = themeKey(root);
    if (now === known) return false;
    known = now;
    theme = readTheme(root);
    layout();
    return true;
  }

  /** @type {() => void} */
  let leave = () => {};
  return {
    theme: () => theme,
    retheme,
    /** Start, once everything that `layout` needs is there. */
    open() {
      retheme();
      counters.mounts += 1;
      leave = attend(root, {
        visible,
        key,
        resize: layout,
        // Catches changes without an event: a switched theme, or a page heading with one more line.
        now: () => void (retheme() || (changed() && layout())),
      });
      for (const name of styles) linkStyles(layout, name);
    },
    close: () => leave(),
  };
}
