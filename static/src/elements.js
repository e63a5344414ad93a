// Our own elements, each fetched when the first of its kind appears.
import "./run-timer.js";
import "./code-cell.js";
import "./plotly-figure.js";
import "./shape-notes.js";

const LATER = {
  "attention-view": () => import("./attention-view.js"),
  "beside-figures": () => import("./beside-figures.js"),
  "path-map": () => import("./path-map.js"),
};

function look() {
  for (const [name, load] of Object.entries(LATER)) {
    if (document.querySelector(name)) {
      load();
      delete LATER[name];
    }
  }
}
document.addEventListener("htmx:after:settle", look);
look();
