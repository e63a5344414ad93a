// Drawings to be saved: SVG in the colours of the page as it is now.
import { resolve } from "./style.js";
import { visible } from "./words.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
const MARGIN = 16;
const MONO = "JetBrains Mono, Menlo, Consolas, monospace";
const SANS = "Instrument Sans, system-ui, sans-serif";

/** A sheet of paper: texts and boxes are put on it; it grows downwards. */
export class Sheet {
  constructor(view, width = 720) {
    this.root = view.root;
    this.width = width;
    this.y = MARGIN;
    this.pen = new OffscreenCanvas(1, 1).getContext("2d");
    this.svg = shape("svg", { xmlns: NAMESPACE, width });
    this.paper = this.box(0, 0, width, 0, this.colour("--raised"));
  }

  /** A colour of the page, by its variable. */
  colour(name) {
    const probe = document.createElement("i");
    probe.style.setProperty("color", `var(${name})`);
    this.root.append(probe);
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return `rgb(${resolve(colour).join(" ")})`;
  }

  /** The colour behind an element, as it is now. */
  colourOf(element) {
    return `rgb(${resolve(getComputedStyle(element).backgroundColor).join(" ")})`;
  }

  box(x, y, width, height, fill, more = {}) {
    const made = shape("rect", { x, y, width, height, fill, ...more });
    this.svg.append(made);
    return made;
  }

  text(x, y, words, { size = 13, mono = false, bold = false, soft = false, anchor = "start", ink } = {}) {
    const made = shape("text", {
      x, y, fill: this.colour(ink ?? (soft ? "--ink-soft" : "--ink")), "font-size": size, "font-family": mono ? MONO : SANS,
      "font-weight": bold ? 600 : 400, "text-anchor": anchor, "xml:space": "preserve",
    });
    made.textContent = words;
    this.svg.append(made);
  }

  image(x, y, width, height, canvas) {
    this.svg.append(shape("image", { x, y, width, height, href: canvas.toDataURL(), preserveAspectRatio: "none", "image-rendering": "pixelated" }));
  }

  title(words) {
    for (const line of this.folded(words, `600 16px ${SANS}`)) {
      this.y += 20;
      this.text(MARGIN, this.y - 4, line, { size: 16, bold: true });
    }
    this.y += 8;
  }

  line(words, options) {
    for (const line of this.folded(words, `13px ${SANS}`)) {
      this.y += 19;
      this.text(MARGIN, this.y - 5, line, options);
    }
  }

  folded(words, font) {
    this.pen.font = font;
    const lines = [];
    for (const word of words.split(/\s+/).filter(Boolean)) {
      const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
      if (lines.length && this.pen.measureText(longer).width <= this.width - 2 * MARGIN) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines;
  }

  /** Tokens in lines, each on its own colour. */
  tokens(tokens, colourOf, isInverse = () => false) {
    this.pen.font = `14px ${MONO}`;
    let x = MARGIN;
    this.y += 4;
    tokens.forEach((token, i) => {
      const words = visible(token);
      const width = this.pen.measureText(words).width + 5;
      if (x > MARGIN && x + width > this.width - MARGIN) {
        x = MARGIN;
        this.y += 28;
      }
      this.box(x, this.y, width, 22, colourOf(i), { rx: 3 });
      this.text(x + 2, this.y + 16, words, { size: 14, mono: true, ink: isInverse(i) ? "--on-accent" : undefined });
      x += width + 2;
      if (token.includes("\n")) x = this.width;
    });
    this.y += 34;
  }

  /** The drawing, as high as it has become. */
  done() {
    const height = Math.ceil(this.y + MARGIN);
    this.paper.setAttribute("height", height);
    this.svg.setAttribute("height", height);
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
    return this.svg;
  }
}

function shape(name, attributes) {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) if (key !== "xmlns") element.setAttribute(key, value);
  return element;
}
