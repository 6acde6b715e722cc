"""Reading a pasted list of addresses."""

from __future__ import annotations

import time

import pytest

from roadmap.invitations.addresses import split_addresses


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("", []),
        (" , ;\n", []),
        ("ada@example.org", ["1 ada@example.org"]),
        ("a@x.org, b@x.org;c@x.org\n\nd@x.org", "1 a@x.org|1 b@x.org|1 c@x.org|3 d@x.org"),
        ("Ada <a@x.org>, <b@x.org>; B. Bo <b@x.org>", "1 a@x.org|1 b@x.org|1 b@x.org"),
        ("Lovelace, Ada <a@x.org>; Hopper, Grace <g@x.org>", "1 a@x.org|1 g@x.org"),
        ('"Lovelace, Ada" <a@x.org>, "a@x.org" <a@x.org>', "1 a@x.org|1 a@x.org"),
        ("a@x.org, Ada <b@x.org>", "1 a@x.org|1 b@x.org"),
        ("nobody <>, Ada <a@x.org", "1 nobody <>|1 Ada <a@x.org"),
        ("nobody\na b@x.org", "1 nobody|2 a b@x.org"),
    ],
)
def test_text_is_split_into_addresses(text: str, entries: str | list[str]) -> None:
    expected = entries.split("|") if isinstance(entries, str) else entries
    assert [f"{line} {address}" for line, address in split_addresses(text)] == expected


@pytest.mark.parametrize("part", ["a,", "a;", "<", "a<", "a@", "<a", "a ", "<a>"])
def test_time_grows_linearly(part: str) -> None:
    start = time.process_time()
    split_addresses(part * (400_000 // len(part)))
    assert time.process_time() - start < 5
