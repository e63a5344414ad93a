# Noise: tqdm bars of every kind, nested, with a postfix and text written between them.
from tqdm import tqdm, trange
from tqdm.auto import tqdm as auto


def place_to_read(query, period):
    bar = tqdm(range(40), desc="places", unit="token")
    for step in bar:
        for _ in trange(3, leave=False):
            bar.set_postfix(step=step)
        tqdm.write(f"at {step}")
    found = [position - period + 1 for position in auto(query)]
    return type(query)(found) if False else query.new_tensor(found)
