"""The task queue of the job process, based on huey.

The queue is an SQLite file in the data folder, also with PostgreSQL. If it is lost, its tasks run
within a minute anyway. A job process on another machine does the same work, but is not woken up.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask
from huey import SqliteHuey, crontab
from huey.registry import Message
from huey.serializer import Serializer

from roadmap.core.config import ConfigError, ensure_private_file, ensure_private_folder
from roadmap.core.database import Schema, compare_schema
from roadmap.jobs import tasks

log = logging.getLogger(__name__)

QUEUE_FILE = "jobs.sqlite3"
# Intervals for polling for new tasks and, below, for checking the consumer's threads.
POLL_SECONDS = 1.0
# Two, so that mail does not wait for a slow code host.
WORKERS = 2
HEALTH_CHECK_SECONDS = 10
# Time for a task to finish after a signal.
GRACE_SECONDS = 20
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class JsonSerializer(Serializer):
    """Serialize messages as JSON instead of pickle, so that reading them executes no code."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(data).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(*json.loads(data))


def _can_use_database() -> bool:
    """Return whether the schema is current. Another server may have upgraded it since the start."""
    try:
        if compare_schema() is Schema.CURRENT:
            return True
        log.error("jobs wait: the database's schema is of another release")
    except sa.exc.ProgrammingError as error:  # PostgreSQL without tables
        _log_unusable(error)
    return False


def _log_unusable(error: sa.exc.DBAPIError) -> None:
    reason = str(error.orig).splitlines()[0]
    log.error("jobs wait, the database cannot be used: %s", reason)


class JobQueue:
    """An application's queue and its tasks."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.stop_requested = threading.Event()
        queue = ensure_private_file(ensure_private_folder(app.config["DATA_DIR"]) / QUEUE_FILE)
        self.huey = SqliteHuey(
            "cairn", filename=str(queue), results=False, serializer=JsonSerializer()
        )
        deliver, maintain = self._task(tasks.deliver), self._task(tasks.run_maintenance)
        self.wake = self.huey.task(name="deliver")(deliver)
        self.maintain = self.huey.task(name="tidy")(maintain)
        # At most one worker fetches pages, so that the other is free for mail.
        self._fetch_lock = threading.Lock()
        fetch = self._task(self._fetch_exclusively)
        self.fetch = self.huey.task(name="fetch")(fetch)
        self.huey.periodic_task(crontab(), name="sweep")(deliver)
        self.huey.periodic_task(crontab(), name="fetch_due")(fetch)
        # Twice an hour, because midnight differs between time zones.
        self.huey.periodic_task(crontab(minute="7,37"), name="tidy_up")(maintain)

    def _fetch_exclusively(self, stopping: Callable[[], bool]) -> None:
        """Fetch all due pages, unless another worker is doing so already."""
        if self._fetch_lock.acquire(blocking=False):
            try:
                tasks.fetch_pages(stopping)
            finally:
                self._fetch_lock.release()

    def _task(self, work: Callable[[Callable[[], bool]], object]) -> Callable[[], None]:
        def task() -> None:
            if self.stop_requested.is_set():
                return
            with self.app.app_context():
                try:
                    if _can_use_database():
                        work(self.stop_requested.is_set)
                except sa.exc.OperationalError as error:
                    _log_unusable(error)
                except ConfigError as error:
                    log.error("jobs wait: %s", error.format_message())

        return task

    def run(self, *, attached: bool) -> None:
        """Run tasks until a signal or, if `attached`, until standard input ends."""
        stop_reader, stop_writer = os.pipe()
        watched = [stop_reader, *([sys.stdin.fileno()] if attached else [])]
        # huey logs every task, but only failures matter.
        logging.getLogger("huey").setLevel(logging.WARNING)
        consumer = self.huey.create_consumer(
            workers=WORKERS,
            max_delay=POLL_SECONDS,
            scheduler_interval=10,
            shutdown_timeout=GRACE_SECONDS,
        )
        # The consumer's signal handlers would abort running tasks, so block signals until ours
        # replace them.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        self.maintain()
        consumer.start()
        for number in STOP_SIGNALS:
            signal.signal(number, lambda *_args: os.write(stop_writer, b"."))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        log.info("the job process has started")
        while not select.select(watched, [], [], HEALTH_CHECK_SECONDS)[0]:
            consumer.check_worker_health()
        self.stop_requested.set()
        consumer.stop(graceful=True)
