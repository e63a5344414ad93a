// The page's one stream of events: open while something here runs, closed as soon as nothing does.
import htmx from "./htmx.js";
import { all } from "./page.js";

const place = document.getElementById("stream");
const live = () => all(".run[data-live]");

/** Open the stream, unless it is, at the oldest point that a run on this page needs. */
function listen() {
  const runs = live();
  if (!runs.length || place.firstElementChild) return;
  const from = runs.map((run) => run.dataset.from).sort(byAge)[0];
  const pipe = document.createElement("div");
  pipe.setAttribute("hx-sse:connect", `${runs[0].dataset.events}?after=${encodeURIComponent(from)}`);
  pipe.setAttribute("hx-sse:close", "done");
  pipe.setAttribute("hx-swap", "none");
  pipe.setAttribute("hx-target", "this");
  place.append(pipe);
  htmx.process(pipe);
}

/** Redis ids are `milliseconds-count`. */
function byAge(a, b) {
  const [[x, i], [y, j]] = [a, b].map((id) => id.split("-").map(Number));
  return x - y || i - j;
}

// The server has said all: whatever still looks alive asks the database.
function close() {
  place.replaceChildren();
  for (const run of live()) {
    if (run.querySelector('.status [hx-trigger="load"]')) continue; // is asking already
    htmx.ajax("GET", run.dataset.url, { source: run, target: `#output-${run.dataset.cell}`, swap: "outerMorph" });
  }
}
// A run that is not there any more (another account's, since) is not asked for again and again.
document.addEventListener("htmx:after:request", ({ detail }) => {
  if (detail.ctx.response?.raw.status !== 404) return;
  detail.ctx.sourceElement?.closest?.(".run[data-live]")?.removeAttribute("data-live");
});
place.addEventListener("done", () => queueMicrotask(close));
place.addEventListener("htmx:sse:close", ({ detail }) => {
  if (detail.reason === "ended") place.replaceChildren();
});

document.addEventListener("htmx:after:settle", listen);
document.addEventListener("visibilitychange", () => document.hidden || listen());
listen();
