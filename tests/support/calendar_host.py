"""A local calendar host over TLS whose response depends on the requested path."""

from __future__ import annotations

import contextlib
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


class Calendars(BaseHTTPRequestHandler):
    """Serve the file named by the path; a numeric path sets the response status."""

    files: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        name = self.path.strip("/").partition("?")[0]
        status = int(name) if name.isdecimal() else 302 if name.startswith("to=") else 200
        self.send_response(status)
        if status == 302:
            self.send_header("Location", name.removeprefix("to="))
        self.end_headers()
        try:
            if name == "slow":
                # Occasional bytes keep the timeout of a single read from expiring.
                while True:
                    self.wfile.write(b"X")
                    self.wfile.flush()
                    time.sleep(0.05)
            self.wfile.write(self.files.get(name, CALENDAR))
        except OSError:
            pass  # the client disconnected

    def log_message(self, *_args: object) -> None:
        """Suppress request logging."""


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a self-signed certificate for localhost and its key."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [shutil.which("openssl") or "", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-out", str(certificate), "-keyout", str(key)],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


@contextlib.contextmanager
def calendar_host(folder: Path, **files: bytes) -> Iterator[tuple[int, Path]]:
    """Serve files by name. Yield the port and the certificate."""
    certificate, key = make_certificate(folder)
    handler = type("Files", (Calendars,), {"files": files})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port, certificate
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
