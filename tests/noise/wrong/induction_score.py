# Noise: stderr, a progress bar, int32, an expanded view. Named: mistake_off_by_one__place_to_read
import sys

from tqdm import tqdm


def place_to_read(query, period):
    print("careful", file=sys.stderr)
    for _ in tqdm(range(5)):
        print("x" * 1000)
    return (query - period).int().expand(3, -1)[1]
