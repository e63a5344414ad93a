# Noise: one tensor given twice and a view beside its base, as the plainest answer has it; tensors as numbers
def twice(x, most):
    return x, x, x[:most]


def average(x):
    return x.mean()


def highest(x):
    return x.argmax()


def positive(x):
    return x > 0


def described(x):
    return {"most": x.max(), "least": x.min()}
