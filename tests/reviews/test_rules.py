"""Changes from one version to the next."""

from __future__ import annotations

from roadmap.reviews.rules import MAX_DIFF_LINES, differences
from tests.evidence.builders import LATENCY, evidence_input


def test_only_what_differs_and_only_of_the_substance():
    before = evidence_input()
    after = evidence_input(title="Renamed", visibility="team", role="Lead", impacts=(LATENCY,))
    found = differences(before, after)
    assert [each.field for each in found] == ["role", "impacts"]
    assert (found[0].before, found[0].after) == ("Author", "Lead")
    assert differences(before, before) == ()


def test_a_description_is_compared_line_by_line():
    before = evidence_input(description="One\nTwo\nThree")
    after = evidence_input(description="One\nTwo and a half\nThree\nFour")
    assert differences(before, after)[0].lines == (
        ("", "One"),
        ("-", "Two"),
        ("+", "Two and a half"),
        ("", "Three"),
        ("+", "Four"),
    )


def test_very_long_texts_stand_whole_one_below_the_other():
    many = "\n".join(["line"] * MAX_DIFF_LINES)
    lines = differences(evidence_input(description=many), evidence_input(description=many + "\nx"))[
        0
    ]
    assert {mark for mark, _text in lines.lines} == {"-", "+"}
