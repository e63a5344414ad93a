// <path-map>: draws the lines between the cards of the map, from what each one needs, and lights those of the card under
// the pointer. The cards themselves are the page's; without scripts each still says what it needs.
const NS = "http://www.w3.org/2000/svg";

class PathMap extends HTMLElement {
  connectedCallback() {
    if (this.svg) return;
    this.svg = document.createElementNS(NS, "svg");
    this.svg.setAttribute("aria-hidden", "true");
    this.prepend(this.svg);
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this);
    for (const kind of ["pointerover", "focusin"]) this.addEventListener(kind, (event) => this.light(event.target.closest("[data-node]")));
    for (const kind of ["pointerleave", "focusout"]) this.addEventListener(kind, () => this.light(null));
    this.addEventListener("toggle", () => this.draw(), true);
    document.fonts?.ready.then(() => this.draw());
  }

  disconnectedCallback() {
    this.watch.disconnect();
    this.svg.remove();
    this.svg = null;
  }

  get cards() {
    return new Map([...this.querySelectorAll("[data-node]")].map((card) => [card.dataset.node, card]));
  }

  draw() {
    const frame = this.getBoundingClientRect();
    this.svg.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
    const cards = this.cards;
    const lines = [...cards.values()].flatMap((card) =>
      (card.dataset.needs || "").split(" ").filter((need) => cards.has(need)).map((need) => this.line(need, cards.get(need), card, frame)));
    this.svg.replaceChildren(...lines);
  }

  /** A curve from the foot of one card to the head of the other. */
  line(need, from, to, frame) {
    const [a, b] = [from, to].map((card) => card.getBoundingClientRect());
    const [x1, y1] = [a.left + a.width / 2 - frame.left, a.bottom - frame.top];
    const [x2, y2] = [b.left + b.width / 2 - frame.left, b.top - frame.top];
    const bend = Math.max(24, (y2 - y1) / 2);
    const path = document.createElementNS(NS, "path");
    path.setAttribute("d", `M${x1} ${y1} C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`);
    path.dataset.from = need;
    path.dataset.to = to.dataset.node;
    if (from.matches("[data-done]")) path.classList.add("done");
    return path;
  }

  light(card) {
    const wanted = card ? this.ancestors(card.dataset.node) : new Set();
    for (const path of this.svg.children) path.classList.toggle("lit", wanted.has(path.dataset.to) && wanted.has(path.dataset.from));
  }

  ancestors(node, found = new Set()) {
    found.add(node);
    for (const need of (this.cards.get(node)?.dataset.needs || "").split(" ")) {
      if (need && !found.has(need)) this.ancestors(need, found);
    }
    return found;
  }
}
customElements.define("path-map", PathMap);
