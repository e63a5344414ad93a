// Shapes that a run saw, in grey at the ends of the lines that made them; the list below the cell stays for who wants it.
import { all, block, crc32, store } from "./page.js";

const KEY = "unembed:shapes";
const wanted = () => store.get(KEY) !== "off";

/** The notes of a run as [line, text] pairs, several of one line together. */
function lines(list) {
  const found = new Map();
  for (const { line, name, shape, axes, varies } of JSON.parse(list.dataset.notes)) {
    const text = `${name} ${shape}${varies ? " varies" : ""}${axes ? `  ${axes}` : ""}`;
    found.set(line, found.has(line) ? `${found.get(line)}, ${text}` : text);
  }
  return [...found].sort(([a], [b]) => a - b);
}

/** The list belongs to the text in the editor as it is now. */
function fits(list, area) {
  const run = list.closest(".run[data-ran]");
  return run && JSON.parse(run.dataset.ran)[area.dataset.cell] === crc32(area.value);
}

function show() {
  for (const cell of all("code-cell")) {
    const list = block(cell)?.querySelector(".shape-notes");
    if (!list) cell.annotate([]);
    else if (fits(list, cell.area) || !wanted()) cell.annotate(wanted() ? lines(list) : []);
  }
  for (const box of all("[data-shapes]")) box.checked = wanted();
}

document.addEventListener("change", ({ target }) => {
  if (!target.matches?.("[data-shapes]")) return;
  store.set(KEY, target.checked ? "on" : "off");
  show();
});
document.addEventListener("htmx:after:settle", show);
customElements.whenDefined("code-cell").then(show);
