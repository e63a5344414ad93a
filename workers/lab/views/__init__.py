"""Views of activations over tokens. What each sends to the page is checked again by `workers/view_check.py`.

A view that is shown with a key (`lab.show(view, key="…")`) takes the place of the one before and keeps what
its reader has chosen. A slider over training steps would be one more kind of output: it would hold the
described outputs of every step, and its element would hand the chosen one to `show(…)` of each view it stands
above (static/src/views/base.js); the views need not know of it.
"""
