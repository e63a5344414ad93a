// What is typed into a form stays in this tab until it has been sent: a session may end meanwhile, the site may not
// answer, the page may be left by mistake. Cells' texts have a keeper of their own (drafts). And a double click sends once.
import { all } from "./page.js";

const KEY = "unembed:unsent:";
const TWICE = 600; // milliseconds: what comes sooner after a press of the same form is its second click
const KEPT = "form[hx-post]:not(:has([data-draft])) textarea[name]:not([data-draft], [readonly], [hidden])";
const over = new Map(); // key → what the server had put into it when the page came
const pressed = new WeakMap(); // form → when it was last sent

// Some forms have a field that is called action.
const goesTo = (form) => new URL(form.getAttribute("action") ?? "", location).pathname;
const key = (area) => KEY + location.pathname + goesTo(area.form) + "#" + (area.id || area.name);

// Session storage may be full or forbidden; then nothing is kept.
function kept(area) {
  try { return JSON.parse(sessionStorage.getItem(key(area))); } catch { return null; }
}
function keep(area) {
  const before = over.get(key(area)) ?? area.defaultValue;
  try {
    if (area.value === before) sessionStorage.removeItem(key(area));
    else sessionStorage.setItem(key(area), JSON.stringify({ text: area.value, over: before }));
  } catch { /* as if it were not there */ }
}
function forget(area) {
  try { sessionStorage.removeItem(key(area)); } catch { /* nothing was kept there */ }
}
function forgetAll() {
  try {
    for (const name of Object.keys(sessionStorage)) if (name.startsWith(KEY)) sessionStorage.removeItem(name);
  } catch { /* nothing was kept there */ }
}

function bringBack(area) {
  const mine = kept(area);
  if (!mine || mine.over !== area.value) return;
  area.value = mine.text;
  for (let fold = area.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  const word = document.createElement("p");
  word.className = "small unsent";
  word.setAttribute("role", "status");
  word.textContent = "Brought back: you wrote this here, and it has not been sent.";
  area.after(word);
}

function begin() {
  for (const area of all(KEPT)) {
    if (area.dataset.unsent) continue;
    area.dataset.unsent = "";
    if (over.has(key(area))) {
      keep(area); // a canned reply came into it
    } else {
      over.set(key(area), area.value);
      bringBack(area);
    }
  }
}
begin();
document.addEventListener("htmx:after:settle", begin);

document.addEventListener("input", ({ target }) => target.matches?.(KEPT) && keep(target));

document.addEventListener("htmx:after:request", ({ detail }) => {
  const form = detail.ctx.sourceElement;
  if (!form?.matches?.("form")) return;
  if (!detail.ctx.response?.raw.ok) pressed.delete(form);
  else for (const area of form.elements) if (area.matches("textarea")) forget(area);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.querySelector("[data-draft]")) return;
  if (event.timeStamp - (pressed.get(form) ?? -TWICE) < TWICE) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  pressed.set(form, event.timeStamp);
  if (/\/(sign-out|delete)$/.test(goesTo(form))) forgetAll();
}, true);
