// A text as a row of tokens that can be pointed at, tapped, and walked through with the arrow keys.
import { clamp, made, spoken, visible } from "./words.js";

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity };

/** How far a key moves through a row, or undefined. */
export const stepOf = (event) => (event.ctrlKey || event.metaKey || event.altKey ? undefined : STEPS[event.key]);

/** `look(i)` when somebody points at a token (−1: no longer), `choose(i)` when they tap it or go there. */
export function tokenStrip(tokens, label, { look, choose, prefix = "t" }) {
  const box = made("div", { class: "tokens", role: "listbox", tabindex: "0", "aria-label": label });
  const spans = tokens.map((token, i) => {
    const span = made("span", { role: "option", id: `${prefix}${i}`, "aria-selected": "false" }, visible(token));
    if (!token.trim()) span.setAttribute("aria-label", spoken(token));
    span.addEventListener("pointerenter", ({ pointerType }) => pointerType === "touch" || look(i));
    span.addEventListener("click", () => choose(i));
    return span;
  });
  box.append(...spans);
  box.addEventListener("pointerleave", () => look(-1));
  let at = -1;
  box.addEventListener("keydown", (event) => {
    const step = stepOf(event);
    if (step === undefined) return;
    event.preventDefault();
    choose(clamp(at < 0 ? (step > 0 && step < Infinity ? 0 : step === Infinity ? tokens.length - 1 : 0) : at + step, 0, tokens.length - 1));
  });
  return {
    box,
    spans,
    /** Which one is chosen; −1 for none. */
    select(i) {
      spans[at]?.setAttribute("aria-selected", "false");
      at = i;
      spans[at]?.setAttribute("aria-selected", "true");
      if (at >= 0) box.setAttribute("aria-activedescendant", spans[at].id);
      else box.removeAttribute("aria-activedescendant");
    },
    /** Which one is lit, by others or by pointing. */
    light(i) {
      spans.forEach((span, j) => span.classList.toggle("lit", i === j));
    },
  };
}
