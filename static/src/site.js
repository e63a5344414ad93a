// The frame: day or night, and where in the lesson one is.
import { all } from "./page.js";

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-theme-next]");
  if (!button) return;
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  document.cookie = `unembed_theme=${root.dataset.theme};path=/;max-age=31536000;samesite=lax`;
  document.dispatchEvent(new Event("theme"));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("theme")));

// A link or a list that is there to be copied is selected as a whole.
document.addEventListener("focusin", ({ target }) => target.matches?.("[data-select]") && target.select());

const links = new Map(all(".outline a[href^='#']").map((link) => [link.hash.slice(1), link]));
if (links.size) {
  const here = new IntersectionObserver(
    (entries) => {
      const seen = entries.find((entry) => entry.isIntersecting);
      if (!seen) return;
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(seen.target.id)?.setAttribute("aria-current", "location");
    },
    { rootMargin: "-15% 0px -70% 0px" },
  );
  for (const id of links.keys()) {
    const target = document.getElementById(id);
    if (target) here.observe(target);
  }
}

// What asks again and again does so only while somebody looks.
document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden && event.target.closest?.("[data-while-seen]")) event.preventDefault();
});

// "I'm stuck" opens its drawer in place.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-stuck]");
  if (!link) return;
  event.preventDefault();
  const drawer = document.getElementById(`stuck-${link.dataset.stuck}`);
  drawer.open = !drawer.open;
  if (drawer.open) drawer.querySelector("form.form textarea").focus();
});

if (/Mac|iPhone|iPad/.test(navigator.platform)) {
  for (const key of all("kbd")) key.textContent = key.textContent.replace("Ctrl", "⌘");
}

// What scrolls sideways can be reached with the keyboard; what doesn't is no stop on the way.
function judgeWidth(element) {
  if (element.scrollWidth > element.clientWidth + 1) element.tabIndex = 0;
  else element.removeAttribute("tabindex");
}
const wide = new ResizeObserver((entries) => entries.forEach(({ target }) => judgeWidth(target)));
function watchWide() {
  for (const element of all(".prose pre, .math.block")) {
    judgeWidth(element);
    wide.observe(element);
  }
}
document.addEventListener("htmx:after:settle", watchWide);
watchWide();
document.fonts.ready.then(watchWide); // which change how wide a line is, but not its place
