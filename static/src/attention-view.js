// <attention-view>: every head of a layer as a thumbnail, one of them large, and the tokens themselves: the marked token
// (the query) reads from the tokens that are tinted. Mouse, touch and arrow keys; what is seen is also said.
// With `guess`, it first asks which token the head reads, and only then shows.
import { block, post, store } from "./page.js";
import { dataOf } from "./data.js";

const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
  :host { display: block; font: 400 0.9375rem/1.5 var(--sans); color: var(--ink); }
  * { box-sizing: border-box; }
  .title { margin: 0 0 0.7rem; font: 600 0.9375rem/1.4 var(--sans); }
  .heads { display: flex; flex-wrap: wrap; gap: 0.35rem; margin-bottom: 0.9rem; }
  .heads button { all: unset; cursor: pointer; padding: 3px 3px 1px; border: 1.5px solid transparent; border-radius: 6px; text-align: center; font: 500 0.75rem/1.5 var(--mono); color: var(--ink-soft); }
  .heads button:hover { border-color: var(--rule-strong); }
  .heads button[aria-checked="true"] { border-color: var(--accent); color: var(--ink); background: var(--accent-wash); }
  .heads button:focus-visible, .tokens:focus-visible, .pick:focus-visible { outline: 2.5px solid var(--accent); outline-offset: 2px; }
  canvas { display: block; image-rendering: pixelated; border-radius: 3px; background: var(--paper); box-shadow: 0 0 0 1px var(--rule); color: var(--accent); outline: 0 solid var(--lamp); }
  .heads canvas { width: 3.4rem; height: 3.4rem; }
  .main { display: grid; grid-template-columns: minmax(0, 20rem) minmax(0, 1fr); gap: 1.1rem; align-items: start; }
  .main > figure { margin: 0; }
  .main canvas { width: 100%; aspect-ratio: 1; cursor: crosshair; touch-action: none; }
  figcaption { display: flex; justify-content: space-between; font-size: 0.75rem; color: var(--ink-soft); margin-top: 0.25rem; }
  .tokens { font: 400 0.875rem/2.15 var(--mono); border-radius: 4px; overflow-wrap: anywhere; }
  .tokens > span { padding: 0.2em 0.14em; margin-right: 2px; border-radius: 3px; white-space: pre-wrap; cursor: pointer; background: color-mix(in oklab, var(--accent) calc(var(--weight, 0) * 1%), var(--sunk)); }
  .tokens > span.strong { color: var(--on-accent); }
  .tokens > span[aria-selected="true"] { outline: 2px solid var(--lamp); outline-offset: 0; }
  .tokens > span.future { color: var(--ink-soft); background: none; font-style: italic; cursor: default; }
  .tokens > span.picked { box-shadow: inset 0 -3px 0 var(--lamp); }
  output { display: block; min-height: 3em; margin-top: 0.6rem; color: var(--ink-soft); }
  output b { color: var(--ink); font-weight: 600; }
  .ask { margin: 0 0 0.7rem; max-width: 38rem; font: 400 1.0625rem/1.5 var(--serif); }
  .ask b { font: 600 0.95em var(--mono); }
  .told { padding: 0.7rem 1rem; border-left: 3px solid var(--lamp); background: var(--lamp-wash); border-radius: 0 0.5rem 0.5rem 0; margin: 0 0 0.9rem; max-width: 38rem; }
  .guessing.main { grid-template-columns: minmax(0, 40rem); }
  .guessing .tokens > span:not(.future):hover { box-shadow: inset 0 -3px 0 var(--lamp); }
  .plain { all: unset; cursor: pointer; color: var(--accent); text-decoration: underline; text-underline-offset: 0.2em; font-size: 0.875rem; }
  .plain:focus-visible { outline: 2.5px solid var(--accent); outline-offset: 2px; }
  [hidden] { display: none !important; }
  @media (max-width: 44rem) { .main { grid-template-columns: 1fr; } .main > figure { max-width: 20rem; } }
`);

const FRAME = `
  <p class="title"></p>
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

class AttentionView extends HTMLElement {
  async connectedCallback() {
    if (this.root) return;
    this.root = this.attachShadow({ mode: "open" });
    this.root.adoptedStyleSheets = [STYLE];
    try {
      this.begin(await dataOf(this));
    } catch {
      this.root.append("This attention view could not be loaded. Reload the page to try again.");
    }
  }

