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
from tests.test_faults import dispose, milestone_keys, on_the_way

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
    at: int = 0


@dataclass
class Disk:
    """A file's content on disk, and the writes since its last sync."""

    synced: bytearray
    waiting: list[Event] = field(default_factory=list)

    def take(self, event: Event) -> None:
        if event.call.endswith("sync"):
            for each in self.waiting:
                apply(self.synced, each)
            self.waiting.clear()
        else:
            self.waiting.append(event)

    def after_a_cut(self, chance: random.Random, survives: str) -> bytes:
        content = bytearray(self.synced)
        for event in self.waiting if survives != "nothing" else ():
            if survives == "all" or event.call == "ftruncate":
                apply(content, event)
                continue
            for start in range(0, len(event.data), SECTOR):
                if chance.random() < 0.5:
                    part = event.data[start : start + SECTOR]
                    apply(content, event._replace(data=part, at=event.at + start))
        return bytes(content)


def apply(content: bytearray, event: Event) -> None:
    if event.call == "ftruncate":
        del content[event.at :]
        return
    content.extend(bytes(max(0, event.at - len(content))))
    content[event.at : event.at + len(event.data)] = event.data


def tick_and_tell(url: str, folder: str, person: str) -> None:
    """Tick milestones one after another, and print each after its commit."""
    app = make_app(url, Path(folder))
    keys, who = milestone_keys(app), uuid.UUID(person)
    with app.app_context():
        for turn in range(TICKS):
            progress.set_status(
                db.session, who, keys[turn % len(keys)],
                ("done", "in_progress")[turn // len(keys) % 2],
                by=who, now=dt.datetime.now(dt.UTC),
            )  # fmt: skip
            db.session.commit()
            os.write(1, b"ticked\n")
        os._exit(0)


def recorded(trace: Path, database: Path) -> Iterator[Event]:
    for line in trace.read_text("ascii").splitlines():
        if not (found := CALL.match(line)):
            continue
        call, descriptor, path, arguments, _result = found.groups()
        name = bytes.fromhex(path.replace("\\x", "")).decode() if "\\x" in path else path
        if call == "write":
            if descriptor == "1":
                yield Event("", "answer")
        elif name.startswith(str(database)) and not name.endswith(("-shm", ".lock")):
            if call == "pwrite64":
                text, _length, at = arguments.rsplit(", ", 2)
                yield Event(name, call, bytes.fromhex(text.strip('"').replace("\\x", "")), int(at))
            else:
                yield Event(name, call, at=int(arguments or 0))


@pytest.mark.faults
@pytest.mark.sqlite
def test_nothing_that_was_acknowledged_is_lost_when_the_power_fails(tmp_path: Path) -> None:
    strace = shutil.which("strace")
    assert strace, "make faults needs it: apt-get install strace"
    database, trace = tmp_path / "cairn.sqlite3", tmp_path / "trace"
    app = make_app(f"sqlite:///{database}", tmp_path)
    with app.app_context():
        db.create_file()
    fill_database(app)
    person = on_the_way(app).alice
    dispose(app)  # closing the last connection checkpoints the WAL
    files = {str(database): Disk(bytearray(database.read_bytes()))}
    program = "import sys; from tests.test_power_cuts import tick_and_tell as run"
    subprocess.run(
        [strace, "-f", "-y", "-xx", "-s", "1000000", "-o", trace,
         "-e", "trace=pwrite64,write,fsync,fdatasync,ftruncate",
         sys.executable, "-c", f"{program}; run(*sys.argv[1:])",
         f"sqlite:///{database}", str(tmp_path), str(person)],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL, timeout=300,
    )  # fmt: skip
    events = [*recorded(trace, database)]
    assert sum(event.call == "answer" for event in events) == TICKS
    assert sum(event.call == "pwrite64" and event.file == str(database) for event in events) > 100
    expected = states(milestone_keys(app))
    dispose(app)

    chance, answered, cuts = random.Random(20260101), 0, 0
    moments = sorted(chance.sample(range(len(events)), CUTS // 3))
    with memory_folder() as folder:
        for number, event in enumerate(events):
            if event.call == "answer":
                answered += 1
            else:
                files.setdefault(event.file, Disk(bytearray())).take(event)
            if number in moments:
                for survives in ("nothing", "all", "some"):
                    for name, disk in files.items():
                        path = folder / Path(name).name
                        path.write_bytes(disk.after_a_cut(chance, survives))
                    found = read_again(folder / database.name, person)
                    # The last change may be stored without being acknowledged.
                    assert found in expected[answered : answered + 2], (
                        number,
                        event.call,
                        survives,
                    )
                    for path in folder.iterdir():
                        path.unlink()
                    cuts += 1
    print(f"{cuts} power cuts among {len(events)} writes of {TICKS} ticks: none lost")


def states(keys: list[str]) -> list[dict[str, str]]:
    """Return the statuses after each number of ticks."""
    made: list[dict[str, str]] = [{}]
    for turn in range(TICKS):
        status = ("done", "in_progress")[turn // len(keys) % 2]
        made.append({**made[-1], keys[turn % len(keys)]: status})
    return made


def read_again(database: Path, person: uuid.UUID) -> dict[str, str]:
    connection = sqlite_module().connect(database)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        query = "SELECT milestone_key, status FROM milestone_status WHERE user_id = ?"
        return dict(connection.execute(query, (person.hex,)))
    finally:
        connection.close()
