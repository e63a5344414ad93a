// A plot whose axis has a place for each token is linked to the views of the same tokens: whoever points at one lights
// up the other. An axis is one of tokens if its ticks are these tokens; one called “position” counts those of its cell.
import { hearTokens, keyOf, markToken } from "./views/linking.js";
import { spoken } from "./figure-layout.js";
import { block } from "./page.js";

const COUNTS = /^(token |key |query )?positions?$/i;

/** Link the plot of a figure, as Plotly was told to draw it, until `signal` ends. */
export function linkTokens(figure, plot, layout, signal) {
  const axes = ["x", "y"].map((name) => axisOf(name, layout[`${name}axis`])).filter(Boolean);
  if (!axes.length) return;
  const lights = axes.map(() => {
    const light = document.createElement("div");
    light.className = "token-light";
    light.hidden = true;
    plot.append(light);
    return light;
  });
  const light = (key, index) => axes.forEach((axis, i) => place(lights[i], plot, axis, axis.key === "" || key === "" || axis.key === key ? index : -1));
  hearTokens(figure, axes.map(({ key }) => key), block(figure), ({ key, index }) => light(key, index), signal);
  plot.on("plotly_hover", ({ points: [point] }) => {
    const { name, key } = axes[0];
    const index = Math.round(Number(point[name]));
    if (Number.isFinite(index)) markToken(figure, { key, block: block(figure), index });
  });
  plot.on("plotly_unhover", () => markToken(figure, { key: axes[0].key, block: block(figure), index: -1 }));
}

function axisOf(name, axis) {
  if (axis?.tickmode === "array" && axis.ticktext && Array.from(axis.tickvals ?? []).every((value, i) => value === i)) {
    return { name, key: keyOf(Array.from(axis.ticktext, spoken)) };
  }
  return COUNTS.test(axis?.title?.text ?? "") ? { name, key: "" } : null;
}

/** Put the light where the token is; nowhere, if that is outside of what is shown. */
function place(light, plot, { name }, index) {
  const axis = plot._fullLayout?.[`${name}axis`]; // Plotly has no public way from a value to a pixel
  const across = plot._fullLayout?.[name === "x" ? "yaxis" : "xaxis"];
  const at = axis?.l2p?.(index);
  light.hidden = !(index >= 0) || !across || !(at >= -1) || at > axis._length + 1;
  if (light.hidden) return;
  const width = Math.max(3, Math.abs(axis.l2p(index + 1) - at));
  const box = name === "x"
    ? { left: axis._offset + at - width / 2, top: across._offset, width, height: across._length }
    : { left: across._offset, top: axis._offset + at - width / 2, width: across._length, height: width };
  for (const [side, pixels] of Object.entries(box)) light.style.setProperty(side, `${pixels}px`);
}
