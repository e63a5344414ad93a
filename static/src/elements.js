// Our own elements, each fetched when the first of its kind appears.
import "./run-timer.js";
import "./code-cell.js";
import "./plotly-figure.js";
import "./shape-notes.js";

const LATER = {
  "attention-view": () => import("./views/attention-view.js"),
  "beside-figures": () => import("./beside-figures.js"),
  "head-leaderboard": () => import("./views/leaderboard.js"),
  "path-map": () => import("./path-map.js"),
  "step-slider": () => import("./views/step-slider.js"),
  "time-left": () => import("./time-left.js"),
  "text-samples": () => import("./views/text-samples.js"),
  "top-tokens": () => import("./views/top-tokens.js"),
  "token-view": () => import("./views/token-view.js"),
};

/** Fetch the elements of whose kind one has appeared. */
export function look() {
  for (const [name, load] of Object.entries(LATER)) {
    if (document.querySelector(name)) {
      load();
      delete LATER[name];
    }
  }
}
document.addEventListener("htmx:after:settle", look);
look();
