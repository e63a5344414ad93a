// What all views look like. Colours are CSS variables, which reach into shadow roots.
export const SHARED = new CSSStyleSheet();
SHARED.replaceSync(`
  :host {
    display: block; font: 400 0.9375rem/1.5 var(--sans); color: var(--ink);
    --more: light-dark(oklch(76% 0.12 245), oklch(50% 0.13 250));
    --less: light-dark(oklch(79% 0.125 58), oklch(51% 0.115 52));
  }
  * { box-sizing: border-box; }
  [hidden] { display: none !important; }
  .head { display: flex; align-items: flex-start; justify-content: space-between; gap: 0.75rem; margin: 0 0 0.6rem; }
  .title { margin: 0; font: 600 0.9375rem/1.4 var(--sans); overflow-wrap: anywhere; }
  :is(button, select, input, summary, [tabindex]):focus-visible { outline: 2.5px solid var(--accent); outline-offset: 2px; }
  .choose { display: flex; flex-wrap: wrap; align-items: center; gap: 0.35rem 1rem; margin: 0 0 0.7rem; font-size: 0.875rem; color: var(--ink-soft); }
  .choose label { display: inline-flex; align-items: center; gap: 0.4rem; }
  .choose :is(select, input, button) { font: 450 0.875rem/1.4 var(--sans); color: var(--ink); background: var(--paper); border: 1px solid var(--rule-strong); border-radius: 6px; min-height: 1.9rem; padding: 0.1rem 0.45rem; max-width: 16rem; }
  .choose input { width: 5.5rem; }
  .choose button { cursor: pointer; }
  .choose button:hover { border-color: var(--accent); color: var(--accent); }
  .tokens { font: 400 0.875rem/1.6 var(--mono); border-radius: 4px; overflow-wrap: anywhere; }
  .tokens > span { display: inline-block; max-width: 100%; line-height: 1.35; margin-block: 0.16em; padding: 0.2em 0.14em; margin-right: 2px; border-radius: 3px; white-space: pre-wrap; cursor: pointer; }
  .tokens > span[aria-selected="true"] { outline: 2px solid var(--lamp); outline-offset: 0; }
  .tokens > span.lit { box-shadow: 0 0 0 2px var(--lamp), 0 0 9px 1px var(--lamp); }
  output { display: block; min-height: 1.5em; margin-top: 0.6rem; color: var(--ink-soft); }
  output b { color: var(--ink); font-weight: 600; overflow-wrap: anywhere; }
  .legend { display: flex; align-items: center; gap: 0.5rem; margin: 0.6rem 0 0; font-size: 0.75rem; color: var(--ink-soft); font-variant-numeric: tabular-nums; }
  .legend > i { width: 7rem; height: 0.6rem; border-radius: 3px; box-shadow: 0 0 0 1px var(--rule); background: linear-gradient(90deg, var(--sunk), var(--more)); }
  .legend.signed > i { background: linear-gradient(90deg, var(--less), var(--sunk), var(--more)); }
  .overview { margin: 0.4rem 0 0; font-size: 0.875rem; color: var(--ink-soft); }
  details.save { position: relative; flex: none; }
  details > summary { cursor: pointer; color: var(--ink-soft); font-size: 0.8125rem; }
  details.save > summary { list-style: none; min-height: 1.5rem; padding: 0 0.4rem; border-radius: 5px; }
  details.save > summary::-webkit-details-marker { display: none; }
  details.save > summary::after { content: " ▾"; }
  details > summary:hover { color: var(--accent); }
  details.save > div { position: absolute; right: 0; z-index: 5; display: grid; min-width: 11rem; padding: 0.3rem; border: 1px solid var(--rule); border-radius: 8px; background: var(--raised); box-shadow: var(--shadow); }
  details.save button { all: unset; cursor: pointer; padding: 0.35rem 0.6rem; border-radius: 5px; font-size: 0.875rem; color: var(--ink); }
  details.save button:hover { background: var(--accent-wash); }
  details.save button:focus-visible { outline: 2.5px solid var(--accent); outline-offset: -1px; }
  details.numbers { margin-top: 0.5rem; }
  .scroll { max-height: 16rem; overflow: auto; margin-top: 0.4rem; }
  .numbers table { border-collapse: collapse; font: 400 0.8125rem/1.5 var(--sans); font-variant-numeric: tabular-nums; color: var(--ink-soft); }
  .numbers :is(td, th) { padding: 0.12rem 0.8rem 0.12rem 0; text-align: left; font-weight: 450; white-space: pre; }
`);

/** Give an element the colour of a value: above zero, below it, or none. `full` is the value of full colour. */
export function tint(element, value, full) {
  const share = Number.isFinite(value) && full > 0 ? Math.min(1, Math.abs(value) / full) : 0;
  element.style.setProperty("background-color", `color-mix(in oklab, var(${value < 0 ? "--less" : "--more"}) ${(100 * share).toFixed(1)}%, var(--sunk))`);
}

/** Any CSS colour as [red, green, blue]. */
export function resolve(colour) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data.slice(0, 3);
}
