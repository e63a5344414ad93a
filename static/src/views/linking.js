// What views tell each other. Two events go through a page:
//
// `token-marked`, on the document: somebody points at a token, or chooses it. Every view and every plot that shows the
// same tokens lights it up, wherever on the page it stands; a plot that only counts positions does so within its own
// block. `index` −1 takes the light away.
// `head-selected`, on the element that was clicked, bubbling to its block: an attention view there opens that head.
// A slider (step-slider.js) needs no event: it holds the outputs of all steps, and hands theirs to `View.show`.

/** The same for the same tokens. */
export const keyOf = (tokens) => tokens.join("\u0000");

/** Light a token up everywhere. `chosen`: it was clicked or steered to, not only pointed at. */
export function markToken(source, { key = "", block = null, index, chosen = false }) {
  document.dispatchEvent(new CustomEvent("token-marked", { detail: { source, key, block, index, chosen } }));
}

/** Hear of tokens that others mark: by the same tokens, or in the same block by position. */
export function hearTokens(target, keys, block, hear, signal) {
  const known = new Set(keys);
  document.addEventListener("token-marked", ({ detail }) => {
    if (detail.source === target) return;
    const same = detail.key ? known.has(detail.key) : false;
    const counts = (!detail.key || known.has("")) && detail.block !== null && detail.block === block;
    if (same || counts) hear(detail);
  }, { signal });
}

/** Open a head in the attention view of the same block. */
export function selectHead(source, layer, head) {
  source.dispatchEvent(new CustomEvent("head-selected", { bubbles: true, composed: true, detail: { layer, head } }));
}