  begin({ tokens, labels, shape: [heads, length], data, title, guess }) {
    const weights = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    if (weights.length !== heads * length * length || tokens.length !== length || labels.length !== heads) throw new Error("does not fit together");
    Object.assign(this, { tokens, labels, heads, length, weights, head: guess?.head ?? 0, query: guess?.query ?? length - 1, key: -1 });
    this.root.innerHTML = FRAME;
    this.find = (selector) => this.root.querySelector(selector);
    this.find(".title").textContent = title || "Attention patterns";
    this.addHeads();
    this.addTokens();
    this.addCanvas();
    this.listen();
    const known = store.get(this.memory);
    if (guess && known === null) this.askFirst(guess);
    else this.update();
    this.dataset.ready = "";
  }

  get memory() {
    return `unembed:revealed:${this.getAttribute("output") ?? this.getAttribute("src")}`;
  }

  // ── building ──

  addHeads() {
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
    place.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
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
      if (!token.trim()) span.setAttribute("aria-label", token.includes("\n") ? "line break" : "space");
      span.addEventListener("pointerenter", () => this.asking || this.read(i));
      span.addEventListener("click", () => (this.asking ? this.guess(i) : this.read(i)));
      return span;
    });
    place.replaceChildren(...this.spans);
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
    };
    canvas.addEventListener("pointermove", at);
    canvas.addEventListener("pointerdown", at);
  }

  listen() {
    this.away = new AbortController();
    const { signal } = this.away;
    document.addEventListener("theme", () => { this.ink = null; this.update(); }, { signal });
    block(this)?.addEventListener("head-selected", ({ detail }) => {
      const head = this.labels.indexOf(`${detail.layer}.${detail.head}`);
      if (head >= 0) this.choose(head);
    }, { signal });
  }

  disconnectedCallback() {
    queueMicrotask(() => this.isConnected || this.away?.abort());
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
    this.find("figure").hidden = true;
    const skip = this.find(".skip");
    skip.hidden = false;
    skip.addEventListener("click", () => this.reveal());
    this.find(".tokens").setAttribute("aria-label", "Tokens. Arrow keys move, Enter guesses.");
    this.update();
  }

  guess(token) {
    if (token > this.query) return;
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
    this.find("figure").hidden = false;
    this.find(".tokens").setAttribute("aria-label", "Tokens. Arrow keys move the token that reads.");
    this.update();
  }

  // ── looking ──

  steer(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (this.asking && (event.key === "Enter" || event.key === " ")) this.guess(this.marked);
    else if (this.asking && step) this.marked = clamp(this.marked + step, 0, this.query);
    else if (step) this.read(clamp(this.query + step, 0, this.length - 1));
    else return;
    event.preventDefault();
    this.update();
  }

  choose(head) {
    this.head = head;
    this.update();
  }

  read(query) {
    this.query = query;
    this.key = -1;
    this.update();
  }

  weight(head, query, key) {
    return this.weights[(head * this.length + query) * this.length + key] / 255;
  }

  strongest(head, query) {
    const start = (head * this.length + query) * this.length;
    const row = this.weights.subarray(start, start + query + 1);
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
      [this.ink, this.mark] = [resolve(style.color), resolve(style.outlineColor)];
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
    context.fillStyle = `rgb(${this.mark.join(" ")} / 0.28)`;
    context.fillRect(0, query, length, 1);
  }

  tint(head) {
    this.spans.forEach((span, i) => {
      const weight = this.asking || i > this.query ? 0 : this.weight(head, this.query, i);
      span.style.setProperty("--weight", Math.round(weight * 92));
      span.classList.toggle("strong", weight > 0.55);
      span.classList.toggle("future", i > this.query);
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
    const key = this.key >= 0 && this.key <= this.query ? this.key : this.strongest(head, this.query);
    const which = this.key >= 0 ? "" : "most of all ";
    output.replaceChildren("Head ", bold(this.labels[head]), " at ", bold(quote(this.tokens[this.query])), ` (token ${this.query}) reads ${which}`,
      bold(quote(this.tokens[key])), ` (token ${key}): `, bold(percent(this.weight(head, this.query, key))), ".");
  }
}
customElements.define("attention-view", AttentionView);

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const percent = (weight) => `${Math.round(100 * weight)} %`;
/** A token as one can see it: also a space that stands alone, and a line break. */
const visible = (token) => (token.trim() ? token : token.replaceAll(" ", "␣")).replaceAll("\n", "⏎");
const quote = (token) => `“${visible(token)}”`;

function bold(text) {
  const element = document.createElement("b");
  element.textContent = text;
  return element;
}

/** Any CSS colour as [red, green, blue]. */
function resolve(colour) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data.slice(0, 3);
}
