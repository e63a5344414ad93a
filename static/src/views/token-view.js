// <token-view>: a text coloured by one value a token; of several, or of many neurons, one is chosen at a time.
// With a model's predictions, it says at each token what was expected there, and how far down the list came what came.
import { View } from "./base.js";
import { choosers, rowAt } from "./choosers.js";
import { Sheet } from "./picture.js";
import { RANKING, ranking } from "./ranking.js";
import { tokenStrip } from "./strip.js";
import { tint } from "./style.js";
import { bold, floats, made, percent, quote, short } from "./words.js";

const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
  output.roomy { min-height: 12.5em; }
`);

class TokenView extends View {
  static style = [STYLE, RANKING];
  static noun = "view of tokens";
  static title = "Coloured tokens";

  build({ tokens, axes, data, unit, most, guesses }, body) {
    const values = floats(data);
    const columns = axes.reduce((product, { labels }) => product * labels.length, 1);
    if (values.length !== columns * tokens.length) throw new Error("does not fit together");
    const chances = guesses && floats(guesses.data);
    Object.assign(this, { tokens, axes, values, columns, unit, most, guesses, chances });
    this.at = axes.map(({ labels }, i) => Math.min(this.at?.[i] ?? 0, labels.length - 1));
    this.token = Math.min(this.token ?? (guesses ? tokens.length - 1 : -1), tokens.length - 1);
    this.chooser = choosers(axes, this.at, () => this.update());
    if (columns > 12) this.chooser.box.append(this.strongest());
    this.strip = tokenStrip(tokens, "Tokens. Arrow keys move from one to the next.", { look: (i) => this.point(i), choose: (i) => this.choose(i) });
    this.said = made("output", { "aria-live": "polite", ...(guesses && { class: "roomy" }) });
    this.legend = made("p", { class: "legend" });
    this.overview = made("p", { class: "overview" });
    body.append(this.chooser.box, this.strip.box, this.legend, this.overview, this.said);
    this.strip.select(this.token);
    this.update();
  }

  /** A way to find, among thousands, the entry that is largest at the chosen token. */
  strongest() {
    const button = made("button", { type: "button" }, "Strongest at the token");
    button.addEventListener("click", () => {
      const token = Math.max(0, this.token);
      let best = 0;
      for (let i = 1; i < this.columns; i++) if (!(this.values[i * this.tokens.length + token] <= this.values[best * this.tokens.length + token])) best = i;
      for (let i = this.axes.length - 1; i >= 0; i--) {
        this.at[i] = best % this.axes[i].labels.length;
        best = Math.floor(best / this.axes[i].labels.length);
      }
      this.chooser.agree();
      this.choose(token);
      this.update();
    });
    return button;
  }

  point(index) {
    this.strip.light(index);
    this.say(index < 0 ? this.token : index);
    this.mark(index);
  }

  choose(index) {
    this.token = index;
    this.strip.select(index);
    this.say(index);
    this.mark(index, true);
  }

  lit(index, chosen) {
    if (index >= this.tokens.length) return;
    this.strip.light(index);
    if (chosen) this.strip.select((this.token = index));
    this.say(index < 0 ? this.token : index);
  }

  get row() {
    const start = rowAt(this.axes, this.at, this.tokens.length);
    return this.values.subarray(start, start + this.tokens.length);
  }

  /** The value of full colour in what is chosen. */
  get full() {
    const stated = this.most[rowAt(this.axes, this.at, 1)];
    return stated ?? this.row.reduce((most, value) => (Math.abs(value) > most ? Math.abs(value) : most), 0);
  }

  update() {
    const { row, full } = this;
    this.strip.spans.forEach((span, i) => tint(span, row[i], full));
    const signed = row.some((value) => value < 0);
    this.legend.className = signed ? "legend signed" : "legend";
    this.legend.replaceChildren(signed ? this.number(-full) : "0", made("i"), this.number(full));
    this.overview.replaceChildren(...this.inShort());
    this.say(this.token);
    this.retable();
  }

  number(value) {
    if (this.label === "probability") return percent(value);
    return `${short(value)}${this.unit && !Number.isNaN(value) ? ` ${this.unit}` : ""}`;
  }

  /** What is chosen, in words: “layer 1, neuron 40”. */
  get label() {
    const several = this.axes.filter(({ labels }) => labels.length > 1).length > 1;
    return this.axes.map(({ name, labels }, i) => {
      const label = labels[this.at[i]];
      if (labels.length < 2 && !label) return "";
      return several || /^\d+$/.test(label) ? `${name} ${label}` : label;
    }).filter(Boolean).join(", ");
  }

  say(index) {
    if (index < 0) return this.said.replaceChildren("Point at a token, or go there with the arrow keys.");
    const value = this.row[index];
    const name = this.label ? `${this.label} ` : "";
    const parts = [bold(quote(this.tokens[index])), ` (token ${index}): `, name];
    this.said.replaceChildren(...parts, Number.isNaN(value) ? "none here" : bold(this.number(value)), ".", ...this.expected(index));
  }

  inShort() {
    const { row } = this;
    const known = [...row.keys()].filter((i) => !Number.isNaN(row[i]));
    if (!known.length) return ["No token has a value here."];
    const [low, high] = [Math.min, Math.max].map((most) => known.find((i) => row[i] === most(...known.map((j) => row[j]))));
    const named = this.label ? `${this.label[0].toUpperCase()}${this.label.slice(1)}: h` : "H";
    return [`${named}ighest at `, bold(quote(this.tokens[high])), ` (token ${high}): ${this.number(row[high])}; lowest at `, bold(quote(this.tokens[low])), ` (token ${low}): ${this.number(row[low])}.`];
  }

  expected(index) {
    if (!this.guesses) return [];
    const { words, ranks, of, width } = this.guesses;
    if (!words[index].length) return [" Nothing came before it, so nobody predicted it."];
    const chances = this.chances.subarray(index * width, (index + 1) * width);
    const list = ranking(words[index], chances, 1, percent, ranks[index] - 1);
    return [" Among the predictions it was number ", bold(String(ranks[index] ?? "?")), of ? ` of ${of.toLocaleString("en")}. Expected were:` : ". Expected were:", list];
  }

  rows() {
    const all = this.columns <= 12;
    const places = all ? Array.from({ length: this.columns }, (_, i) => i * this.tokens.length) : [rowAt(this.axes, this.at, this.tokens.length)];
    const names = all ? this.names() : [this.label];
    const more = this.guesses ? ["rank", "expected"] : [];
    const header = ["position", "token", ...names.map((name) => name || "value"), ...more];
    return [header, ...this.tokens.map((token, i) => [
      i, token, ...places.map((place) => this.values[place + i]),
      ...(this.guesses ? [this.guesses.ranks[i] ?? NaN, this.guesses.words[i][0] ?? ""] : []),
    ])];
  }

  /** All columns' names. */
  names() {
    return this.axes.reduce((names, axis) => names.flatMap((name) => axis.labels.map((label) => [name, this.axes.length > 1 ? `${axis.name} ${label}` : label].filter(Boolean).join(", "))), [""]);
  }

  data() {
    return { ...this.given, data: Array.from(this.values), guesses: this.guesses && { ...this.guesses, data: Array.from(this.chances) } };
  }

  picture() {
    const sheet = new Sheet(this);
    sheet.title(this.given.title || TokenView.title);
    if (this.label) sheet.line(this.label, { soft: true });
    const colours = this.strip.spans.map((span) => sheet.colourOf(span));
    sheet.tokens(this.tokens, (i) => colours[i]);
    sheet.line(`${this.row.some((value) => value < 0) ? this.number(-this.full) : 0} to ${this.number(this.full)}`, { soft: true, size: 12 });
    return sheet.done();
  }
}
customElements.define("token-view", TokenView);
