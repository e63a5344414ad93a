// The extensions look for a global.
import htmx from "htmx.org";

window.htmx = htmx;
export default htmx;
