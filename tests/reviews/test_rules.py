"""Changes from one version to the next."""

from __future__ import annotations

from roadmap.reviews.rules import MAX_DIFF_LINES, differences
from tests.evidence.builders import LATENCY, evidence_input


def test_differences_include_only_changed_reviewed_fields():
    before = evidence_input()
    after = evidence_input(title="Renamed", visibility="team", role="Lead", impacts=(LATENCY,))
    found = differences(before, after)
    assert [each.field for each in found] == ["role", "impacts"]
    assert (found[0].before, found[0].after) == ("Author", "Lead")
    assert differences(before, before) == ()


def test_description_is_compared_line_by_line():
    before = evidence_input(description="One\nTwo\nThree")
    after = evidence_input(description="One\nTwo and a half\nThree\nFour")
    assert differences(before, after)[0].lines == (
        ("", "One"),
        ("-", "Two"),
        ("+", "Two and a half"),
        ("", "Three"),
        ("+", "Four"),
    )


def test_very_long_descriptions_are_not_compared_by_line():
    text = "\n".join(["line"] * MAX_DIFF_LINES)
    before, after = evidence_input(description=text), evidence_input(description=f"{text}\nx")
    (difference,) = differences(before, after)
    assert {mark for mark, _text in difference.lines} == {"-", "+"}
