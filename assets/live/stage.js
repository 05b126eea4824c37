// What every view is on: the page's theme, its size, its keys and its style sheets.

import { counters } from "./counters.js";
import { attend, linkStyles } from "./page.js";
import { readTheme, themeKey } from "./theme.js";

/**
 * layout(): lay everything out and draw it; it is called for each new theme and size, and when a style sheet has come.
 * changed(): whether what can be measured is not as it was laid out. key(event): whether a key was the view's own.
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
  let known = ""; // what it depended on
  root.classList.add("gl-root", ...classes);

  /** Read the theme anew if it has changed; whether it has. */
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
    /** Begin, once what `layout` needs is there. */
    open() {
      retheme();
      counters.mounts += 1;
      leave = attend(root, {
        visible,
        key,
        resize: layout,
        // Catches what no event tells: a theme switched without an update, the page's head growing a line.
        now: () => void (retheme() || (changed() && layout())),
      });
      for (const name of styles) linkStyles(layout, name);
    },
    close: () => leave(),
  };
}
