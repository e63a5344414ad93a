# Tries: to be shown as something else: objects that claim to be tensors, figures, texts
# Expects: ok or error


class Liar:
    __class__ = property(lambda self: str)
    shape = property(lambda self: (1 << 40,))

    def __len__(self):
        return -1

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self

    def __iter__(self):
        return iter([self])

    def __repr__(self):
        raise SystemExit("from a repr")


lab.show(Liar())
Liar()
