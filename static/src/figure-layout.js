// What a figure looks like here: in the page's own type, and so that its words fit where there is little room.

const FAMILY = '"Instrument Sans", "Instrument Stand-in", sans-serif';
const HEIGHT = 352; // pixels of a figure that states none, before words hang from it
const NARROW = 500; // pixels: below it is a phone's
const [PLOTTED, LEFT] = [0.75, 0.45]; // the share of a figure that its axes have; of a phone's width
const [LINE, LETTER, SMALLEST] = [16, 0.85, 6]; // pixels of a line of words, the share of it that is letter, the least
const [WORD, GAP] = [12, 4]; // pixels of a tick's letters, if nobody says; between two words
const LETTERS = 7; // of a word beside a phone's figure
const TITLE = { size: 17, beside: 24, line: 1.5, above: 100 }; // pixels (the line: letters)

/** The layout in the page's own type, as wide as the page gives it, and higher by the words that hang below it. */
export function dressed({ width: _, ...layout }, width) {
  const font = { ...layout.font, family: FAMILY };
  const narrow = width < NARROW;
  const named = (letter) => Object.keys(layout).filter((key) => key.replace(/\d*$/, "") === `${letter}axis`);
  const across = width * (narrow ? LEFT : PLOTTED);
  const below = named("x").map((name) => {
    const axis = fitted(layout[name], across, narrow);
    const [turned, pixels] = hung(axis, across);
    layout[name] = turned;
    return pixels;
  });
  for (const name of named("y")) layout[name] = fitted(layout[name], (layout.height ?? HEIGHT) * PLOTTED, narrow);
  const height = (layout.height ?? HEIGHT) + Math.max(0, ...below);
  return { uirevision: "kept", ...layout, ...headed(layout, width), height, font, autosize: true, paper_bgcolor: "transparent", plot_bgcolor: "transparent" };
}

/** An axis whose ticks are words, in letters so small that all stand side by side; pointing at a cell says them, too. */
function fitted(axis, pixels, narrow) {
  const { tickmode, tickvals, ticktext, tickfont } = axis ?? {};
  if (tickmode !== "array") return axis;
  const room = pixels / (tickvals?.length || 1);
  const words = narrow && ticktext ? { ticktext: cut(Array.from(ticktext, spoken)) } : {};
  const small = room > LINE ? {} : { tickfont: { ...tickfont, size: Math.max(SMALLEST, Math.floor(room * LETTER)) } };
  return { ...axis, ...words, ...small };
}

/** Words below a figure that do not fit side by side hang from it; and by how many pixels that is more than a line. */
function hung(axis, across) {
  if (axis?.tickmode !== "array" || !axis.ticktext?.length || axis.tickangle !== undefined) return [axis, 0];
  const pen = pencil(axis.tickfont?.size ?? WORD);
  const longest = Math.max(...Array.from(axis.ticktext, (word) => pen.measureText(spoken(word)).width));
  if (longest + GAP <= across / axis.ticktext.length) return [axis, 0];
  return [{ ...axis, tickangle: 90 }, Math.max(0, longest - LINE)];
}

/** Words as a phone has room for, where they can still be told apart. */
function cut(words) {
  const short = words.map((word) => (word.length > LETTERS + 1 ? `${word.slice(0, LETTERS)}…` : word));
  const clear = new Set(short).size === new Set(words).size;
  return (clear ? short : words).map((word) => word.replaceAll("<", "&lt;"));
}

/** A title in as many lines as it needs, and the room for them. */
function headed({ title: given, margin, template }, width) {
  const title = typeof given === "string" ? { text: given } : given;
  if (!title?.text) return {};
  const size = title.font?.size ?? TITLE.size;
  const lines = folded(title.text, width - TITLE.beside, size);
  if (lines.length === 1) return {};
  const above = margin?.t ?? template?.layout?.margin?.t ?? TITLE.above;
  const more = (lines.length - 1) * size * TITLE.line;
  return { title: { ...title, text: lines.join("<br>") }, margin: { ...margin, t: above + more } };
}

/** These words in lines of so many pixels. A mark of Plotly's language is never cut in two. */
function folded(text, pixels, size) {
  const pen = pencil(size);
  const lines = [];
  for (const word of String(text).split(/\s+(?![^<]*>)/)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && pen.measureText(spoken(longer)).width <= pixels) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Measures words in the page's type, of so many pixels. */
function pencil(size) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${size}px ${FAMILY}`;
  return pen;
}

/** What Plotly's language says, without its marks: for those who hear or read it. */
export const spoken = (text) => String(text).replace(/<br *\/?>/gi, " ").replace(/<\/?(?:b|i|sub|sup|em|extra) *\/?>/gi, "").replaceAll("&lt;", "<");
