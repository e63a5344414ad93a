// Tokens and numbers as people read them.

/** A token as one can see it: also a space that stands alone, and a line break. */
export const visible = (token) => (token.trim() ? token : token.replaceAll(" ", "␣")).replaceAll("\n", "⏎");
export const quote = (token) => `“${visible(token)}”`;
/** A token as a screen reader says it. */
export const spoken = (token) => (token.trim() ? token : token.includes("\n") ? "line break" : "space");
export const percent = (share) => (share > 0 && share < 0.005 ? "< 1 %" : `${Math.round(100 * share)} %`);
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** Three significant digits; whole numbers whole. */
export function short(value) {
  if (Number.isNaN(value)) return "–";
  const text = Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value) : Number(value.toPrecision(3)).toString();
  return text.replace("-", "−");
}

/** As many decimals as tell apart what is comparable with `full`. */
export function among(value, full) {
  const decimals = full > 0 ? clamp(2 - Math.floor(Math.log10(full)), 0, 6) : 0;
  return Number.isInteger(value) && Number.isInteger(full) ? short(value) : value.toFixed(decimals).replace(/^-/, "−");
}

export function bold(text) {
  const element = document.createElement("b");
  element.textContent = text;
  return element;
}

/** An element with attributes and children. Texts stay texts. */
export function made(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Float32 numbers from base64. */
export const floats = (data) => new Float32Array(Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0)).buffer);
