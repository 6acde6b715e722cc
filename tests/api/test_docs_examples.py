"""The examples in docs/api.md return what the page says."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path
from typing import Any

from flask import Flask

from tests.support.api_client import ApiClient
from tests.support.cast import Cast

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"


def commands() -> list[list[str]]:
    """The words of every curl in the page's blocks, in their order."""
    blocks = re.findall(r"^```\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    found = []
    for block in blocks:
        starts = [match.start() for match in re.finditer(r"^curl ", block, re.M)]
        ends = [*starts[1:], len(block)] if starts else []
        for start, end in zip(starts, ends, strict=True):
            found.append(shlex.split(block[start:end].replace("\\\n", " ")))
    return found


def test_every_example_works(app: Flask, cast: Cast) -> None:
    callers = {
        "$CAIRN_TOKEN": ApiClient.of(app, cast.alice),
        "$MANAGER_TOKEN": ApiClient.of(app, cast.bob),
    }
    names = {"$PIECE": "", "$ETAG": "", "$READ": ""}
    seen = commands()
    assert len(seen) == 13
    for words in seen:
        for name, value in names.items():
            words = [word.replace(name, value) for word in words]
        given = {
            option: words[at + 1] for at, option in enumerate(words) if option in ("-X", "-d", "-F")
        }
        headers = dict(
            words[at + 1].split(": ", 1) for at, option in enumerate(words) if option == "-H"
        )
        caller = callers[headers.pop("Authorization").removeprefix("Bearer ")]
        path = words[-1].removeprefix("$CAIRN")
        sent: Any = given.get("-d")
        if "-F" in given:
            field, name = given["-F"].split("=@")
            sent = {field: (io.BytesIO(b"%PDF-1.7"), name)}
        answer = caller.call(given.get("-X", "GET"), path, data=sent, headers=headers)
        assert answer.status_code < 300, f"{words}\n{answer.text}"
        if path == "/me/evidence" and answer.status_code == 201:
            names["$PIECE"] = answer.get_json()["id"]
        if path.startswith("/reviews?"):
            (item,) = answer.get_json()["items"]
            names["$READ"] = item["etag"]
        if path.startswith("/me/evidence/") or path == "/me/evidence":
            names["$ETAG"] = answer.headers.get("ETag", "")
        if path == "/me/evidence?limit=100":
            piece = callers["$CAIRN_TOKEN"].get(f"/me/evidence/{names['$PIECE']}")
            names["$ETAG"] = piece.headers["ETag"]
