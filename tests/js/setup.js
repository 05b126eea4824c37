// What the front end finds in a browser and node lacks: the module that the server makes, and a small document.

import { execFileSync } from "node:child_process";
import { registerHooks } from "node:module";

import { install } from "./document.js";

const TOKENS = new URL("../../assets/live/tokens.js", import.meta.url).href;
const ASK = "from ganlab import theme; print(theme.module())";
const source = () => process.env.GANLAB_TOKENS ?? execFileSync("python", ["-c", ASK], { encoding: "utf8" });

registerHooks({
  resolve(specifier, context, next) {
    const url = specifier.endsWith("/tokens.js") ? new URL(specifier, context.parentURL).href : "";
    return url === TOKENS ? { url, format: "module", shortCircuit: true } : next(specifier, context);
  },
  load: (url, context, next) =>
    url === TOKENS ? { source: source(), format: "module", shortCircuit: true } : next(url, context),
});
install();
