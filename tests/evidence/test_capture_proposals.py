"""What one line proposes."""

from __future__ import annotations

import datetime as dt

import pytest

from roadmap.evidence.capture import Proposal, propose

TODAY = dt.date(2026, 3, 5)
PULL = "https://github.com/acme/ranker/pull/1"
TALK, DOC = "https://youtu.be/dQw4w9WgXcQ", "https://example.org/doc"


@pytest.mark.parametrize(
    ("text", "title", "url"),
    [
        (PULL, "acme/ranker #1", PULL),
        (f"  {PULL}?utm_source=mail \n", "acme/ranker #1", PULL),
        ("github.com/acme/ranker/pull/1", "acme/ranker #1", PULL),
        (f"Cut p99 by half: {PULL}", "Cut p99 by half", PULL),
        (f"{PULL} - Cut p99 by half", "Cut p99 by half", PULL),
        (f"Cut p99 ({PULL}), with tests.", "Cut p99 with tests.", PULL),
        (f"Cut p99 by half, see <{PULL}>.", "Cut p99 by half, see", PULL),
        (f"[Cut p99 by half]({PULL})", "Cut p99 by half", PULL),
        ("https://en.wikipedia.org/wiki/Cairn_(monument)", "en.wikipedia.org/wiki/Cairn_(monument)",
         "https://en.wikipedia.org/wiki/Cairn_(monument)"),
        ("10.1145/3292500.3330701", "DOI 10.1145/3292500.3330701",
         "https://doi.org/10.1145/3292500.3330701"),
        ("doi: 10.1145/3292500.3330701", "DOI 10.1145/3292500.3330701",
         "https://doi.org/10.1145/3292500.3330701"),
        ("arXiv:2403.01234v2 [cs.LG]", "arXiv 2403.01234", "https://arxiv.org/abs/2403.01234"),
        ("https://example.org/talks/?utm_source=a", "example.org/talks", "https://example.org/talks/"),
        ("Mentored Jonas for three months", "Mentored Jonas for three months", ""),
        ("Cut p99 by 40%. Next: training.", "Cut p99 by 40%. Next: training.", ""),
        ("https://", "https://", ""),
        (f"{PULL}/files?diff=split#diff-1a", "acme/ranker #1", PULL),
    ],
)  # fmt: skip
def test_words_are_the_title_and_the_link_is_the_link(text, title, url):
    found = propose(text, TODAY)
    assert (found.title, found.url) == (title, url)
    # A reader needs a link or a description.
    assert found.description == ("" if url else title)


def test_a_long_text_is_shortened_in_the_title_alone():
    text = "shipped " * 100
    for found in (propose(text, TODAY), propose(f"{text} {PULL}", TODAY)):
        assert len(found.title) <= 200
        assert found.title.endswith("shipped…")
        assert found.description == text.strip()


@pytest.mark.parametrize(
    ("text", "proving", "kind"),
    [
        (PULL, (), "open_source"),
        (PULL, ("case_study", "launch"), "launch"),
        (PULL, ("patent",), "open_source"),
        ("https://example.org/x", ("talk",), "talk"),
        ("https://example.org/x", (), "other"),
        ("Gave a talk", ("talk", "mentoring"), "talk"),
        ("Gave a talk", ("launch",), "talk"),
        ("Reviewed the ranker's migration", (), "review_given"),
        ("Keynote https://example.org/x", (), "talk"),
        ("Cleaned up", ("launch",), "launch"),
        ("Cleaned up", (), "other"),
        (f"{PULL}#pullrequestreview-12", (), "review_given"),
        (f"{PULL}/files#pullrequestreview-12", ("mentoring",), "mentoring"),
    ],
)
def test_the_kind_is_one_that_proves_the_milestone_where_the_link_allows_it(text, proving, kind):
    assert propose(text, TODAY, proving).kind == kind


def test_a_date_that_lies_ahead_is_not_proposed():
    assert propose("https://arxiv.org/abs/2603.01234", TODAY).occurred_on == "2026-03"
    assert propose("https://arxiv.org/abs/2604.01234", TODAY).occurred_on is None
    assert propose(PULL, TODAY) == Proposal(
        "acme/ranker #1", PULL, kind="open_source", form="GitHub pull request"
    )


@pytest.mark.parametrize(
    ("text", "title", "further"),
    [
        (f"{PULL} {TALK}", "acme/ranker #1", (TALK,)),
        (f"{PULL}, {TALK}?t=3 and {DOC}.", "acme/ranker #1", (f"{TALK}?t=3", DOC)),
        (f"Cut p99: {PULL} {PULL}/files ({DOC})", "Cut p99", (DOC,)),
        (f"[Cut p99]({PULL}) [the talk]({TALK})", "Cut p99 the talk", (TALK,)),
        (f"{PULL} {PULL}#issuecomment-1", "acme/ranker #1", ()),
    ],
)
def test_further_links_are_in_the_description_and_never_in_the_title(text, title, further):
    found = propose(text, TODAY)
    assert (found.title, found.url, found.further) == (title, PULL, further)
    assert found.description == "\n\n".join(further)


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        (TALK, True),
        (f"Keynote {DOC}", True),
        ("https://patents.google.com/patent/US10452978B2/en", True),
        ("arXiv:2403.01234", False),
        (PULL, False),
        ("Gave a talk", False),
    ],
)
def test_what_has_a_date_of_its_own_lacks_it_where_the_link_does_not_say_it(text, lacks):
    assert propose(text, TODAY).lacks_own_date is lacks
