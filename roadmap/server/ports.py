"""A port that is spoken for, from the first moment of a start to its end.

granian shares its port with other processes that ask for the same (SO_REUSEPORT): two servers would
each take half of the requests.
"""

from __future__ import annotations

import errno
import os
import socket
import sys


class PortTaken(RuntimeError):
    """Nothing can listen there; the message is one line for the operator."""


def reserve_port(host: str, port: int) -> socket.socket | None:
    """Speaks for a port for as long as the returned socket is open. Raises PortTaken.

    What already listens there is met by trying; what is still starting, by a name among Linux's
    abstract sockets, which are as near or far as ports are and go with the process. Elsewhere there
    is no such name, nothing is returned, and only what listens is noticed.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # First the name: whoever has it and finds nobody listening knows that nobody will.
        name = _bind_abstract_socket(f"cairn {address[0]} {port}")
        try:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except BaseException:
            if name is not None:
                name.close()
            raise
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno == errno.EADDRINUSE else error.strerror
        raise PortTaken(
            f"Port {port} on {host} cannot be used ({reason}). "
            f"Choose another: make run PORT={port % 65535 + 1}"
        ) from None
    return name


def _bind_abstract_socket(name: str) -> socket.socket | None:
    if sys.platform != "linux":
        return None
    held = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        held.bind(f"\0{name}")
    except BaseException:
        held.close()
        raise
    return held
