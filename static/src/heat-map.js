// The dashboard's table: one stop for the tab key, arrows from there; a cell opens the learner at its lesson. What
// is open and how it is sorted stands in the address, so that a reload shows the same.
const GRID = "#heat [role='grid']";
const cells = (row) => [...row.children];

function go(cell) {
  for (const other of document.querySelectorAll(`${GRID} [data-here]`)) {
    other.removeAttribute("data-here");
    other.tabIndex = -1;
  }
  cell.setAttribute("data-here", "");
  cell.tabIndex = 0;
  cell.focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function leads(cell) {
  const link = cell.querySelector("a") ?? cell.parentElement.querySelector("th a");
  if (!link) return null;
  const { l: lesson, e: exercise } = cell.dataset;
  const of = exercise ? `?exercise=${encodeURIComponent(exercise)}#timeline` : lesson ? `?lesson=${encodeURIComponent(lesson)}#timeline` : "";
  return link.getAttribute("href") + of;
}

function neighbour(cell, key) {
  const row = cell.parentElement, place = cells(row).indexOf(cell), rows = [...row.parentElement.children];
  const at = rows.indexOf(row);
  if (key === "ArrowRight") return row.children[place + 1];
  if (key === "ArrowLeft") return row.children[place - 1];
  if (key === "Home") return row.children[0];
  if (key === "End") return row.lastElementChild;
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[key];
  return step && rows[Math.min(Math.max(at + step, 0), rows.length - 1)].children[place];
}

document.addEventListener("keydown", (event) => {
  const region = event.target.closest?.("#heat");
  if (!region || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("thead")) return;
  const cell = event.target.closest("tbody :is(td, th)");
  if (!cell) {
    if (event.key !== "ArrowDown" || event.target !== region) return;
    event.preventDefault();
    go(region.querySelector("[data-here]") ?? region.querySelector("tbody th"));
  } else if (event.key === "Enter" && !event.target.closest("a")) {
    const to = leads(cell);
    if (to) location.assign(to);
  } else {
    const next = neighbour(cell, event.key);
    if (!next) return;
    event.preventDefault();
    go(next);
  }
});

document.addEventListener("click", (event) => {
  const cell = event.target.closest?.("#heat :is(td[data-l], td[data-e])");
  if (!cell || event.target.closest("a")) return;
  const to = leads(cell);
  if (event.ctrlKey || event.metaKey) open(to, "_blank", "noopener");
  else location.assign(to);
});

// The cell one is at is known to this page alone: what comes anew gets it back.
let here = null;
document.addEventListener("htmx:before:swap", () => {
  const cell = document.querySelector(`${GRID} [data-here]`);
  here = cell && { row: cell.parentElement.id, place: cells(cell.parentElement).indexOf(cell), focused: cell === document.activeElement };
});
document.addEventListener("htmx:after:settle", () => {
  const board = document.getElementById("dashboard");
  if (!board) return;
  if (board.dataset.address !== location.search) history.replaceState(history.state, "", board.dataset.address + location.hash);
  const cell = here && document.getElementById(here.row)?.children[here.place];
  if (!cell) return;
  cell.setAttribute("data-here", "");
  cell.tabIndex = 0;
  if (here.focused) cell.focus({ preventScroll: true });
});
