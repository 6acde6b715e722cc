"""The processes of Cairn: the production server, and beside it the one that does the jobs.

    python -m roadmap.server.processes --host ADDRESS --port PORT [--jobs]

The main process is granian's own: it keeps the workers, and in a thread the job process. It imports
nothing of the application, so it stays small.

A signal to end reaches both at once: requests under way are finished, and so is the mail that is
being sent. A job process that crashes is started again. Where the main process is killed, nothing
stays behind: the job process reads the end of its standard input, and Linux kills the workers.
"""

from __future__ import annotations

import argparse
import ctypes
import logging
import os
import platform
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.errors import FatalError
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from roadmap.core import json_logging
from roadmap.server import ports

log = logging.getLogger("roadmap.server.processes")

ROOT = Path(__file__).resolve().parents[2]

CORES = os.cpu_count() or 1
WORKERS = min(2, CORES)
# Threads of a worker: no more than granian thinks the cores can use, and fewer than the 15
# connections of a worker's pool. By default it starts hundreds, which would wait for connections.
THREADS = min(8, 2 * CORES + 1)
BACKLOG = 1024
# Requests that a worker has accepted and not yet answered; the rest waits in the backlog.
BACKPRESSURE = 128
HEADER_TIMEOUT_MS = 10_000
# How long requests under way may take to finish after SIGTERM.
GRACE_SECONDS = 30
# A worker that has not ended is asked again after so long: see `Reminder`.
TERMINATE_INTERVAL_SECONDS = 0.25
# How long the job process may take: the mail server may be slow. It is asked when the workers are.
JOBS_GRACE_SECONDS = 20

# A job process that ended by itself starts again after a pause, which grows while it keeps ending.
MIN_RESTART_DELAY = 1.0
MAX_RESTART_DELAY = 60.0
# Having lived so long, it counts as well.
STABLE_AFTER_SECONDS = 60.0

PR_SET_PDEATHSIG = 1  # from <sys/prctl.h>

# Run in a process of its own, so that nothing of it stays in this one.
CONFIG_CHECK_COMMAND = (sys.executable, "-m", "roadmap.core.config")
JOBS_COMMAND = (sys.executable, "-m", "flask", "--app", "roadmap", "jobs", "run", "--attached")


