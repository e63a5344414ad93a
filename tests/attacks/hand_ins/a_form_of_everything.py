# Tries: to fill a form with texts, lists and scripts of any size
# Exercise: largest
# Expects: failed
{"largest": "<script>alert(1)</script>", "check_largest": "three", "__class__": "three"}
