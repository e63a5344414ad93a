// <beside-figures>: two figures side by side, one over the other, or subtracted; radio buttons switch.
import { dataOf } from "./data.js";

class BesideFigures extends HTMLElement {
  async connectedCallback() {
    if (this.begun) return;
    this.begun = true;
    const { views } = await dataOf(this);
    const places = views.map(() => document.createElement("div"));
    const look = (number) => {
      places.forEach((place, i) => { place.hidden = i !== number; });
      if (!places[number].firstChild) places[number].append(...views[number].figures.map(drawn));
    };
    for (const place of places) place.className = "view";
    this.append(this.choice(views, look), ...places);
    look(0);
    this.dataset.ready = "";
  }

  choice(views, look) {
    const field = document.createElement("fieldset");
    const legend = document.createElement("legend");
    legend.className = "visually-hidden";
    legend.textContent = "How to compare the figures";
    field.append(legend, ...views.map(({ name }, number) => {
      const label = document.createElement("label");
      const input = document.createElement("input");
      Object.assign(input, { type: "radio", name: `view-${this.id}`, checked: number === 0 });
      input.addEventListener("change", () => look(number));
      label.append(input, ` ${name}`);
      return label;
    }));
    return field;
  }
}

function drawn(figure) {
  const element = document.createElement("plotly-figure");
  element.found = { figure };
  return element;
}
customElements.define("beside-figures", BesideFigures);
