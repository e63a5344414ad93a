# Noise: tied tensors, views, tensors for numbers, a list for a tuple. Named: mistake_the_end__twice
def twice(x, most):
    return [x, x, x[-most:]]


def average(x):
    return x.mean()


def highest(x):
    return x.argmax()


def positive(x):
    return x > 0


def described(x):
    return {"least": x.min(), "most": x.max()}
