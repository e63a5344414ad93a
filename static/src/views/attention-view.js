// <attention-view>: every head of a layer as a thumbnail, one of them large, and the tokens themselves: the marked token
// (the query) reads from the tokens that are tinted. Mouse, touch and arrow keys; what is seen is also said.
// With `guess`, it first asks which token the head reads, and only then shows.
import { block, post, store } from "../page.js";
import { View } from "./base.js";
import { Sheet } from "./picture.js";
import { stepOf } from "./strip.js";
import { resolve } from "./style.js";
import { bold, clamp, percent, quote, spoken, visible } from "./words.js";

const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
  .heads { display: flex; flex-wrap: wrap; gap: 0.35rem; margin-bottom: 0.9rem; }
  .heads button { all: unset; cursor: pointer; padding: 3px 3px 1px; border: 1.5px solid transparent; border-radius: 6px; text-align: center; font: 500 0.75rem/1.5 var(--mono); color: var(--ink-soft); }
  .heads button:hover { border-color: var(--rule-strong); }
  .heads button[aria-checked="true"] { border-color: var(--accent); color: var(--ink); background: var(--accent-wash); }
  .heads button:focus-visible, .tokens:focus-visible, .plain:focus-visible { outline: 2.5px solid var(--accent); outline-offset: 2px; }
  canvas { display: block; image-rendering: pixelated; border-radius: 3px; background: var(--paper); box-shadow: 0 0 0 1px var(--rule); color: var(--accent); outline: 0 solid var(--lamp); }
  .heads canvas { width: 3.4rem; height: 3.4rem; }
  .heads.grid { display: grid; grid-template-columns: repeat(var(--columns), minmax(1.8rem, 1fr)); max-width: calc(var(--columns) * 7.5rem); overflow-x: auto; padding: 3px; }
  .heads.grid canvas { width: 100%; height: auto; aspect-ratio: 1; }
  .main { display: grid; grid-template-columns: minmax(0, 20rem) minmax(0, 1fr); gap: 1.1rem; align-items: start; }
  .main > figure { margin: 0; }
  .main canvas { width: 100%; aspect-ratio: 1; cursor: crosshair; touch-action: none; }
  figcaption { display: flex; justify-content: space-between; font-size: 0.75rem; color: var(--ink-soft); margin-top: 0.25rem; }
  .tokens > span { background: color-mix(in oklab, var(--accent) calc(var(--weight, 0) * 1%), var(--sunk)); }
  .tokens > span.strong { color: var(--on-accent); }
  .tokens > span.future { color: var(--ink-soft); background: none; font-style: italic; cursor: default; }
  .tokens > span.picked { box-shadow: inset 0 -3px 0 var(--lamp); }
  .ask { margin: 0 0 0.7rem; max-width: 38rem; font: 400 1.0625rem/1.5 var(--serif); }
  .ask b { font: 600 0.95em var(--mono); }
  .told { padding: 0.7rem 1rem; border-left: 3px solid var(--lamp); background: var(--lamp-wash); border-radius: 0 0.5rem 0.5rem 0; margin: 0 0 0.9rem; max-width: 38rem; }
  output { min-height: 3em; }
  .guessing.main { grid-template-columns: minmax(0, 40rem); }
  .guessing .tokens > span:not(.future):hover { box-shadow: inset 0 -3px 0 var(--lamp); }
  .plain { all: unset; cursor: pointer; color: var(--accent); text-decoration: underline; text-underline-offset: 0.2em; font-size: 0.875rem; }
  @media (max-width: 44rem) { .main { grid-template-columns: 1fr; } .main > figure { max-width: 20rem; } }
