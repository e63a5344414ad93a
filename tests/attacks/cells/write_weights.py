# Tries: to change the weights that everybody's models are loaded from
# Expects: error
file = open(told.weights, "r+b")
print("ESCAPED", file)
