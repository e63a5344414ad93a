// A view's menu “Save”: its picture and its data, made here, sent nowhere.
import { made } from "./words.js";

const SIDE = 8192; // pixels, the most that browsers draw
const SHARPER = 2; // pixels of a PNG for one of the drawing

/** The menu. `view` has `picture()`, an SVG element; `allRows()`, a table; `data()`, an object; and `name`. */
export function saveMenu(view) {
  const kinds = {
    "Picture (PNG)": async () => keep(await png(view.picture()), `${view.name}.png`),
    "Picture (SVG)": () => keep(new Blob([written(view.picture())], { type: "image/svg+xml" }), `${view.name}.svg`),
    "Data (CSV)": () => keep(new Blob(["\ufeff", csv(view.allRows())], { type: "text/csv" }), `${view.name}.csv`),
    "Data (JSON)": () => keep(new Blob([JSON.stringify(view.data())], { type: "application/json" }), `${view.name}.json`),
  };
  const menu = made("details", { class: "save" }, made("summary", {}, "Save"));
  const close = () => { menu.open = false; };
  const buttons = Object.entries(kinds).map(([label, save]) => {
    const button = made("button", { type: "button" }, label);
    button.addEventListener("click", async () => {
      close();
      menu.firstChild.focus();
      await save();
    });
    return button;
  });
  menu.append(made("div", {}, ...buttons));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    close();
    menu.firstChild.focus();
  });
  menu.addEventListener("focusout", ({ relatedTarget }) => menu.contains(relatedTarget) || relatedTarget === null || close());
  return menu;
}

/** A drawing as text. Signs that XML has no place for become �. */
function written(svg) {
  return new XMLSerializer().serializeToString(svg).replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
}

async function png(svg) {
  const [width, height] = ["width", "height"].map((side) => Number(svg.getAttribute(side)));
  const scale = Math.min(SHARPER, SIDE / width, SIDE / height);
  const image = new Image(width, height);
  const address = URL.createObjectURL(new Blob([written(svg)], { type: "image/svg+xml" }));
  image.src = address;
  await image.decode();
  const canvas = new OffscreenCanvas(Math.ceil(width * scale), Math.ceil(height * scale));
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(address);
  return canvas.convertToBlob({ type: "image/png" });
}

/** Rows as CSV. Text that a spreadsheet would take for a formula begins with an apostrophe. */
export function csv(rows) {
  const cell = (value) => {
    if (typeof value === "number") return Number.isNaN(value) ? "" : String(value);
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

function keep(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = made("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