class JobProcess:
    """Keeps one job process running for as long as the server does."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = False
        self._stop_requested_at = 0.0
        # A queue whose `put` may run within a signal's handler, which an Event's `set` may not.
        self._stop_requests: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._supervise, name="jobs", daemon=True)

    def start(self) -> None:
        """Starts it. Runs in the main thread, after granian has set its handlers of signals.

        Workers are forked after this: what the thread does then is wait, and nothing else.
        """
        on_termination_signal(self.request_stop)
        # A worker that outlives this process must not keep the job process's input open.
        os.register_at_fork(after_in_child=self._close_stdin)
        self._launch()
        self._thread.start()

    def restart(self) -> None:
        """Ends it, so that it starts again: the workers were told to as well (SIGHUP)."""
        if self._process is not None:
            self._process.terminate()

    def request_stop(self) -> None:
        """Asks it to finish what it does, and starts it no more. Waits for nothing."""
        if not self._ending:
            self._stop_requested_at = time.monotonic()
        self._ending = True
        self._stop_requests.put(None)
        self.restart()

    def end(self) -> None:
        """Asks it to end, and waits for that."""
        self.request_stop()
        self._thread.join(max(1.0, self._stop_requested_at + JOBS_GRACE_SECONDS - time.monotonic()))
        if self._thread.is_alive() and self._process is not None:
            self._process.kill()

    def _launch(self) -> None:
        # It never reads its input; that it ends is how it learns that this process is gone.
        self._process = subprocess.Popen(JOBS_COMMAND, stdin=subprocess.PIPE, cwd=ROOT)  # noqa: S603 - fixed words
        if self._ending:  # asked while it was being started
            self._process.terminate()

    def _close_stdin(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def _supervise(self) -> None:
        pause, began = MIN_RESTART_DELAY, time.monotonic()
        while self._process is not None:
            status = self._process.wait()
            self._close_stdin()
            if self._ending:
                return
            if time.monotonic() - began >= STABLE_AFTER_SECONDS:
                pause = MIN_RESTART_DELAY
            log.error(
                "the job process ended with status %s; it starts again in %g s", status, pause
            )
            if self._stop_requested_within(pause):
                return
            pause, began = min(2 * pause, MAX_RESTART_DELAY), time.monotonic()
            self._launch()

    def _stop_requested_within(self, seconds: float) -> bool:
        try:
            self._stop_requests.get(timeout=seconds)
        except queue.Empty:
            return False
        return True


class WorkerTerminator:
    """Asks the workers to end until they have.

    One that still loads the application forgets that it was asked, and one may be asked in the very
    moment in which its main thread lies down to wait: Python then keeps the signal until the next
    one wakes it. Both would serve on until they are killed, and drop what they were doing.
    """

    def __init__(self, server: MPServer) -> None:
        self._server = server
        self._stop_requests: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._thread = threading.Thread(
            target=self._terminate_workers, name="reminder", daemon=True
        )

    def start(self) -> None:
        """Starts to listen for signals to end; in the main thread, as `JobProcess.start` is."""
        on_termination_signal(lambda: self._stop_requests.put(None))
        self._thread.start()

    def _terminate_workers(self) -> None:
        self._stop_requests.get()
        while True:  # until this process has ended
            time.sleep(TERMINATE_INTERVAL_SECONDS)
            for worker in list(self._server.wrks):
                worker.terminate()  # type: ignore[no-untyped-call]  # granian types it not


def on_termination_signal(tell: Callable[[], None]) -> None:
    """Has `tell` called at SIGTERM and SIGINT in this process, before what they did until now."""
    main_pid = os.getpid()

    def handler_before(before: Any) -> Callable[[int, FrameType | None], None]:
        def handle(number: int, frame: FrameType | None) -> None:
            if os.getpid() == main_pid:  # a worker inherits the handler until it sets its own
                tell()
            if callable(before):
                before(number, frame)

        return handle

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler_before(signal.getsignal(number)))


def die_with_parent(parent: int) -> None:
    """In a worker: ends it when the main process is gone. Otherwise it would serve on for ever.

    Linux only; elsewhere workers are left to whoever killed the main process.
    """
    if platform.system() != "Linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was quicker
        os.kill(os.getpid(), signal.SIGKILL)


def logging_config() -> dict[str, Any]:
    """Lines of granian and of this module, in the shape of the application's own."""
    loggers = {
        name: {"handlers": ["lines"], "level": "WARNING", "propagate": False}
        for name in ("_granian", "granian.access", log.name)
    }
    return {**json_logging.logging_config(), "loggers": loggers}


def make_server(host: str, port: int) -> MPServer:
    """granian, told everything that it is to know."""
    return MPServer(
        "roadmap.server.wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=WORKERS,
        blocking_threads=THREADS,
        backlog=BACKLOG,
        backpressure=BACKPRESSURE,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
        workers_kill_timeout=GRACE_SECONDS,
        respawn_failed_workers=True,
        working_dir=ROOT,
        log_level=LogLevels.warning,
        log_dictconfig=logging_config(),
    )


def main() -> None:
    """Serves until it is told to end."""
    parser = argparse.ArgumentParser(prog="python -m roadmap.server.processes")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--jobs", action="store_true", help="with the job process beside it")
    parser.add_argument("--held", type=int, help="the port is spoken for, settings are checked")
    options = parser.parse_args()
    if (
        options.held is None
        and subprocess.run(CONFIG_CHECK_COMMAND, cwd=ROOT, check=False).returncode  # noqa: S603 - fixed words
    ):
        sys.exit(1)
    try:
        # Held until this process ends; a descriptor that was inherited stays open by itself.
        held = None if options.held is not None else ports.reserve_port(options.host, options.port)
    except ports.PortTaken as error:
        sys.exit(str(error))
    main_process = os.getpid()
    os.register_at_fork(after_in_child=lambda: die_with_parent(main_process))
    server = make_server(options.host, options.port)
    server.on_startup(WorkerTerminator(server).start)
    if options.jobs:
        jobs = JobProcess()
        server.on_startup(jobs.start)
        server.on_reload(jobs.restart)
        server.on_shutdown(jobs.end)
    try:
        server.serve()
    except FatalError:
        sys.exit(1)
    finally:
        if held is not None:
            held.close()


if __name__ == "__main__":
    main()
