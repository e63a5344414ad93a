// <step-slider>: outputs of many steps, of which one is seen; a slider moves all of them together. What is shown stays the
// same element and gets the data of the other step, so that what its reader has chosen (a head, a token) stays chosen.
import { dataOf } from "../data.js";
import { look } from "../elements.js";
import { made, visible } from "./words.js";

const TAGS = { figure: "plotly-figure", attention: "attention-view", tokens: "token-view", leaderboard: "head-leaderboard", top_tokens: "top-tokens", samples: "text-samples" };

class StepSlider extends HTMLElement {
  async connectedCallback() {
    if (this.begun) return;
    this.begun = true;
    try {
      this.build(await dataOf(this));
    } catch {
      this.append("This slider could not be loaded. Reload the page to try again.");
    }
  }

  build({ title, name, labels, frames }) {
    const range = made("input", { type: "range", min: "0", max: String(labels.length - 1), step: "1", id: `range-${this.id}` });
    const said = made("output", { for: range.id });
    range.value = "0";
    this.shown = frames[0].map(element);
    const move = () => {
      const at = Number(range.value);
      said.textContent = `${name} ${visible(labels[at])}`;
      range.setAttribute("aria-valuetext", said.textContent);
      this.shown.forEach((one, i) => one.isConnected && hand(one, frames[at][i]));
    };
    range.addEventListener("input", move);
    const step = (by) => {
      range.value = String(Number(range.value) + by);
      move();
    };
    const bar = made("div", { class: "moves" }, button("‹", `${name} before`, () => step(-1)), made("label", { for: range.id, class: "visually-hidden" }, `${name} to show`), range, button("›", `next ${name}`, () => step(1)), said);
    this.append(...(title ? [made("p", { class: "title" }, title)] : []), bar, ...this.shown);
    move();
    look(); // elements of a kind not met before are fetched
    this.dataset.ready = "";
  }
}

function element(output) {
  const tag = TAGS[output.kind];
  const one = document.createElement(tag ?? "span");
  one.className = tag ? "view" : "result";
  return one;
}

/** Give an element the data of a step; one that is not drawn yet finds them when it is. */
function hand(one, output) {
  if (output.kind === "result") {
    one.textContent = output.text;
    return;
  }
  one.found = output;
  if (one.dataset.ready !== undefined) one.show(output);
}

function button(sign, says, press) {
  const one = made("button", { type: "button", class: "plain", "aria-label": says }, sign);
  one.addEventListener("click", press);
  return one;
}
customElements.define("step-slider", StepSlider);