`);

const FRAME = `
  <div class="asked" hidden><p class="ask"></p></div>
  <div class="told" hidden></div>
  <div class="heads" role="radiogroup" aria-label="Attention heads"></div>
  <div class="main">
    <figure><canvas aria-hidden="true"></canvas><figcaption><span>↓ query: reads</span><span>key: is read →</span></figcaption></figure>
    <div>
      <div class="tokens" role="listbox" tabindex="0" aria-label="Tokens. Arrow keys move the token that reads."></div>
      <output aria-live="polite"></output>
    </div>
  </div>
  <button class="plain skip" hidden>Just show me</button>`;

class AttentionView extends View {
  static style = [STYLE];
  static noun = "attention view";
  static title = "Attention patterns";

  build({ tokens, labels, shape: [heads, length], data, guess, grid }, body) {
    const weights = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    if (weights.length !== heads * length * length || tokens.length !== length || labels.length !== heads) throw new Error("does not fit together");
    Object.assign(this, { tokens, labels, heads, length, weights, key: -1, lamp: -1, ink: null });
    this.head = Math.min(this.head ?? guess?.head ?? Math.max(0, labels.indexOf(this.wished)), heads - 1);
    this.query = Math.min(this.query ?? guess?.query ?? length - 1, length - 1);
    this.causal = weights.every((weight, i) => !weight || i % length <= Math.floor(i / length) % length);
    body.innerHTML = FRAME;
    this.find = (selector) => body.querySelector(selector);
    this.addHeads(grid);
    this.addTokens();
    this.addCanvas();
    const known = store.get(this.memory);
    if (guess && known === null) this.askFirst(guess);
    else this.update();
  }

  get memory() {
    return `unembed:revealed:${this.getAttribute("output") ?? this.getAttribute("src")}`;
  }

  // ── building ──

  /** Every head as a thumbnail; of a whole model (`grid` heads a layer), a layer a row. */
  addHeads(grid) {
    const place = this.find(".heads");
    this.buttons = this.labels.map((label, head) => {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("role", "radio");
      button.setAttribute("aria-label", `Head ${label}`);
      button.append(document.createElement("canvas"), label);
      button.addEventListener("click", () => this.choose(head));
      button.addEventListener("pointerenter", () => this.update(head));
      button.addEventListener("pointerleave", () => this.update());
      return button;
    });
    place.replaceChildren(...this.buttons);
    if (grid) {
      place.classList.add("grid");
      place.style.setProperty("--columns", grid);
    }
    place.addEventListener("keydown", (event) => {
      const down = grid || 1;
      const step = { ArrowRight: 1, ArrowDown: down, ArrowLeft: -1, ArrowUp: -down }[event.key];
      if (!step) return;
      event.preventDefault();
      this.choose((this.head + step + this.heads) % this.heads);
      this.buttons[this.head].focus();
    });
    place.hidden = this.heads === 1;
  }

  addTokens() {
    const place = this.find(".tokens");
    this.spans = this.tokens.map((token, i) => {
      const span = document.createElement("span");
      span.setAttribute("role", "option");
      span.id = `t${i}`;
      span.textContent = visible(token);
      if (!token.trim()) span.setAttribute("aria-label", spoken(token));
      span.addEventListener("pointerenter", () => this.asking || this.read(i));
      span.addEventListener("click", () => (this.asking ? this.guess(i) : this.read(i, true)));
      return span;
    });
    place.replaceChildren(...this.spans);
    place.addEventListener("pointerleave", () => this.asking || this.mark(-1));
    place.addEventListener("keydown", (event) => this.steer(event));
  }

  addCanvas() {
    const canvas = this.find(".main canvas");
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      const place = (offset, size) => Math.min(this.length - 1, Math.max(0, Math.floor((offset / size) * this.length)));
      this.query = place(event.clientY - box.top, box.height);
      this.key = place(event.clientX - box.left, box.width);
      this.update();
      this.mark(this.key);
    };
    canvas.addEventListener("pointermove", at);
    canvas.addEventListener("pointerdown", at);
    canvas.addEventListener("pointerleave", () => this.mark(-1));
  }

  listen() {
    super.listen();
    block(this)?.addEventListener("head-selected", ({ detail }) => this.open(`${detail.layer}.${detail.head}`), { signal: this.away.signal });
  }

  /** Show the head of this name, if it is here. */
  open(label) {
    if (!this.labels) return void (this.wished = label); // as soon as it is there
    const head = this.labels.indexOf(label);
    if (head < 0) return;
    if (this.asking) this.reveal();
    this.choose(head);
  }

  recoloured() {
    this.ink = null;
    this.update();
  }

  /** Another view has marked this token: it is lit here, and read from once it is chosen. */
  lit(index, chosen) {
    if (this.asking || index >= this.length) return;
    this.lamp = index;
    this.spans.forEach((span, i) => span.classList.toggle("lit", i === index));
    if (chosen && index >= 0) [this.query, this.key] = [index, -1];
    this.update();
  }

  // ── guessing first ──

  askFirst({ head, query }) {
    this.asking = true;
    this.marked = query; // where the keyboard stands
    this.find(".main").classList.add("guessing");
    const ask = this.find(".ask");
    ask.append("Head ", bold(this.labels[head]), " stands at the framed token, ", bold(quote(this.tokens[query])), ". Which token is it reading? Click your guess.");
    this.find(".asked").hidden = false;
    this.find(".heads").hidden = true;
    this.find("figure").hidden = this.menu.hidden = this.fold.hidden = true;
    const skip = this.find(".skip");
    skip.hidden = false;
    skip.addEventListener("click", () => this.reveal());
    this.find(".tokens").setAttribute("aria-label", "Tokens. Arrow keys move, Enter guesses.");
    this.update();
  }

  guess(token) {
    if (token > this.last(this.query)) return;
    const own = this.weight(this.head, this.query, token);
    const best = this.strongest(this.head, this.query);
    const told = this.find(".told");
    const where = token === best ? "That is the one: it puts " : "You said ";
    told.replaceChildren(where, ...(token === best
      ? [bold(percent(own)), " of its attention there."]
      : [bold(quote(this.tokens[token])), `, token ${token}: it gets ${percent(own)}. `, bold(quote(this.tokens[best])), `, token ${best}, gets `, bold(percent(this.weight(this.head, this.query, best))), ". Where do the two stand to each other?"]));
    told.hidden = false;
    this.spans[token].classList.add("picked");
    const url = this.getAttribute("guess-url");
    if (url) post(url, { token, query: this.query, head: this.labels[this.head], right: token === best ? 1 : "" }).catch(() => {});
    this.reveal();
  }

  reveal() {
    this.asking = false;
    store.set(this.memory, "1");
    this.find(".main").classList.remove("guessing");
    this.find(".asked").hidden = this.find(".skip").hidden = true;
    this.find(".heads").hidden = this.heads === 1;
    this.find("figure").hidden = this.menu.hidden = this.fold.hidden = false;
    this.find(".tokens").setAttribute("aria-label", "Tokens. Arrow keys move the token that reads.");
    this.update();
  }

  // ── looking ──

  steer(event) {
    const step = stepOf(event);
    if (this.asking && (event.key === "Enter" || event.key === " ")) this.guess(this.marked);
    else if (this.asking && step) this.marked = clamp(this.marked + step, 0, this.last(this.query));
    else if (step) this.read(clamp(this.query + step, 0, this.length - 1), true);
    else return;
    event.preventDefault();
    this.update();
  }

  choose(head) {
    this.head = head;
    this.update();
    this.retable();
  }

  read(query, chosen = false) {
    [this.query, this.key] = [query, -1];
    this.update();
    this.mark(query, chosen);
  }

  weight(head, query, key) {
    return this.weights[(head * this.length + query) * this.length + key] / 255;
  }

  /** The last token that may be read from here: oneself, unless the model reads in both directions. */
  last(query) {
    return this.causal ? query : this.length - 1;
  }

  strongest(head, query) {
    const start = (head * this.length + query) * this.length;
    const row = this.weights.subarray(start, start + this.last(query) + 1);
    return row.indexOf(row.reduce((a, b) => Math.max(a, b), 0));
  }

  update(head = this.head) {
    this.buttons.forEach((button, i) => {
      button.setAttribute("aria-checked", i === this.head);
      button.tabIndex = i === this.head ? 0 : -1;
    });
    if (!this.asking) this.paint(head);
    this.tint(head);
    this.say(head);
  }

  paint(head) {
    if (!this.ink) {
      const style = getComputedStyle(this.find("canvas"));
      [this.ink, this.glow] = [resolve(style.color), resolve(style.outlineColor)];
      this.buttons.forEach((button, i) => this.draw(button.firstChild, i));
    }
    this.draw(this.find(".main canvas"), head, this.query);
  }

  draw(canvas, head, query = -1) {
    const { length } = this;
    canvas.width = canvas.height = length;
    const context = canvas.getContext("2d");
    const image = context.createImageData(length, length);
    for (let i = 0; i < length * length; i++) {
      const alpha = this.weights[head * length * length + i];
      image.data.set([...this.ink, query < 0 || Math.floor(i / length) === query ? alpha : alpha * 0.6], 4 * i);
    }
    context.putImageData(image, 0, 0);
    if (query < 0) return;
    context.globalCompositeOperation = "destination-over"; // behind the pattern, the row of the token that reads
    context.fillStyle = `rgb(${this.glow.join(" ")} / 0.28)`;
    context.fillRect(0, query, length, 1);
    if (this.lamp >= 0) context.fillRect(this.lamp, 0, 1, length); // … and the column of the one that is lit elsewhere
  }

  tint(head) {
    this.spans.forEach((span, i) => {
      const weight = this.asking || i > this.last(this.query) ? 0 : this.weight(head, this.query, i);
      span.style.setProperty("--weight", Math.round(weight * 92));
      span.classList.toggle("strong", weight > 0.55);
      span.classList.toggle("future", i > this.last(this.query));
      span.setAttribute("aria-selected", i === this.query);
    });
    this.find(".tokens").setAttribute("aria-activedescendant", `t${this.asking ? this.marked : this.query}`);
  }

  say(head) {
    const output = this.find("output");
    if (this.asking) {
      output.textContent = `Your guess: ${quote(this.tokens[this.marked])}, token ${this.marked}.`;
      output.hidden = this.marked === this.query;
      return;
    }
    output.hidden = false;
    const key = this.key >= 0 && this.key <= this.last(this.query) ? this.key : this.strongest(head, this.query);
    const which = this.key >= 0 ? "" : "most of all ";
    output.replaceChildren("Head ", bold(this.labels[head]), " at ", bold(quote(this.tokens[this.query])), ` (token ${this.query}) reads ${which}`,
      bold(quote(this.tokens[key])), ` (token ${key}): `, bold(percent(this.weight(head, this.query, key))), ".");
  }

  // ── taking away ──

  rows() {
    const rows = [["head", "query", "query token", "strongest key", "key token", "attention"]];
    this.tokens.forEach((token, query) => {
      const key = this.strongest(this.head, query);
      rows.push([this.labels[this.head], query, token, key, this.tokens[key], this.weight(this.head, query, key)]);
    });
    return rows;
  }

  /** Every weight of the head that is shown, for a file. */
  allRows() {
    const rows = [["head", "query", "query token", "key", "key token", "attention"]];
    this.tokens.forEach((token, query) => this.tokens.slice(0, this.last(query) + 1).forEach((other, key) => {
      rows.push([this.labels[this.head], query, token, key, other, this.weight(this.head, query, key)]);
    }));
    return rows;
  }

  data() {
    return { ...this.given, data: Array.from(this.weights, (weight) => Number((weight / 255).toFixed(4))) };
  }

  picture() {
    const sheet = new Sheet(this);
    sheet.title(this.given.title || AttentionView.title);
    const [side, top] = [Math.min(440, 40 * this.length), sheet.y + 6];
    const copy = document.createElement("canvas");
    this.draw(copy, this.head, -1);
    sheet.line(`Head ${this.labels[this.head]}: rows read, columns are read`, { soft: true });
    sheet.image(150, top + 22, side, side, copy);
    const [step, size] = [side / this.length, Math.max(4, Math.min(12, (side / this.length) * 0.85))];
    this.tokens.forEach((token, i) => sheet.text(144, top + 22 + (i + 0.75) * step, visible(token).slice(0, 18), { size, mono: true, anchor: "end" }));
    sheet.y = top + 22 + side + 12;
    sheet.line(`At ${quote(this.tokens[this.query])} (token ${this.query}), which is read from:`, { soft: true });
    const colours = this.spans.map((span) => sheet.colourOf(span));
    sheet.tokens(this.tokens.slice(0, this.last(this.query) + 1), (i) => colours[i], (i) => this.spans[i].classList.contains("strong"));
    return sheet.done();
  }
}
customElements.define("attention-view", AttentionView);
