# Tries: to show figures without end
# Expects: limit
# Says: more figures than a page can hold
figure = lab.line([1.0, 2.0])
while True:
    lab.show(figure)
