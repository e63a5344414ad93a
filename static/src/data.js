// Figures and attention patterns come either with the page, in a data block, or from their own address.
export async function dataOf(element) {
  if (element.found) return element.found; // its parent has them
  const inside = element.querySelector(':scope > script[type="application/json"]');
  if (inside) return parsed(inside.textContent);
  const answer = await fetch(element.getAttribute("src"), { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return parsed(await answer.text());
}

/** JSON whose objects are only objects: a key called `__proto__`, copied about, would change all of them. */
function parsed(text) {
  return text.includes("__proto__") ? JSON.parse(text, (key, value) => (key === "__proto__" ? undefined : value)) : JSON.parse(text);
}

const KINDS = { i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array, f4: Float32Array, f8: Float64Array };

/** Traces whose packed numbers (base64, of a kind, in rows if they have a shape) are arrays. */
export function unpacked(value) {
  if (Array.isArray(value)) return value.map(unpacked);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.bdata === "string" && KINDS[value.dtype]) return inRows(decoded(value), String(value.shape ?? ""));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, unpacked(item)]));
}

const decoded = ({ bdata, dtype }) => new KINDS[dtype](Uint8Array.from(atob(bdata), (sign) => sign.charCodeAt(0)).buffer);

function inRows(numbers, shape) {
  const sizes = shape.split(",").map(Number).slice(1);
  if (!sizes.length) return numbers;
  const size = sizes.reduce((product, n) => product * n, 1);
  const rows = [];
  for (let at = 0; size && at < numbers.length; at += size) rows.push(inRows(numbers.subarray(at, at + size), sizes.join(",")));
  return rows;
}
