# Tries: to show a value whose text has no end
# Expects: ok or error or limit
# Says: memory


class Large:
    def __repr__(self):
        return "x" * (1 << 34)


Large()
