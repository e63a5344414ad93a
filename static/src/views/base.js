// What every view is: a shadow root with a title, a menu to save it, words that say what is seen, and a table of its
// numbers. Data come with the page or from their own address, and again when they change in place.
import { dataOf } from "../data.js";
import { all, block } from "../page.js";
import { hearTokens, keyOf, markToken } from "./linking.js";
import { saveMenu } from "./saving.js";
import { SHARED } from "./style.js";
import { made, short, visible } from "./words.js";

const ROWS = 400; // of the table

/** A view builds itself in `build(data)`; it has `rows()`, `picture()` and, for other views' marks, `lit(i, chosen)`. */
export class View extends HTMLElement {
  async connectedCallback() {
    if (this.root) return this.away?.signal.aborted && this.listen();
    this.root = this.attachShadow({ mode: "open" });
    this.root.adoptedStyleSheets = [SHARED, ...(this.constructor.style ?? [])];
    this.news = new MutationObserver((changes) => changes.some(bringsData) && this.renew());
    this.news.observe(this, { childList: true });
    try {
      this.show(await dataOf(this));
    } catch (error) {
      console.warn(error); // for whoever wrote the view
      this.root.replaceChildren(`This ${this.constructor.noun} could not be loaded. Reload the page to try again.`);
    }
  }

  /** New data have come: show them, if they are whole. */
  async renew() {
    this.renewed = true;
    await dataOf(this).then((found) => this.show(found)).catch(() => {});
  }

  /** The run is over, and what the database has is what counts: of the last news some may have been lost. */
  async settle() {
    if (!this.renewed || !this.hasAttribute("recorded")) return;
    this.setAttribute("src", this.getAttribute("recorded"));
    this.querySelector(":scope > script")?.remove();
    await this.renew();
    this.renewed = false;
  }

  disconnectedCallback() {
    queueMicrotask(() => this.isConnected || this.away?.abort());
  }

  /** Draw these data. Called again with others, it keeps what the reader has chosen, where that is still there. */
  show(found) {
    this.found = undefined;
    this.given = found;
    const body = made("div", { class: "body" });
    const title = made("p", { class: "title" }, found.title || this.constructor.title);
    this.menu = saveMenu(this);
    const opened = this.fold?.open ?? false;
    this.fold = this.asTable();
    this.root.replaceChildren(made("div", { class: "head" }, title, this.menu), body, this.fold);
    this.build(found, body);
    this.fold.open = opened;
    this.listen();
    this.dataset.ready = "";
  }

  listen() {
    this.away?.abort();
    this.away = new AbortController();
    const { signal } = this.away;
    document.addEventListener("theme", () => this.recoloured?.(), { signal });
    const keys = this.texts().map(keyOf);
    hearTokens(this, keys, block(this), ({ key, index, chosen }) => this.lit(index, chosen, Math.max(0, keys.indexOf(key))), signal);
  }

  /** Tell the others which token is meant here. */
  mark(index, chosen = false, text = 0) {
    markToken(this, { key: keyOf(this.texts()[text]), block: block(this), index, chosen });
  }

  /** The texts whose tokens it shows. */
  texts() {
    return this.given.tokens ? [this.given.tokens] : [];
  }

  lit() {}

  /** The table for a file; on the page it may be shorter. */
  allRows() {
    return this.rows();
  }

  /** All there is, numbers unpacked. */
  data() {
    return this.given;
  }

  get name() {
    const words = (this.given.title || this.constructor.title).toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-");
    return words.replace(/^-+|-+$/g, "").slice(0, 60) || "view";
  }

  // The numbers behind a fold: filled when it is opened.
  asTable() {
    const box = made("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Numbers of this view" });
    const fold = made("details", { class: "numbers" }, made("summary", {}, "As a table"), box);
    this.retable = () => fold.open && box.replaceChildren(tableOf(this.rows()));
    fold.addEventListener("toggle", this.retable);
    return fold;
  }
}

document.addEventListener("htmx:after:settle", () => {
  for (const data of all(".run[data-ending] .view[recorded] > script")) data.parentElement.settle?.();
});

const bringsData = ({ addedNodes }) => [...addedNodes].some((node) => node.localName === "script");

function tableOf([header, ...rows]) {
  const table = document.createElement("table");
  const line = (values, tag) => table.append(made("tr", {}, ...values.map((value) => made(tag, tag === "th" ? { scope: "col" } : {}, typeof value === "number" ? short(value) : visible(value)))));
  line(header, "th");
  for (const row of rows.slice(0, ROWS)) line(row, "td");
  if (rows.length > ROWS) line([`… and ${rows.length - ROWS} more`], "td");
  return table;
}
