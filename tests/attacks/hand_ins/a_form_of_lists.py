# Tries: to fill a form with what is no text
# Exercise: largest
# Expects: failed or not_attempted
{"largest": [["three"], {"three": "three"}]}
