"""The processes of a running instance: granian with its workers, and the job process.

    python -m roadmap.processes --host ADDRESS --port PORT [--jobs]

This is granian's main process. It loads the application, forks workers that share this memory
copy-on-write, and supervises them and, in a thread, the job process. SIGHUP replaces the workers
but keeps the loaded code. New code needs a restart.

SIGTERM is forwarded to workers and job process, which finish current requests and mail. A crashed
job process is restarted. If the main process is killed, Linux kills the workers, and the job
process exits at the end of its standard input.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import multiprocessing.connection
import os
import queue
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import granian._signals
from granian._granian import WorkerSignal
from granian.constants import HTTPModes, Interfaces, Loops
from granian.errors import FatalError
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer, WorkerProcess

from roadmap.core import config, logs
from roadmap.server import ports

log = logging.getLogger("roadmap.server.processes")

ROOT = Path(__file__).resolve().parents[2]

CORES = os.cpu_count() or 1
WORKERS = min(2, CORES)
BACKLOG = 1024
# Maximum connections per worker. Idle ones occupy no thread.
BACKPRESSURE = 2000
# Limit for open files. The usual 1024 is too low for so many connections.
MAX_OPEN_FILES = 4096
HEADER_TIMEOUT_MS = 10_000
# Time for requests and jobs to finish after SIGTERM. The mail server may be slow.
GRACE_SECONDS = 30
JOBS_GRACE_SECONDS = 20
# Interval for repeating SIGTERM until the processes have ended.
TERMINATE_INTERVAL_SECONDS = 0.25

# A crashed job process is restarted after a delay, which doubles with each crash and is reset once
# the process has run for STABLE_AFTER_SECONDS.
MIN_RESTART_DELAY = 1.0
MAX_RESTART_DELAY = 60.0
STABLE_AFTER_SECONDS = 60.0

PR_SET_PDEATHSIG = 1  # from <sys/prctl.h>

# Jobs have a lower priority than requests.
JOBS = "-m flask --app roadmap jobs run --attached"
JOBS_COMMAND = ("nice", "-n", "5", sys.executable, *JOBS.split())


class JobProcess:
    """Keep one job process running for as long as the server runs."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._stop_deadline = 0.0
        self._thread = threading.Thread(target=self._supervise, name="jobs", daemon=True)

    def start(self) -> None:
        """Start the process. Call this in the main thread before granian forks its workers."""
        self._launch()
        self._thread.start()

    def terminate(self) -> None:
        """Ask the process to finish its current work and end, and do not restart it."""
        if not self._stopping.is_set():
            self._stop_deadline = time.monotonic() + JOBS_GRACE_SECONDS
            self._stopping.set()
        if self._process is not None:
            self._process.terminate()

    def join(self) -> None:
        """Wait for the process to end. Kill it after JOBS_GRACE_SECONDS."""
        self.terminate()
        self._thread.join(max(1.0, self._stop_deadline - time.monotonic()))
        if self._thread.is_alive() and self._process is not None:
            self._process.kill()

    def _launch(self) -> None:
        # The pipe is never written. Its end tells the job process that this process has ended.
        self._process = subprocess.Popen(JOBS_COMMAND, stdin=subprocess.PIPE, cwd=ROOT)  # noqa: S603 - fixed words
        if self._stopping.is_set():
            self._process.terminate()

    def _supervise(self) -> None:
        delay, started = MIN_RESTART_DELAY, time.monotonic()
        while self._process is not None:
            with self._process as process:
                status = process.wait()
            if self._stopping.is_set():
                return
            if time.monotonic() - started >= STABLE_AFTER_SECONDS:
                delay = MIN_RESTART_DELAY
            log.error("the job process ended with status %s; restarting it in %g s", status, delay)
            if self._stopping.wait(delay):
                return
            delay, started = min(2 * delay, MAX_RESTART_DELAY), time.monotonic()
            self._launch()


