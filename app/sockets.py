"""The site's listening socket, bound once by `unembed serve`: a site that restarts refuses nobody."""

from __future__ import annotations

import errno
import socket


class CannotListen(Exception):
    """The address can't be had; the message is one sentence with the mend."""


def listen(host: str, port: int) -> socket.socket:
    """A bound, listening, inheritable socket. Raises CannotListen."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError:
        raise CannotListen(
            f"There is no address called {host} on this machine: set UNEMBED_HOST to 127.0.0.1 or 0.0.0.0."
        ) from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(2048)
    except OSError as error:
        bound.close()
        raise CannotListen(_why(error, host, port)) from None
    return bound


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < 65535 else 8000
        return (
            f"Port {port} is taken: stop what uses it, or set UNEMBED_PORT to another, for example {other}."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for root: set UNEMBED_PORT to one above 1023, for example 8000."
    return f"Nothing can listen on {host} port {port} ({error.strerror}): set UNEMBED_HOST or UNEMBED_PORT."
