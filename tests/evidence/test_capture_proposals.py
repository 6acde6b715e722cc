"""Proposals from one line of captured text."""

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
        (f"Cut p99 by half, see <{PULL}>.", "Cut p99 by half", PULL),
        (f"[Cut p99 by half]({PULL})", "Cut p99 by half", PULL),
        ("https://en.wikipedia.org/wiki/Cairn_(monument)", "en.wikipedia.org/wiki/Cairn_(monument)",
         "https://en.wikipedia.org/wiki/Cairn_(monument)"),
        ("10.1145/3292500.3330701", "",
         "https://doi.org/10.1145/3292500.3330701"),
        ("doi: 10.1145/3292500.3330701", "",
         "https://doi.org/10.1145/3292500.3330701"),
        ("arXiv:2403.01234v2 [cs.LG]", "arXiv 2403.01234", "https://arxiv.org/abs/2403.01234"),
        ("https://example.org/talks/?utm_source=a", "example.org/talks", "https://example.org/talks/"),
        ("Mentored Jonas for three months", "Mentored Jonas for three months", ""),
        ("Cut p99 by 40%. Next: training.", "Cut p99 by 40%. Next: training.", ""),
        ("Mentored Jonas", "Mentored Jonas", ""),
        ("https://", "https://", ""),
        (f"{PULL}).", "acme/ranker #1", PULL),
        (f"[My PR]({PULL})", "acme/ranker #1", PULL),
        (f"Shipped it behind a flag, {PULL}; helped Ines", "Shipped it behind a flag; helped Ines",
         PULL),
        (f"{PULL}/files?diff=split#diff-1a", "acme/ranker #1", PULL),
    ],
)  # fmt: skip
def test_text_becomes_title_and_link_becomes_url(text, title, url):
    found = propose(text, TODAY)
    assert (found.title, found.url) == (title, url)
    # Evidence needs a link or a description.
    assert found.description == ("" if url else title)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (f"Cut p99 by half, see {PULL} and {DOC}", "Cut p99 by half"),
        (f"Cut p99 by half (see also {PULL})", "Cut p99 by half"),
        (f"The slides are at {TALK}.", "The slides are"),
        (f"{PULL} and {DOC} and the dashboard", "the dashboard"),
        (f"Cut p99 {PULL} and wrote it up at {DOC}", "Cut p99 and wrote it up"),
        (f"Signed off and rolled out {PULL}", "Signed off and rolled out"),
    ],
)
def test_words_joining_links_are_removed_from_title(text, title):
    assert propose(text, TODAY).title == title


@pytest.mark.parametrize(
    "link",
    [TALK, "https://www.credly.com/badges/01234567-89ab-cdef-0123-456789abcdef",
     "https://docs.google.com/document/d/1aBcD/edit"],
)  # fmt: skip
def test_site_name_is_not_proposed_as_title(link):
    assert propose(link, TODAY).title == ""
    assert propose(f"Feature store {link}", TODAY).title == "Feature store"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Reviewed PR", "review_given"),
        ("Code review of the ranker", "review_given"),
        ("Led the March incident", "incident"),
        ("Interviewed five candidates", "interviewing"),
        ("Mentored Jonas on his first change", "mentoring"),
        ("Presented the ranker at the team day", "talk"),
        ("On 12 March, reviewed the cache", "review_given"),
        ("Last week I also mentored Jonas", "mentoring"),
        ("Wrote the RFC for the feature store", "design_doc"),
        # The last word names what was changed, not an activity.
        ("Fixed the review page", "open_source"),
        ("Merged the incident dashboard", "open_source"),
        ("Fixed the mentoring page", "open_source"),
        ("Simplified the on-call rota", "open_source"),
        ("Unblocked the release pipeline", "open_source"),
        ("Faster interview calendar", "open_source"),
    ],
)
def test_activity_in_text_overrides_kind_of_link(words, kind):
    assert propose(f"{words} {PULL}", TODAY).kind == kind
    assert propose(f"{words} {PULL}", TODAY, ("launch",)).kind == (
        kind if kind != "open_source" else "launch"
    )


def test_generic_text_is_completed_with_link_name():
    assert propose(f"Reviewed PR {PULL}", TODAY).title == "Reviewed PR acme/ranker #1"


def test_link_password_is_removed_and_token_is_reported():
    found = propose("https://me:pa@ss@example.org/a?token=abc&b=1", TODAY)
    assert (found.title, found.url) == ("example.org/a", "https://example.org/a?token=abc&b=1")
    assert (found.is_stripped, found.secrets) == (True, ("token",))
    found = propose(f"Cut p99 {PULL} (https://me:pass@example.org/a)", TODAY)
    assert (found.further, found.is_stripped) == (("https://example.org/a",), True)
    found = propose("Logged in at https://me@example.org", TODAY)
    assert (found.url, found.is_stripped) == ("https://example.org", True)


def test_date_in_text_overrides_date_of_link():
    found = propose("arXiv paper of May 2025 https://arxiv.org/abs/2403.01234", TODAY)
    assert (found.occurred_on, found.needs_date) == ("2025-05", False)
    found = propose("Fixed on 03/04/2025 https://arxiv.org/abs/2403.01234", TODAY)
    assert (found.occurred_on, found.parsed_date.problem, found.needs_date) == (
        None, "ambiguous", True
    )  # fmt: skip
    assert propose("Gave a talk in 1312 or 12.03.1913", TODAY).occurred_on is None


def test_long_text_is_shortened_only_in_title():
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
def test_proposed_kind_proves_milestone_if_link_allows_it(text, proving, kind):
    assert propose(text, TODAY, proving).kind == kind


def test_future_date_is_not_proposed():
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
def test_further_links_go_to_description_not_title(text, title, further):
    found = propose(text, TODAY)
    assert (found.title, found.url, found.further) == (title, PULL, further)
    assert found.description == "\n\n".join(further)


@pytest.mark.parametrize(
    ("text", "needs_date"),
    [
        (TALK, True),
        (f"Keynote {DOC}", True),
        ("https://patents.google.com/patent/US10452978B2/en", True),
        ("arXiv:2403.01234", False),
        (PULL, False),
        ("Gave a talk", False),
    ],
)
def test_date_is_needed_for_publication_whose_link_lacks_it(text, needs_date):
    assert propose(text, TODAY).needs_date is needs_date
