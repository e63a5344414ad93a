// Which entry of each axis is looked at: a list of few, a number of many.
import { clamp, made } from "./words.js";

const LISTED = 60; // of more, one is chosen by its place

/** Controls for the axes that leave a choice; `at` holds the entry of each. `changed()` after every choice. */
export function choosers(axes, at, changed) {
  const box = made("div", { class: "choose" });
  const controls = axes.map((axis, i) => {
    if (axis.labels.length < 2) return null;
    const control = axis.labels.length <= LISTED ? list(axis) : number(axis);
    control.addEventListener("change", () => {
      at[i] = clamp(Math.round(Number(control.value)) || 0, 0, axis.labels.length - 1);
      changed();
    });
    box.append(made("label", {}, axis.name, control));
    return control;
  });
  box.hidden = controls.every((control) => !control);
  /** Show what is chosen, when something else has chosen it. */
  const agree = () => controls.forEach((control, i) => control && (control.value = at[i]));
  agree();
  return { box, agree };
}

function list(axis) {
  return made("select", {}, ...axis.labels.map((label, i) => made("option", { value: i }, label)));
}

function number(axis) {
  return made("input", { type: "number", min: 0, max: axis.labels.length - 1, step: 1, title: `0 to ${axis.labels.length - 1}` });
}

/** Where the chosen row of numbers begins: `axes` from the outermost, then `length` numbers a row. */
export const rowAt = (axes, at, length) => axes.reduce((place, axis, i) => place * axis.labels.length + at[i], 0) * length;