def terminate_on_signal(server: MPServer, jobs: JobProcess | None) -> None:
    """On SIGTERM or SIGINT, repeatedly terminate workers and job process until this process ends.

    granian signals its workers once. A worker that has just started, or whose main thread is about
    to wait, misses the signal and continues until it is killed and drops its requests. Call this in
    the main thread, after granian has set its handlers.
    """
    main_pid = os.getpid()
    # `SimpleQueue.put` is safe in a signal handler, `Event.set` is not.
    stop_requests: queue.SimpleQueue[None] = queue.SimpleQueue()

    def terminate() -> None:
        stop_requests.get()
        while True:
            if jobs is not None:
                jobs.terminate()
            time.sleep(TERMINATE_INTERVAL_SECONDS)
            for worker in list(server.wrks):
                worker.terminate()  # type: ignore[no-untyped-call]  # granian has no types here

    previous = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def handle(number: int, frame: FrameType | None) -> None:
        if os.getpid() == main_pid:  # a worker inherits the handler until it sets its own
            stop_requests.put(None)
        if callable(follow := previous[signal.Signals(number)]):
            follow(number, frame)

    for number in previous:
        signal.signal(number, handle)
    threading.Thread(target=terminate, name="terminator", daemon=True).start()


def stop_worker_once(loop: asyncio.AbstractEventLoop) -> WorkerSignal:
    """Set a worker's signal handlers so that only the first signal stops it.

    Replaces granian's function, whose handler sets the event on every signal. In granian 2.8.7 the
    second call blocks while holding the GIL, so the current request is lost. A worker gets several
    signals: Ctrl-C and systemd signal every process of the group, the main process signals its
    workers, and `terminate_on_signal` repeats that.
    """
    event = WorkerSignal()

    def stop() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lambda: None)
        event.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return event


def is_worker_alive(worker: WorkerProcess) -> bool:
    """Return whether a worker's process still runs.

    Replaces granian's method. Two threads of granian wait for a worker. Only one gets its exit
    status, and for the other `multiprocessing` says that the process is alive: granian then logs
    that it kills a worker which has already ended.
    """
    return not multiprocessing.connection.wait([worker.inner.sentinel], timeout=0)


def set_parent_death_signal(parent: int) -> None:
    """Let the kernel kill this worker if the main process is killed. Linux only."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # the parent ended before the call
        os.kill(os.getpid(), signal.SIGKILL)


def raise_file_limit() -> None:
    """Raise the limit of open files to MAX_OPEN_FILES, because each connection needs one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def make_server(host: str, port: int) -> MPServer:
    """Create the granian server with our settings and log format."""
    granian._signals.set_loop_signals = stop_worker_once
    # granian has no setting for this; mypy allows no replacement of a method.
    WorkerProcess.is_alive = is_worker_alive  # type: ignore[assignment, method-assign]
    names = ("_granian", "granian.access", log.name)
    lines = {"handlers": ["lines"], "level": "WARNING", "propagate": False}
    return MPServer(
        "roadmap.asgi:app",
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        workers=WORKERS,
        loop=Loops.asyncio,
        backlog=BACKLOG,
        backpressure=BACKPRESSURE,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
        workers_kill_timeout=GRACE_SECONDS,
        respawn_failed_workers=True,
        working_dir=ROOT,
        log_level=LogLevels.warning,
        log_dictconfig={**logs.logging_config(), "loggers": dict.fromkeys(names, lines)},
    )


def main(preload: Callable[[], None]) -> None:
    """Load the application with `preload`, and serve it until a signal."""
    parser = ports.ArgumentParser(prog="python -m roadmap.processes")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=ports.port_number, default=8000)
    parser.add_argument("--jobs", action="store_true", help="also start the job process")
    parser.add_argument("--held", type=int, help="descriptor of the reserved port")
    options = parser.parse_args()
    if options.held is None:  # roadmap.serve has done this already
        try:
            # Keep the socket open until this process ends.
            _held = ports.reserve_port(options.host, options.port)
        except ports.PortTaken as error:
            sys.exit(str(error))
        config.check_settings(options.host, options.port)
    # Until granian sets its handlers, let Ctrl-C end the process without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    preload()
    raise_file_limit()
    main_process = os.getpid()
    os.register_at_fork(after_in_child=lambda: set_parent_death_signal(main_process))
    server = make_server(options.host, options.port)
    jobs = JobProcess() if options.jobs else None
    server.on_startup(lambda: terminate_on_signal(server, jobs))
    if jobs is not None:
        server.on_startup(jobs.start)
        server.on_shutdown(jobs.join)
    try:
        server.serve()
    except FatalError:
        sys.exit(1)
