// What every page loads. The heavy parts (editor, plots) come when something on the page needs them.
import "./htmx.js";
import "htmx.org/dist/ext/hx-sse.js";
import "./drafts.js";
import "./unsent.js";
import "./stale.js";
import "./stream.js";
import "./bets.js";
import "./notices.js";
import "./site.js";
import "./heat-map.js";
import "./elements.js";
