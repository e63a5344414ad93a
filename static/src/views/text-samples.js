// <text-samples>: the texts in which a feature fires most, each token coloured by how much.
import { View } from "./base.js";
import { choosers } from "./choosers.js";
import { Sheet } from "./picture.js";
import { tokenStrip } from "./strip.js";
import { tint } from "./style.js";
import { among, bold, floats, made, quote, short } from "./words.js";

const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
  ol { margin: 0; padding: 0; list-style: none; display: grid; gap: 0.7rem; max-height: 40rem; overflow: auto; }
  li > p { margin: 0 0 0.1rem; font-size: 0.8125rem; color: var(--ink-soft); font-variant-numeric: tabular-nums; }
  li > p b { color: var(--ink); font-weight: 600; }
`);

class TextSamples extends View {
  static style = [STYLE];
  static noun = "view of samples";
  static title = "Where it fires most";

  build({ axis, texts, places, orders, data }, body) {
    const values = floats(data);
    const starts = texts.reduce((all, text) => [...all, all.at(-1) + text.length], [0]);
    const total = starts.at(-1);
    if (values.length !== total * axis.labels.length || orders.length !== axis.labels.length) throw new Error("does not fit together");
    Object.assign(this, { axis, all: texts, places, orders, values, starts, total });
    this.at = [Math.min(this.at?.[0] ?? 0, axis.labels.length - 1)];
    this.chooser = choosers([axis], this.at, () => { this.update(); this.listen(); });
    this.list = made("ol", { tabindex: "0", "aria-label": "Texts, from where it fires most" });
    this.said = made("output", { "aria-live": "polite" });
    body.append(this.chooser.box, this.list, this.said);
    this.update();
  }

  /** The texts of the chosen feature, in their order. */
  get order() {
    return this.orders[this.at[0]];
  }

  texts() {
    return this.order.map((text) => this.all[text]);
  }

  row(text) {
    const start = this.at[0] * this.total + this.starts[text];
    return this.values.subarray(start, start + this.all[text].length);
  }

  update() {
    this.full = this.order.reduce((most, text) => this.row(text).reduce((m, value) => Math.max(m, Math.abs(value)), most), 0);
    this.strips = this.order.map((text, i) => this.strip(text, i));
    this.list.replaceChildren(...this.strips.map(({ box }, i) => {
      const [row, tokens] = [this.row(this.order[i]), this.all[this.order[i]]];
      const peak = row.indexOf(row.reduce((a, b) => Math.max(a, b)));
      return made("li", {}, made("p", {}, bold(among(row[peak], this.full)), ` at ${quote(tokens[peak])}, text ${this.places[this.order[i]]}`), box);
    }));
    this.said.replaceChildren(`${this.axis.name} ${this.axis.labels[this.at[0]]}: the ${this.order.length} texts in which it fires most. Point at a token for its value.`);
    this.retable();
  }

  strip(text, i) {
    const strip = tokenStrip(this.all[text], `Text ${this.places[text]}. Arrow keys move from token to token.`, {
      look: (index) => this.look(i, index, false), choose: (index) => { strip.select(index); this.look(i, index, true); }, prefix: `s${i}-`,
    });
    const row = this.row(text);
    strip.spans.forEach((span, j) => tint(span, row[j], this.full));
    return strip;
  }

  look(i, index, chosen) {
    this.strips[i].light(index);
    if (index >= 0) this.say(i, index);
    this.mark(index, chosen, i);
  }

  lit(index, chosen, text) {
    this.strips[text]?.light(index);
    if (index >= 0 && index < this.texts()[text].length) this.say(text, index);
  }

  say(i, index) {
    this.said.replaceChildren(bold(quote(this.texts()[i][index])), ` (text ${this.places[this.order[i]]}, token ${index}): `, bold(short(this.row(this.order[i])[index])), ".");
  }

  rows() {
    const label = this.axis.labels[this.at[0]];
    return [[this.axis.name, "text", "position", "token", "value"], ...this.order.flatMap((text) => this.all[text].map((token, i) => [label, this.places[text], i, token, this.row(text)[i]]))];
  }

  data() {
    return { ...this.given, data: Array.from(this.values) };
  }

  picture() {
    const sheet = new Sheet(this);
    sheet.title(this.given.title || TextSamples.title);
    sheet.line(`${this.axis.name} ${this.axis.labels[this.at[0]]}`, { soft: true });
    this.strips.forEach(({ spans }, i) => {
      const colours = spans.map((span) => sheet.colourOf(span));
      sheet.line(this.list.children[i].firstChild.textContent, { soft: true, size: 12 });
      sheet.tokens(this.all[this.order[i]], (j) => colours[j]);
    });
    return sheet.done();
  }
}
customElements.define("text-samples", TextSamples);
