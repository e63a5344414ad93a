# Tries: to show results and figures without end
# Expects: limit
# Says: more figures than a page can hold
lab.show(lab.line([1.0, 2.0]))
while True:
    lab.show(1)
