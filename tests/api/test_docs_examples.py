"""The examples in docs/api.md succeed when run in order."""

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


def curl_commands() -> list[list[str]]:
    """Return the arguments of each `curl` command of the page, in order."""
    blocks = re.findall(r"^```\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    found = []
    for block in blocks:
        starts = [match.start() for match in re.finditer(r"^curl ", block, re.M)]
        ends = [*starts[1:], len(block)] if starts else []
        for start, end in zip(starts, ends, strict=True):
            found.append(shlex.split(block[start:end].replace("\\\n", " ")))
    return found


def test_documented_examples_succeed(app: Flask, cast: Cast) -> None:
    callers = {
        "$CAIRN_TOKEN": ApiClient.of(app, cast.alice),
        "$MANAGER_TOKEN": ApiClient.of(app, cast.bob),
    }
    variables = {"$PIECE": "", "$ETAG": "", "$READ": ""}
    commands = curl_commands()
    assert len(commands) == 13
    for arguments in commands:
        for name, value in variables.items():
            arguments = [argument.replace(name, value) for argument in arguments]
        options = {
            option: arguments[at + 1]
            for at, option in enumerate(arguments)
            if option in ("-X", "-d", "-F")
        }
        headers = dict(
            arguments[at + 1].split(": ", 1)
            for at, option in enumerate(arguments)
            if option == "-H"
        )
        caller = callers[headers.pop("Authorization").removeprefix("Bearer ")]
        path = arguments[-1].removeprefix("$CAIRN")
        sent: Any = options.get("-d")
        if "-F" in options:
            field, name = options["-F"].split("=@")
            sent = {field: (io.BytesIO(b"%PDF-1.7"), name)}
        response = caller.call(options.get("-X", "GET"), path, data=sent, headers=headers)
        assert response.status_code < 300, f"{arguments}\n{response.text}"
        if path == "/me/evidence" and response.status_code == 201:
            variables["$PIECE"] = response.get_json()["id"]
        if path.startswith("/reviews?"):
            (item,) = response.get_json()["items"]
            variables["$READ"] = item["etag"]
        if path.startswith("/me/evidence/") or path == "/me/evidence":
            variables["$ETAG"] = response.headers.get("ETag", "")
        if path == "/me/evidence?limit=100":
            piece = callers["$CAIRN_TOKEN"].get(f"/me/evidence/{variables['$PIECE']}")
            variables["$ETAG"] = piece.headers["ETag"]
