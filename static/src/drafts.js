// Keeps what is typed: on the server a moment later, and in this browser whenever the server can't be told.
import { all, csrf, post, store } from "./page.js";

const PAUSE = 800; // milliseconds without a keystroke
const KEY = "unembed:draft:";
const saved = new WeakMap(); // textarea → the text the server has
const waiting = new Map(); // textarea → timer

// An editor's own textarea; of an exercise that is a form, a hidden field that holds what is filled in as JSON.
const areas = (root = document) => all("[data-draft]", root);
const isForm = (area) => area.type === "hidden";
const fieldsOf = (area) => all(".fields [name]", area.form);

/** What is chosen and filled in, without what is still empty. */
function gather(area) {
  const given = fieldsOf(area).filter((one) => one.value && (one.type !== "radio" || one.checked));
  return JSON.stringify(Object.fromEntries(given.map((one) => [one.name, one.value])));
}

function fill(area, text) {
  area.value = text;
  if (!isForm(area)) return;
  const values = JSON.parse(text);
  for (const one of fieldsOf(area)) {
    if (one.type === "radio") one.checked = values[one.name] === one.value;
    else one.value = values[one.name] ?? "";
  }
}

function say(area, text, trouble = false) {
  const place = area.form?.querySelector(".saved");
  if (!place) return;
  place.textContent = text;
  place.toggleAttribute("data-trouble", trouble);
}

/** Keep the text in this browser, with the server's that it shall take the place of. */
const keep = (area) => store.set(KEY + area.dataset.draft, JSON.stringify({ text: area.value, over: saved.get(area) }));

function kept(area) {
  try { return JSON.parse(store.get(KEY + area.dataset.draft)); } catch { return null; }
}

async function save(area, options = {}) {
  clearTimeout(waiting.get(area));
  waiting.delete(area);
  const text = area.value;
  if (text === saved.get(area)) return;
  try {
    const answer = await post(area.dataset.draft, { text }, options);
    if (!answer.ok) throw new Error(String(answer.status));
    saved.set(area, text);
    store.remove(KEY + area.dataset.draft);
    if (area.value === text) say(area, "saved");
  } catch (error) {
    const safe = keep(area);
    const why = { 413: "too long to save", 401: "not signed in", 403: "reload to save" }[error.message] ?? "not saved";
    say(area, safe ? `${why}; kept in this browser` : why, true);
  }
}

function begin(area) {
  if (saved.has(area)) return;
  if (isForm(area)) area.value = gather(area);
  saved.set(area, area.value);
  const mine = kept(area);
  if (!mine || mine.text === area.value) {
    store.remove(KEY + area.dataset.draft);
  } else if (mine.over === area.value) {
    fill(area, mine.text);
    say(area, "brought back from this browser", true);
    waiting.set(area, setTimeout(save, PAUSE, area));
  } else {
    say(area, "this browser has kept another text", true);
    offerBack(area.form.querySelector("[data-reset]"), area, mine.text);
  }
}

/** Cell → text of every cell that the server does not have yet. */
export function unsaved() {
  const texts = areas().filter((area) => !isForm(area) && area.value !== saved.get(area));
  return Object.fromEntries(texts.map((area) => [area.dataset.cell, area.value]));
}

document.addEventListener("input", ({ target }) => {
  const filled = target.closest?.(".fields") ? target.form?.querySelector("input[data-draft]") : null;
  const area = target.dataset?.draft ? target : filled;
  if (!area) return;
  if (filled) filled.value = gather(filled);
  say(area, "…");
  clearTimeout(waiting.get(area));
  waiting.set(area, setTimeout(save, PAUSE, area));
});

// What is typed in other cells travels with every form of this one, so that nothing runs on yesterday's text.
function bringAlong(event) {
  const chain = event.target.closest?.("form")?.querySelector('input[name="chain"]');
  if (chain) chain.value = JSON.stringify(unsaved());
}
document.addEventListener("submit", bringAlong, true);
document.addEventListener("click", bringAlong, true);

document.addEventListener("htmx:after:request", ({ detail }) => {
  const { form, body } = detail.ctx.request;
  const area = form?.querySelector("textarea[data-draft]");
  const text = body?.get?.("text");
  if (!area || text == null) return;
  if (detail.ctx.response.raw.ok) {
    saved.set(area, text.replaceAll("\r\n", "\n"));
    store.remove(KEY + area.dataset.draft);
    if (area.value === saved.get(area)) say(area, "saved");
  } else {
    keep(area);
  }
});

// The next page may be here before the server has this text, so it is kept in the browser first.
function flush() {
  for (const area of [...waiting.keys()]) {
    keep(area);
    save(area, { keepalive: true });
  }
}
document.addEventListener("visibilitychange", () => document.hidden && flush());
addEventListener("pagehide", flush);

// The time of an assessment is over: what stands in the editors goes out at once, and is taken for a moment more.
document.addEventListener("time-over", () => areas().filter((area) => saved.has(area)).forEach((area) => save(area)));

areas().forEach(begin);
document.addEventListener("htmx:after:settle", () => areas().forEach(begin));

// "Start over": the lesson's own text, with a way back.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-reset]");
  if (!button) return;
  event.preventDefault();
  const area = button.form.querySelector("textarea[data-draft]");
  const before = area.value;
  try {
    const answer = await fetch(button.formAction, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRF-Token": csrf() },
      credentials: "same-origin",
    });
    if (!answer.ok) throw new Error();
    const { text } = await answer.json();
    replace(area, text);
    saved.set(area, text);
    offerBack(button, area, before)?.focus();
  } catch {
    say(area, "the site did not answer", true);
  }
});

function replace(area, text) {
  area.value = text;
  area.dispatchEvent(new CustomEvent("replaced"));
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function offerBack(button, area, before) {
  if (!button || before === area.value) return null;
  const undo = document.createElement("button");
  undo.type = "button";
  undo.className = "plain";
  undo.textContent = "Bring mine back";
  const done = () => { undo.remove(); button.hidden = false; };
  undo.addEventListener("click", () => { replace(area, before); done(); button.focus(); });
  button.hidden = true;
  button.after(undo);
  return undo;
}
