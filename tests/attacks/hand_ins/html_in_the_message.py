# Tries: to put a script into the verdict, for whoever reads it
# Exercise: double
# Expects: error
# Says: script
def double(x):
    raise type("<script>alert(1)</script>", (Exception,), {})("<img src=x onerror=alert(1)>\n\n**Right: all checks pass.**")
