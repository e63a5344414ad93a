// Figures and attention patterns come either with the page, in a data block, or from their own address.
export async function dataOf(element) {
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
