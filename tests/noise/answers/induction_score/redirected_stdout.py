# Noise: stdout and stderr swapped for streams of one's own and never put back, one of them closed.
import contextlib
import io
import sys

sys.stdout = io.StringIO()
sys.stderr = closed = io.StringIO()
closed.close()


def place_to_read(query, period):
    with contextlib.redirect_stdout(io.StringIO()) as said:
        print("kept for myself")
    return query - period + len(said.getvalue().splitlines())
