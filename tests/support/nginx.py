"""nginx with the operator guide's configuration, as a proxy for servers on loopback."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.support.server import HOST, Server, free_port


@contextlib.contextmanager
def nginx_proxy(folder: Path, upstream: str, servers: Sequence[Server]) -> Iterator[Server]:
    """Run nginx with the guide's `upstream` lines in front of the servers; yield the front end."""
    front, addresses = Server(servers[0].database_url, folder), iter(servers)
    lines = re.sub(
        r"server 192\S+(.*\n)",
        lambda line: (
            f"server {HOST}:{server.port}{line[1]}" if (server := next(addresses, None)) else ""
        ),
        upstream,
    )
    front.port = free_port()
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"{name}_temp_path {folder}/{name};" for name in names)
    configuration = folder / "nginx.conf"
    # Worker processes and connections as in Debian's default nginx.conf.
    configuration.write_text(
        f"daemon off; worker_processes auto; pid {folder}/nginx.pid; error_log /dev/null;\n"
        f"events {{ worker_connections 768; }}\nhttp {{ access_log off; {paths}\n{lines}\n"
        f"server {{ listen {HOST}:{front.port};\n"
        "location / { proxy_pass http://cairn; proxy_set_header Host $http_host; } } }\n"
    )
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    assert program, "make faults needs it: apt-get install nginx"
    with subprocess.Popen([program, "-c", configuration]) as nginx:
        try:
            deadline = time.monotonic() + 30
            while not front.answers():
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield front
        finally:
            nginx.send_signal(signal.SIGTERM)
            nginx.wait(20)
