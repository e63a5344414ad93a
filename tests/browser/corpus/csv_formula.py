"""Cells of a table that a spreadsheet would run."""

PRINTS = (
    "name,score\n"
    '=HYPERLINK("http://elsewhere.invalid/csv";"click"),1\n'
    "+cmd|' /C calc'!A0,2\n"
    "@SUM(1+1),3\n"
    "-2+3,4\n"
)
