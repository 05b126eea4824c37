// What scripts put into a window: our counters, and Plotly once it is loaded.
import type { Counters, Plotly } from "../../assets/live/types.js";

declare global {
  interface Window {
    ganlab: Counters;
    Plotly?: Plotly;
  }
}
