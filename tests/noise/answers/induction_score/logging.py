# Noise: the root logger configured to say everything, handlers twice over, and log lines in every call.
import logging
import sys

logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(levelname)s %(message)s", force=True)
logging.getLogger().addHandler(logging.StreamHandler(sys.stdout))
log = logging.getLogger("my.answer")


def place_to_read(query, period):
    log.info("asked for %s", query)
    log.error("no error at all")
    try:
        raise ValueError("and this one is caught")
    except ValueError:
        log.exception("with its traceback")
    return query - period + 1
