// Greys what was made of other texts than those on the page now, and says which.
import { all, crc32 } from "./page.js";

function judge() {
  const now = Object.fromEntries(all("textarea[data-draft]").map((area) => [area.dataset.cell, crc32(area.value)]));
  for (const run of all(".run[data-ran]")) {
    const changed = Object.entries(JSON.parse(run.dataset.ran)).filter(([cell, crc]) => cell in now && now[cell] !== crc);
    const above = changed.filter(([cell]) => cell !== run.dataset.cell).map(([cell]) => cell);
    run.classList.toggle("stale", above.length > 0 && !("judged" in run.dataset));
    const why = run.querySelector(".why");
    if (why) why.textContent = reason(above, changed.length > above.length, "judged" in run.dataset);
  }
}

function reason(above, itself, judged) {
  if (judged) return itself ? "Your answer has changed since it was judged." : "";
  if (above.length) return `You changed “${above.at(-1)}” above since this ran. Run it again to see what becomes of it.`;
  return itself ? "The code has changed since this ran." : "";
}

let frame = 0;
const soon = () => { cancelAnimationFrame(frame); frame = requestAnimationFrame(judge); };
document.addEventListener("input", ({ target }) => target.dataset?.draft && soon());
document.addEventListener("htmx:after:settle", soon);
soon();
