// <plotly-figure>: drawn when it comes near the screen. Says in words what it shows, and gives its numbers as a table.
// Figures come from learners' programs. The worker rebuilds them from what is known; should one ever get past it, the
// policy keeps it from loading anything, and here it is kept from leading anywhere.
// A figure that changes while its run goes on gets new data in its block, and is drawn again in place.
// A click on a cell of a heat map of heads (layout.meta.heads) tells the attention view beside it which head was meant.
import { dataOf, unpacked } from "./data.js";
import { dressed, spoken } from "./figure-layout.js";
import { all } from "./page.js";
import { linkTokens } from "./token-axes.js";

const CONFIG = {
  responsive: true,
  displaylogo: false,
  showSendToCloud: false,
  displayModeBar: true, // output.css shows it where something hovers
  modeBarButtonsToRemove: ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"],
};
const KINDS = { scatter: "line or points", scattergl: "points", heatmap: "heat map", bar: "bars", histogram: "histogram" };
const ROWS = 400; // of the table

class PlotlyFigure extends HTMLElement {
  connectedCallback() {
    if (this.begun) return;
    this.begun = true;
    this.near = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        this.near.disconnect();
        this.draw().catch(() => this.append("This figure could not be drawn. Reload the page to try again."));
      },
      { rootMargin: "600px" },
    );
    this.near.observe(this);
  }

  disconnectedCallback() {
    this.near?.disconnect();
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.links?.disconnect();
      this.tokens?.abort();
      this.look?.disconnect();
      this.lib?.purge(this.plot);
    });
  }

  async draw() {
    this.drawing = true;
    this.look = new MutationObserver((changes) => changes.some(bringsData) && this.redraw());
    this.look.observe(this, { childList: true });
    const [{ default: lib }, found] = await Promise.all([import("./plotly.js"), dataOf(this)]);
    this.lib = lib;
    this.plot = document.createElement("div");
    this.plot.className = "plot";
    this.plot.setAttribute("role", "figure"); // not an image: its toolbar has buttons
    this.append(this.plot);
    this.links = new MutationObserver(() => unlink(this.plot));
    this.links.observe(this.plot, { childList: true, subtree: true });
    this.table = asTable();
    await this.show(found);
    this.append(this.table.fold);
    const { meta } = (found.figure ?? found).layout ?? {};
    if (meta?.heads) this.linkHeads(meta.heads);
    this.dataset.ready = "";
    this.drawing = false;
    if (this.changed) await this.redraw();
  }

  /** Draw these data, or change what is drawn to them: where somebody has zoomed stays so. */
  async show(found) {
    const { data: packed, layout = {} } = found.figure ?? found;
    const data = unpacked(packed);
    await this.lib.react(this.plot, data, dressed(layout, this.plot.clientWidth), CONFIG);
    this.plot.setAttribute("aria-label", inWords(data, layout));
    this.table.show(data);
    this.tokens?.abort();
    this.plot.removeAllListeners("plotly_hover");
    this.plot.removeAllListeners("plotly_unhover");
    for (const light of all(":scope > .token-light", this.plot)) light.remove();
    linkTokens(this, this.plot, layout, (this.tokens = new AbortController()).signal);
  }

  /** New data have come into the block. */
  async redraw() {
    this.changed = this.renewed = true;
    if (this.drawing || !this.plot) return;
    this.drawing = true;
    while (this.changed) {
      this.changed = false;
      await dataOf(this).then((found) => this.show(found)).catch(() => {}); // the next one may be whole
    }
    this.drawing = false;
  }

  /** What the database has is what counts: of the last news some may have been lost. */
  async settle() {
    this.renewed = false;
    if (!this.hasAttribute("recorded")) return;
    this.setAttribute("src", this.getAttribute("recorded"));
    this.querySelector(":scope > script")?.remove();
    await this.redraw();
    this.renewed = false;
  }

  linkHeads(heads) {
    this.plot.classList.add("linked");
    this.plot.on("plotly_click", ({ points: [point] }) => {
      const [head, layer] = [point.x, point.y].map((place) => Number(String(place).replace(/^\D+/, "")));
      if (Number.isNaN(head) || Number.isNaN(layer)) return;
      this.dispatchEvent(new CustomEvent("head-selected", { bubbles: true, composed: true, detail: { layer, head, heads } }));
    });
  }
}
customElements.define("plotly-figure", PlotlyFigure);

