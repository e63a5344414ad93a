// <head-leaderboard>: every head with its scores, sorted by the one that is clicked. A head that is chosen opens in the
// attention view beside the list, and in any other of the same cell.
import "./attention-view.js";
import { block } from "../page.js";
import { View } from "./base.js";
import { selectHead } from "./linking.js";
import { Sheet } from "./picture.js";
import { stepOf } from "./strip.js";
import { among, bold, clamp, floats, made, short } from "./words.js";

const FIRST = 12; // heads, until all are asked for

const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
  .beside { display: grid; gap: 1rem 1.5rem; align-items: start; }
  .beside.open { grid-template-columns: minmax(15rem, 2fr) minmax(0, 3fr); }
  .list { overflow: auto; max-height: 30rem; }
  table.heads { border-collapse: collapse; width: 100%; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
  .heads th { padding: 0 0.5rem 0.2rem 0; text-align: left; font-weight: 500; color: var(--ink-soft); vertical-align: bottom; }
  .heads th button { all: unset; cursor: pointer; color: var(--ink-soft); border-radius: 4px; overflow-wrap: anywhere; }
  .heads th button:hover { color: var(--accent); }
  .heads th[aria-sort] button { color: var(--ink); font-weight: 600; }
  .heads th[aria-sort="descending"] button::after { content: " ↓"; }
  .heads th[aria-sort="ascending"] button::after { content: " ↑"; }
  .heads td { padding: 0.12rem 0.5rem 0.12rem 0; }
  .heads td:first-child { color: var(--ink-soft); text-align: right; width: 2rem; }
  .heads td > button { all: unset; cursor: pointer; font: 500 0.875rem/1.5 var(--mono); padding: 0.05rem 0.45rem; border: 1.5px solid transparent; border-radius: 6px; color: var(--accent); }
  .heads td > button:hover { border-color: var(--rule-strong); }
  .heads tr.chosen td > button { border-color: var(--accent); background: var(--accent-wash); color: var(--ink); }
  .heads :is(th, td) button:focus-visible { outline: 2.5px solid var(--accent); outline-offset: 1px; }
  .score { display: grid; grid-template-columns: minmax(0.75rem, 1fr) 3.2rem; align-items: center; gap: 0.3rem; }
  .score i { height: 0.6rem; border-radius: 3px; background: var(--more); min-width: 1px; }
  .score i.less { background: var(--less); }
  .more { all: unset; cursor: pointer; color: var(--accent); text-decoration: underline; text-underline-offset: 0.2em; font-size: 0.875rem; margin-top: 0.4rem; }
  .more:focus-visible { outline: 2.5px solid var(--accent); outline-offset: 2px; }
  @media (max-width: 44rem) { .beside.open { grid-template-columns: minmax(0, 1fr); } }
`);

class HeadLeaderboard extends View {
  static style = [STYLE];
  static noun = "leaderboard";
  static title = "Heads by score";

  build({ names, shape: [layers, heads], data, attention }, body) {
    const scores = floats(data);
    const count = layers * heads;
    if (scores.length !== names.length * count) throw new Error("does not fit together");
    Object.assign(this, { names, heads, count, scores });
    this.column = Math.min(this.column ?? 0, names.length - 1);
    this.direction ??= "descending";
    this.all ||= count <= FIRST + 4;
    this.table = made("table", { class: "heads" });
    this.list = made("div", { class: "list" }, this.table);
    this.more = made("button", { type: "button", class: "more" }, `Show all ${count} heads`);
    this.more.addEventListener("click", () => { this.all = true; this.sort(); this.focusRow(FIRST); });
    this.said = made("output", { "aria-live": "polite" });
    const left = made("div", {}, this.list, this.more, this.said);
    const beside = made("div", { class: "beside" }, left);
    body.append(beside);
    this.view = null;
    if (attention) {
      this.view = document.createElement("attention-view");
      this.view.found = attention;
      beside.classList.add("open");
      beside.append(this.view);
    }
    this.chosen = Math.min(this.chosen ?? this.order()[0], count - 1);
    this.sort();
    this.view?.open(this.label(this.chosen));
  }

  listen() {
    super.listen();
    block(this)?.addEventListener("head-selected", ({ target, detail }) => {
      if (target !== this && detail.head < this.heads) this.choose(detail.layer * this.heads + detail.head, false);
    }, { signal: this.away.signal });
  }

  label(head) {
    return `${Math.floor(head / this.heads)}.${head % this.heads}`;
  }

  score(head, column = this.column) {
    return this.scores[column * this.count + head];
  }

  /** Heads by the chosen score; of equals, the earlier one first. */
  order() {
    const sign = this.direction === "descending" ? -1 : 1;
    return Array.from({ length: this.count }, (_, head) => head).sort((a, b) => sign * (this.score(a) - this.score(b)) || a - b);
  }

  sort() {
    this.sorted = this.order();
    const shown = this.all ? this.sorted : this.sorted.slice(0, FIRST);
    if (!shown.includes(this.chosen)) shown.push(this.chosen);
    this.table.replaceChildren(this.header(), made("tbody", {}, ...shown.map((head) => this.row(head))));
    this.buttons = [...this.table.querySelectorAll("tbody button")];
    this.more.hidden = this.all;
    this.say();
    this.retable();
  }

  header() {
    const cells = this.names.map((name, column) => {
      const button = made("button", { type: "button" }, name);
      button.addEventListener("click", () => {
        this.direction = this.column === column && this.direction === "descending" ? "ascending" : "descending";
        this.column = column;
        this.sort();
        this.table.querySelectorAll("th button")[column].focus();
      });
      return made("th", { scope: "col", ...(column === this.column && { "aria-sort": this.direction }) }, button);
    });
    return made("thead", {}, made("tr", {}, made("th", { scope: "col" }, "#"), made("th", { scope: "col" }, "head"), ...cells));
  }

  row(head) {
    const button = made("button", { type: "button", "aria-pressed": head === this.chosen, "aria-label": `Open head ${this.label(head)}`, tabindex: head === this.chosen ? 0 : -1 }, this.label(head));
    button.addEventListener("click", () => this.choose(head));
    button.addEventListener("keydown", (event) => {
      const step = stepOf(event);
      if (step === undefined) return;
      event.preventDefault();
      this.focusRow(this.buttons.indexOf(button) + step);
    });
    const place = made("td", {}, String(this.sorted.indexOf(head) + 1));
    const row = made("tr", head === this.chosen ? { class: "chosen" } : {}, place, made("td", {}, button), ...this.names.map((_, column) => this.bar(head, column)));
    row.dataset.head = head;
    return row;
  }

  bar(head, column) {
    const [value, full] = [this.score(head, column), this.full(column)];
    const bar = made("i", value < 0 ? { class: "less" } : {});
    bar.style.setProperty("width", `${(100 * Math.abs(value)) / (full || 1)}%`);
    return made("td", {}, made("div", { class: "score" }, bar, made("span", {}, among(value, full))));
  }

  full(column) {
    return this.scores.subarray(column * this.count, (column + 1) * this.count).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  }

  focusRow(place) {
    this.buttons[clamp(place, 0, this.buttons.length - 1)].focus();
  }

  choose(head, tell = true) {
    if (!(head >= 0 && head < this.count)) return;
    this.chosen = head;
    const known = this.buttons.some((button) => button.closest("tr").dataset.head === String(head));
    if (!known) this.sort();
    for (const button of this.buttons) {
      const row = button.closest("tr");
      const here = row.dataset.head === String(head);
      row.classList.toggle("chosen", here);
      button.setAttribute("aria-pressed", here);
      button.tabIndex = here ? 0 : -1;
    }
    this.say();
    this.view?.open(this.label(head));
    if (tell) selectHead(this, Math.floor(head / this.heads), head % this.heads);
  }

  say() {
    const place = this.sorted.indexOf(this.chosen) + 1;
    const order = this.direction === "descending" ? "largest" : "smallest";
    this.said.replaceChildren("Head ", bold(this.label(this.chosen)), ` is number ${place} of ${this.count}, the ${order} `, bold(this.names[this.column]), " first: ", bold(short(this.score(this.chosen))), ".");
  }

  rows() {
    const header = ["rank", "head", ...this.names];
    return [header, ...this.sorted.map((head, i) => [i + 1, this.label(head), ...this.names.map((_, column) => this.score(head, column))])];
  }

  data() {
    return { ...this.given, data: Array.from(this.scores) };
  }

  picture() {
    const sheet = new Sheet(this);
    sheet.title(this.given.title || HeadLeaderboard.title);
    sheet.line(`by ${this.names[this.column]}`, { soft: true });
    const full = this.full(this.column);
    for (const head of this.sorted.slice(0, 40)) {
      const value = this.score(head);
      sheet.text(70, sheet.y + 15, this.label(head), { mono: true, anchor: "end" });
      sheet.box(80, sheet.y + 5, Math.max(1, (480 * Math.abs(value)) / (full || 1)), 11, sheet.colour(value < 0 ? "--less" : "--more"), { rx: 3 });
      sheet.text(640, sheet.y + 15, among(value, full), { anchor: "end", soft: true });
      sheet.y += 20;
    }
    return sheet.done();
  }
}
customElements.define("head-leaderboard", HeadLeaderboard);
