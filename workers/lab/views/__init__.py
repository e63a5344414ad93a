"""Views of activations over tokens. What each sends to the page is checked again by `workers/view_check.py`.

A view that is shown with a key (`lab.show(view, key="…")`) takes the place of the one before and keeps what
its reader has chosen. A slider (`workers/lab/sliders.py`) holds the described outputs of every step, and its
element hands the chosen one to `show(…)` of each view that it stands above.
"""
