"""Reserve a port from the beginning of a start to the end of the server.

granian sets SO_REUSEPORT, so without a reservation a second server could bind the same port and
would receive half of the requests.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import socket
import sys
from typing import NoReturn


class ArgumentParser(argparse.ArgumentParser):
    """A parser that reports errors in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message.removeprefix('argument ')}\n")


class PortTaken(RuntimeError):
    """The port cannot be used. The message is one line for the operator."""


def reserve_port(host: str, port: int) -> socket.socket | None:
    """Reserve a port for as long as the returned socket is open. Raises PortTaken.

    Binding the port detects a server that listens already. A server that is still starting is
    detected by an abstract socket, which like a port belongs to the network namespace and ends with
    its process. Abstract sockets exist on Linux only: on other systems this returns None.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with contextlib.ExitStack() as stack:
            # Bind the name first, so that its holder knows that no other server is starting.
            held = None
            if sys.platform == "linux":
                held = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
                held.bind(f"\0cairn {address[0]} {port}")
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
            stack.pop_all()
            return held
    except OSError as error:
        # Python's message for abstract sockets is longer.
        reason = os.strerror(error.errno) if error.errno == errno.EADDRINUSE else error.strerror
        remedy = f"Choose another: make run PORT={port % 65535 + 1}"
        if error.errno == errno.EACCES:
            remedy = "Choose one above 1023, behind a reverse proxy: make run PORT=8000"
        elif error.errno != errno.EADDRINUSE:
            remedy = "HOST has to be an address of this machine: make run HOST=127.0.0.1"
        raise PortTaken(f"Port {port} on {host} cannot be used ({reason}). {remedy}") from None


def port_number(text: str) -> int:
    """Parse a port from 1 to 65535. Raises ArgumentTypeError."""
    if not text.isdecimal() or not 1 <= int(text[:6]) <= 65535:
        shown = text if len(text) <= 20 else f"{text[:20]}…"
        raise argparse.ArgumentTypeError(
            f"{shown!r} is not a port between 1 and 65535, as in: make run PORT=8000"
        )
    return int(text)
