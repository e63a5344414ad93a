// Small words that several modules use.

/** The token that every request which changes something carries. */
export const csrf = () => document.querySelector('meta[name="csrf-token"]').content;

export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** The element's block of the lesson: a cell or an exercise. */
export const block = (element) => element.closest(".block");

/** Send a form from a script, as the page's own forms are sent. */
export function post(url, fields, options = {}) {
  const body = new URLSearchParams({ csrf: csrf(), ...fields });
  return fetch(url, { method: "POST", body, credentials: "same-origin", ...options });
}

/** Local storage that may be full or forbidden. */
export const store = {
  get(key) {
    try { return localStorage.getItem(key); } catch { return null; }
  },
  set(key, value) {
    try { localStorage.setItem(key, value); return true; } catch { return false; }
  },
  remove(key) {
    try { localStorage.removeItem(key); } catch { /* nothing was kept there */ }
  },
};

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** CRC-32 of a text's UTF-8 bytes: the server marks a run with those of the texts it was made of. */
export function crc32(text) {
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
