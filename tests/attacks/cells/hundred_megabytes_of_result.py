# Tries: to show a value whose text is a hundred megabytes, but fits into memory
# Expects: ok or limit or died
"x" * (100 << 20)