const bringsData = ({ addedNodes }) => [...addedNodes].some((node) => node.localName === "script");
document.addEventListener("htmx:after:settle", () => {
  for (const data of all(".run[data-ending] plotly-figure > script")) {
    const figure = data.parentElement;
    if (figure.renewed || !figure.plot) figure.settle();
  }
});

/** A text of a figure may make a link in Plotly's language; here it is only text. */
function unlink(plot) {
  for (const link of plot.getElementsByTagName("a")) {
    if (link.classList.contains("modebar-btn")) continue; // its own tools are links without an address
    for (const { name } of [...link.attributes]) link.removeAttribute(name);
  }
}

const title = (given) => spoken((typeof given === "string" ? given : given?.text) ?? "");
const numbers = (values) => Array.from(values ?? []).flatMap((v) => (v?.length !== undefined && typeof v !== "string" ? Array.from(v) : [v]));
const short = (value) => (typeof value === "number" && !Number.isInteger(value) ? value.toPrecision(3) : spoken(value));

function inWords(data, layout) {
  const head = title(layout.title) || "Figure";
  const parts = data.slice(0, 6).map((trace) => {
    const values = numbers(trace.z ?? trace.y ?? trace.x).filter((v) => typeof v === "number" && Number.isFinite(v));
    const range = values.length ? `, from ${short(values.reduce((a, b) => Math.min(a, b)))} to ${short(values.reduce((a, b) => Math.max(a, b)))}` : "";
    return `${KINDS[trace.type ?? "scatter"] ?? trace.type}${trace.name ? ` “${spoken(trace.name)}”` : ""}, ${values.length} values${range}`;
  });
  const axes = [title(layout.xaxis?.title), title(layout.yaxis?.title)].filter(Boolean).join(" against ");
  return `${head}. ${axes ? `${axes}. ` : ""}${parts.join("; ")}. The numbers follow as a table.`;
}

/** A fold with the figure's numbers; filled when it is opened, and anew when they change while it is open. */
function asTable() {
  const fold = document.createElement("details");
  fold.className = "as-text";
  const summary = document.createElement("summary");
  summary.textContent = "As a table";
  const box = document.createElement("div");
  box.className = "scroll";
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", "Numbers of this figure");
  fold.append(summary, box);
  let data = [];
  const fill = () => box.replaceChildren(...(fold.open ? data.map(traceTable) : []));
  fold.addEventListener("toggle", fill);
  return { fold, show: (now) => { data = now; if (fold.open) fill(); } };
}

function traceTable(trace) {
  const table = document.createElement("table");
  if (trace.name) table.createCaption().textContent = spoken(trace.name);
  const rows = trace.z ? Array.from(trace.z, (row) => Array.from(row)) : pairs(trace);
  const labels = trace.z ? Array.from(trace.y ?? rows.keys()) : [];
  if (trace.z) addRow(table, ["", ...Array.from(trace.x ?? rows[0]?.keys() ?? [])], "th");
  rows.slice(0, ROWS).forEach((row, i) => addRow(table, trace.z ? [labels[i], ...row] : row, "td"));
  if (rows.length > ROWS) addRow(table, [`… and ${rows.length - ROWS} more`], "td");
  return table;
}

function pairs(trace) {
  const y = Array.from(trace.y ?? []);
  const x = Array.from(trace.x ?? y.keys());
  return y.length ? y.map((value, i) => [x[i], value]) : x.map((value) => [value]);
}

function addRow(table, values, tag) {
  const row = table.insertRow();
  for (const value of values) {
    const cell = document.createElement(tag);
    cell.textContent = short(value);
    row.append(cell);
  }
}
