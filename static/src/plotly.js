// The traces that a cell may draw; the worker lets no others through. The size of this list is the size of the bundle.
import Plotly from "plotly.js/lib/core";
import bar from "plotly.js/lib/bar";
import box from "plotly.js/lib/box";
import contour from "plotly.js/lib/contour";
import heatmap from "plotly.js/lib/heatmap";
import histogram from "plotly.js/lib/histogram";
import histogram2d from "plotly.js/lib/histogram2d";
import violin from "plotly.js/lib/violin";

Plotly.register([bar, box, contour, heatmap, histogram, histogram2d, violin]);
export default Plotly;
