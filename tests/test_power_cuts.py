"""No acknowledged change is lost in a power cut.

`strace` records a process's writes and syncs of an SQLite database. The test simulates power cuts
at many points: synced data is kept, and of unsynced writes nothing, all, or only some sectors.
`make faults` runs this.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

from roadmap.core.config import ROOT
from roadmap.core.database import db
from roadmap.core.sqlite import sqlite_module
from roadmap.progress import actions as progress
from tests.support.databases import fill_database, make_app, memory_folder
from tests.support.server_client import create_enrolled_cast, dispose_engine, milestone_keys

CUTS = 720
TICKS = 300
SECTOR = 512
CALL = re.compile(
    r"^\d+ +(pwrite64|write|fsync|fdatasync|ftruncate)\((\d+)<([^>]*)>(?:, (.*))?\) += (\d+)$"
)


class Event(NamedTuple):
    """A file write, sync or truncation, or (without a file) a response."""

    file: str
    call: str
    data: bytes = b""
    offset: int = 0


@dataclass
class Disk:
    """A file's content on disk, and the writes since its last sync."""

    synced: bytearray
    unsynced: list[Event] = field(default_factory=list)

    def record(self, event: Event) -> None:
        if event.call.endswith("sync"):
            for each in self.unsynced:
                apply(self.synced, each)
            self.unsynced.clear()
        else:
            self.unsynced.append(event)

    def content_after_cut(self, rng: random.Random, survives: str) -> bytes:
        content = bytearray(self.synced)
        for event in self.unsynced if survives != "nothing" else ():
            if survives == "all" or event.call == "ftruncate":
                apply(content, event)
                continue
            for start in range(0, len(event.data), SECTOR):
                if rng.random() < 0.5:
                    part = event.data[start : start + SECTOR]
                    apply(content, event._replace(data=part, offset=event.offset + start))
        return bytes(content)


def apply(content: bytearray, event: Event) -> None:
    if event.call == "ftruncate":
        del content[event.offset :]
        return
    content.extend(bytes(max(0, event.offset - len(content))))
    content[event.offset : event.offset + len(event.data)] = event.data


def tick_and_report(url: str, folder: str, person: str) -> None:
    """Tick milestones one after another, and print each after its commit."""
    app = make_app(url, Path(folder))
    keys, user_id = milestone_keys(app), uuid.UUID(person)
    with app.app_context():
        for turn in range(TICKS):
            progress.set_status(
                db.session, user_id, keys[turn % len(keys)],
                ("done", "in_progress")[turn // len(keys) % 2], now=dt.datetime.now(dt.UTC),
            )  # fmt: skip
            db.session.commit()
            os.write(1, b"ticked\n")
        os._exit(0)


def read_trace(trace: Path, database: Path) -> Iterator[Event]:
    for line in trace.read_text("ascii").splitlines():
        if not (found := CALL.match(line)):
            continue
        call, descriptor, path, arguments, _result = found.groups()
        name = bytes.fromhex(path.replace("\\x", "")).decode() if "\\x" in path else path
        if call == "write":
            if descriptor == "1":
                yield Event("", "response")
        elif name.startswith(str(database)) and not name.endswith(("-shm", ".lock")):
            if call == "pwrite64":
                text, _length, offset = arguments.rsplit(", ", 2)
                yield Event(
                    name, call, bytes.fromhex(text.strip('"').replace("\\x", "")), int(offset)
                )
            else:
                yield Event(name, call, offset=int(arguments or 0))


@pytest.mark.faults
@pytest.mark.sqlite
def test_power_cut_loses_no_acknowledged_change(tmp_path: Path) -> None:
    strace = shutil.which("strace")
    assert strace, "make faults needs strace: apt-get install strace"
    database, trace = tmp_path / "cairn.sqlite3", tmp_path / "trace"
    app = make_app(f"sqlite:///{database}", tmp_path)
    with app.app_context():
        db.create_file()
    fill_database(app)
    person = create_enrolled_cast(app).alice
    dispose_engine(app)  # closing the last connection checkpoints the WAL
    files = {str(database): Disk(bytearray(database.read_bytes()))}
    program = "import sys; from tests.test_power_cuts import tick_and_report as run"
    subprocess.run(
        [strace, "-f", "-y", "-xx", "-s", "1000000", "-o", trace,
         "-e", "trace=pwrite64,write,fsync,fdatasync,ftruncate",
         sys.executable, "-c", f"{program}; run(*sys.argv[1:])",
         f"sqlite:///{database}", str(tmp_path), str(person)],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL, timeout=300,
    )  # fmt: skip
    events = [*read_trace(trace, database)]
    assert sum(event.call == "response" for event in events) == TICKS
    assert sum(event.call == "pwrite64" and event.file == str(database) for event in events) > 100
    expected = expected_statuses(milestone_keys(app))
    dispose_engine(app)

    rng, acknowledged, cuts = random.Random(20260101), 0, 0
    moments = sorted(rng.sample(range(len(events)), CUTS // 3))
    with memory_folder() as folder:
        for number, event in enumerate(events):
            if event.call == "response":
                acknowledged += 1
            else:
                files.setdefault(event.file, Disk(bytearray())).record(event)
            if number in moments:
                for survives in ("nothing", "all", "some"):
                    for name, disk in files.items():
                        path = folder / Path(name).name
                        path.write_bytes(disk.content_after_cut(rng, survives))
                    found = read_statuses(folder / database.name, person)
                    # The last change may be stored without being acknowledged.
                    assert found in expected[acknowledged : acknowledged + 2], (
                        number,
                        event.call,
                        survives,
                    )
                    for path in folder.iterdir():
                        path.unlink()
                    cuts += 1
    print(f"{cuts} power cuts among {len(events)} writes of {TICKS} ticks: none lost")


def expected_statuses(keys: list[str]) -> list[dict[str, str]]:
    """Return the statuses after each number of ticks."""
    made: list[dict[str, str]] = [{}]
    for turn in range(TICKS):
        status = ("done", "in_progress")[turn // len(keys) % 2]
        made.append({**made[-1], keys[turn % len(keys)]: status})
    return made


def read_statuses(database: Path, person: uuid.UUID) -> dict[str, str]:
    connection = sqlite_module().connect(database)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        query = "SELECT milestone_key, status FROM milestone_status WHERE user_id = ?"
        return dict(connection.execute(query, (person.hex,)))
    finally:
        connection.close()
