"""Our own components, fed with an address of elsewhere."""

PRINTS = (
    "<plotly-figure src='http://elsewhere.invalid/figure.json'></plotly-figure><attention-view "
    "src='http://elsewhere.invalid/view.json'></attention-view><code-cell></code-cell>\n"
)
