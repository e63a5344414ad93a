// Words with a bar and a number each, best first.
import { made, visible } from "./words.js";

export const RANKING = new CSSStyleSheet();
RANKING.replaceSync(`
  .ranking { display: grid; grid-template-columns: max-content minmax(0, 11rem) max-content; gap: 0.1rem 0.7rem; align-items: center; margin: 0.4rem 0 0; padding: 0; font-size: 0.875rem; list-style: none; }
  .ranking > li { display: contents; }
  .ranking code { font: 450 0.875rem/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; color: var(--ink); max-width: 14rem; }
  .ranking .came code { text-decoration: underline 2px var(--lamp); text-underline-offset: 0.25em; }
  .ranking i { height: 0.55rem; border-radius: 3px; background: var(--more); justify-self: start; min-width: 1px; }
  .ranking i.less { background: var(--less); }
  .ranking span { font-variant-numeric: tabular-nums; }
`);

/** The list. `full` is the value of a whole bar; `came` the place of the word that then came, or −1. */
export function ranking(words, values, full, say, came = -1) {
  return made("ul", { class: "ranking" }, ...words.map((word, i) => {
    const bar = made("i", values[i] < 0 ? { class: "less" } : {});
    bar.style.setProperty("width", `${Math.min(100, (100 * Math.abs(values[i])) / (full || 1))}%`);
    return made("li", i === came ? { class: "came" } : {}, made("code", {}, visible(word)), bar, made("span", {}, say(values[i])));
  }));
}
