// <top-tokens>: the best words of each row; with columns, the best one at each place, and its list where one points.
import { View } from "./base.js";
import { Sheet } from "./picture.js";
import { RANKING, ranking } from "./ranking.js";
import { stepOf } from "./strip.js";
import { tint } from "./style.js";
import { among, bold, clamp, floats, made, quote, short, visible } from "./words.js";

const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
  .box { overflow: auto; max-height: 34rem; border-radius: 6px; }
  table.top { border-collapse: separate; border-spacing: 2px; font: 400 0.8125rem/1.5 var(--mono); }
  .top th { font-weight: 450; color: var(--ink-soft); text-align: left; white-space: pre; padding: 0.1rem 0.35rem; position: sticky; background: var(--raised); }
  .top thead th { top: 0; z-index: 1; }
  .top tbody th { left: 0; text-align: right; font-family: var(--sans); }
  .top td { padding: 0.15rem 0.35rem; border-radius: 3px; white-space: pre; max-width: 12rem; overflow: hidden; text-overflow: ellipsis; cursor: default; }
  .top td small { color: inherit; font: 400 0.75rem/1.4 var(--sans); padding-left: 0.5rem; }
  .top td:focus-visible { outline: 2.5px solid var(--accent); outline-offset: 0; }
  .top td.here { outline: 2px solid var(--lamp); }
  .top th.lit { color: var(--ink); box-shadow: inset 0 -3px 0 var(--lamp); }
  output { min-height: 9.5em; }
  .plainlist output { min-height: 1.5em; }
`);

class TopTokens extends View {
  static style = [STYLE, RANKING];
  static noun = "view of top tokens";
  static title = "Top tokens";

  build({ axis, rows, columns, words, data }, body) {
    const values = floats(data);
    const k = words[0].length;
    if (words.length !== rows.length * Math.max(1, columns.length) || values.length !== words.length * k) throw new Error("does not fit together");
    Object.assign(this, { axis, labels: rows, columns, words, values, k });
    this.full = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    this.wide = columns.length || k;
    const table = made("table", { class: "top", role: "grid", "aria-label": "Arrow keys move from place to place." }, this.header(), made("tbody", {}, ...rows.map((_, row) => this.row(row))));
    this.cells = [...table.querySelectorAll("td")];
    this.heads = [...table.querySelectorAll("thead th")].slice(1);
    this.said = made("output", { "aria-live": "polite" });
    if (!columns.length) body.classList.add("plainlist");
    body.append(made("div", { class: "box" }, table), this.said);
    table.addEventListener("keydown", (event) => this.steer(event));
    table.addEventListener("pointerleave", () => this.columns.length && this.mark(-1));
    this.at = Math.min(this.at ?? this.cells.length - 1, this.cells.length - 1);
    this.cells[this.at].tabIndex = 0;
    this.say(this.at);
  }

  texts() {
    return this.given.columns.length ? [this.given.columns] : [];
  }

  header() {
    const names = this.columns.length ? this.columns.map(visible) : Array.from({ length: this.k }, (_, i) => `${i + 1}`);
    return made("thead", {}, made("tr", {}, made("th", { scope: "col" }, this.axis), ...names.map((name) => made("th", { scope: "col" }, name))));
  }

  row(row) {
    const cells = Array.from({ length: this.wide }, (_, column) => {
      const [place, rank] = this.columns.length ? [row * this.wide + column, 0] : [row, column];
      const value = this.values[place * this.k + rank];
      const cell = made("td", { tabindex: "-1" }, visible(this.words[place][rank]));
      if (!this.columns.length) cell.append(made("small", {}, among(value, this.full)));
      tint(cell, value, this.full);
      const index = row * this.wide + column;
      cell.addEventListener("pointerenter", () => this.look(index));
      cell.addEventListener("focus", () => this.go(index));
      cell.addEventListener("click", () => cell.focus());
      return cell;
    });
    return made("tr", {}, made("th", { scope: "row" }, this.labels[row]), ...cells);
  }

  steer(event) {
    const [row, column] = [Math.floor(this.at / this.wide), this.at % this.wide];
    const down = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
    const step = down ? 0 : stepOf(event);
    if (step === undefined) return;
    event.preventDefault();
    this.cells[clamp(row + down, 0, this.labels.length - 1) * this.wide + clamp(column + step, 0, this.wide - 1)].focus();
  }

  /** Somebody points here. */
  look(index) {
    this.say(index);
    if (this.columns.length) this.mark(index % this.wide);
  }

  /** Somebody goes here. */
  go(index) {
    this.cells[this.at].tabIndex = -1;
    this.at = index;
    this.cells[index].tabIndex = 0;
    this.say(index);
    if (this.columns.length) this.mark(index % this.wide, true);
  }

  lit(index) {
    this.heads.forEach((head, i) => head.classList.toggle("lit", i === index));
  }

  say(index) {
    this.cells.forEach((cell, i) => cell.classList.toggle("here", i === index));
    const [row, column] = [Math.floor(index / this.wide), index % this.wide];
    const named = [this.axis, " ", bold(this.labels[row])];
    if (!this.columns.length) {
      return this.said.replaceChildren(...named, `, number ${column + 1}: `, bold(quote(this.words[row][column])), `, ${short(this.values[row * this.k + column])}.`);
    }
    const list = ranking(this.words[index], this.values.subarray(index * this.k, (index + 1) * this.k), this.full, (value) => among(value, this.full));
    this.said.replaceChildren(...named, " at ", bold(quote(this.columns[column])), ` (token ${column}):`, list);
  }

  rows() {
    const header = [this.axis, ...(this.columns.length ? ["position", "token"] : []), "rank", "word", "value"];
    return [header, ...this.words.flatMap((words, place) => words.map((word, i) => {
      const [row, column] = this.columns.length ? [Math.floor(place / this.wide), place % this.wide] : [place, 0];
      return [this.labels[row], ...(this.columns.length ? [column, this.columns[column]] : []), i + 1, word, this.values[place * this.k + i]];
    }))];
  }

  data() {
    return { ...this.given, data: Array.from(this.values) };
  }

  picture() {
    const [wide, high, left] = [86, 24, 90];
    const sheet = new Sheet(this, Math.max(480, left + this.wide * wide + 20));
    sheet.title(this.given.title || TopTokens.title);
    const cut = (words) => (words.length > 9 ? `${words.slice(0, 8)}…` : words);
    this.heads.forEach((head, i) => sheet.text(left + i * wide + 4, sheet.y + 16, cut(head.textContent), { size: 12, mono: true, soft: true }));
    sheet.y += high;
    this.cells.forEach((cell, i) => {
      const [row, column] = [Math.floor(i / this.wide), i % this.wide];
      if (!column) sheet.text(left - 8, sheet.y + row * high + 16, cut(this.labels[row]), { size: 12, soft: true, anchor: "end" });
      sheet.box(left + column * wide, sheet.y + row * high, wide - 2, high - 2, sheet.colourOf(cell), { rx: 3 });
      sheet.text(left + column * wide + 4, sheet.y + row * high + 16, cut(cell.firstChild.textContent), { size: 12, mono: true });
    });
    sheet.y += this.labels.length * high;
    return sheet.done();
  }
}
customElements.define("top-tokens", TopTokens);
