"""Completeness of evidence and the states of a review, for all inputs."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from roadmap.core.dates import PartialDate
from roadmap.evidence import rules
from roadmap.evidence.constants import STATES, VISIBILITIES
from roadmap.evidence.item import Impact
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.rules import EvidenceInput, Refused, Stale

TODAY = dt.date(2026, 6, 30)
DAY = PartialDate(TODAY)
COMPLETE = EvidenceInput("talk", DAY, title="A talk", url="https://example.org/talk")


def codes(piece):
    return [(fault.field, fault.code) for fault in rules.find_errors(piece, TODAY)]


def test_a_link_or_a_description_is_enough():
    assert codes(COMPLETE) == []
    assert codes(EvidenceInput("other", DAY, title="A", description="What I did.")) == []
    assert codes(EvidenceInput("other", DAY, title="A")) == [("url", "nothing_to_show")]


def test_evidence_of_today_counts_and_of_tomorrow_does_not():
    tomorrow = PartialDate(TODAY + dt.timedelta(days=1))
    assert codes(EvidenceInput("other", tomorrow, title="A", description="x")) == [
        ("occurred_on", "date_in_future")
    ]


def test_a_certificate_may_be_valid_for_its_first_day_only():
    day = {"issued_on": DAY, "expires_on": DAY}
    assert codes(EvidenceInput("certification", DAY, title="A", description="x", **day)) == []


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://example.org/a?b=c#d", True),
        ("http://localhost:8000", True),
        ("https://münchen.example/ü", True),
        ("HTTPS://EXAMPLE.ORG", True),
        ("//example.org", False),
        ("ftp://example.org", False),
        ("javascript:alert(1)", False),
        ("https:///path", False),
        ("https://exa mple.org", False),
        ("https:\\\\example.org", False),
        ("https://[::1", False),
        ("mailto:a@example.org", False),
    ],
)
def test_only_web_addresses_are_links(address, good):
    assert rules.is_web_address(address) is good


@given(st.text())
def test_any_text_is_an_address_or_not_but_never_an_error(text):
    rules.is_web_address(text)


texts = st.text(max_size=30)
measures = st.builds(
    Impact,
    st.sampled_from(["scale", "business", "team", "?"]),
    texts,
    texts,
    texts,
    texts,
    texts,
)
pieces = st.builds(
    EvidenceInput,
    kind=st.sampled_from([*KINDS, "", "?"]),
    title=texts,
    occurred_on=st.none() | st.builds(PartialDate, st.dates()),
    visibility=st.sampled_from([*VISIBILITIES, "?"]),
    url=texts,
    description=texts,
    role=texts,
    issuer=texts,
    issued_on=st.none() | st.builds(PartialDate, st.dates()),
    expires_on=st.none() | st.builds(PartialDate, st.dates()),
    impacts=st.lists(measures, max_size=8).map(tuple),
)


@given(pieces)
def test_tidying_twice_is_the_same_as_once_and_faults_name_real_fields(piece):
    tidy = rules.normalize(piece)
    assert rules.normalize(tidy) == tidy
    for fault in rules.find_errors(tidy, TODAY):
        if fault.place is None:
            assert hasattr(tidy, fault.field)
        else:
            assert hasattr(tidy.impacts[fault.place], fault.field)


def test_the_substance_is_everything_a_review_judges():
    whole = set(rules.INPUT_FIELDS)
    assert whole - set(rules.CONTENT_FIELDS) == {"title", "visibility"}


def confirmations(decision="verified", asked=None, **changes):
    """What a review of version 2 confirms. It waits, and is linked to two milestones that fit."""
    given = {
        "state": "submitted",
        "judged": 2,
        "current": 2,
        "verified": None,
        "is_current_title": True,
        "fitting": ("a", "c"),
        "confirmed": (),
        "left_out": (),
    }
    return rules.select_confirmations(decision, asked, **{**given, **changes})


def test_only_linked_milestones_that_fit_are_confirmed():
    assert confirmations() == ("a", "c")
    assert confirmations(asked=["c", "c"]) == ("c",)
    for wrong in (["b"], ["a", "z"]):
        with pytest.raises(Refused, match="does_not_fit"):
            confirmations(asked=wrong)
    assert confirmations("returned", ["b"]) == ()


def test_another_title_or_version_is_not_judged():
    for other in ({"is_current_title": False}, {"judged": 1}):
        for decision in ("verified", "returned"):
            with pytest.raises(Stale):
                confirmations(decision, **other)


def test_a_verified_version_is_only_confirmed_for_more():
    again = {"state": "verified", "verified": 2, "confirmed": {"a"}}
    assert confirmations(**again) == ("c",)
    for asked in (["a"], []):
        with pytest.raises(Refused, match="none_selected"):
            confirmations(asked=asked, **again)
    with pytest.raises(Refused, match="already_verified"):
        confirmations(**{**again, "confirmed": {"a", "c"}})
    for decision, changes in (("returned", {}), ("verified", {"judged": 1})):
        with pytest.raises(Refused, match="not_waiting"):
            confirmations(decision, **{**again, **changes})


def test_what_was_left_out_is_only_confirmed_where_it_is_named():
    again = {"state": "verified", "verified": 2, "confirmed": {"a"}}
    for state in ({}, again):
        assert confirmations(asked=["c"], left_out={"c"}, **state) == ("c",)
    assert confirmations(left_out={"c"}) == ("a",)
    for state, reason in (({}, "none_left"), (again, "none_selected")):
        with pytest.raises(Refused, match=reason):
            confirmations(left_out={"a", "c"}, **state)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"decision": "returned", "is_changed": True}, "changed_since"),
        ({"is_own": False}, "not_your_review"),
        ({"is_latest": False}, "reviewed_since"),
        ({"age": dt.timedelta(minutes=10, seconds=1)}, "withdrawn_too_late"),
    ],
)
def test_who_can_take_back_what(changes, reason):
    review = {"decision": "verified", "is_own": True, "is_latest": True}
    review |= {"age": dt.timedelta(minutes=10), "is_changed": False}
    rules.check_withdrawable(**review)
    rules.check_withdrawable(**{**review, "is_changed": True})
    rules.check_withdrawable(**{**review, "decision": "returned"})
    with pytest.raises(Refused, match=reason):
        rules.check_withdrawable(**{**review, **changes})


class Review(RuleBasedStateMachine):
    """A piece through edits, requests and judgements in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.state, self.visibility = "draft", "portfolio"
        self.versions = [False]  # whether each was ever submitted
        self.frozen: dict[int, int] = {}
        self.content = [0]
        self.verified: int | None = None

    @rule(visibility=st.sampled_from(VISIBILITIES), substance=st.booleans(), proves=st.booleans())
    def edit(self, visibility: str, substance: bool, proves: bool) -> None:
        before = self.state
        new_version, after = rules.edit_outcome(
            before,
            visibility=visibility,
            substance_changed=substance,
            is_kept=self.versions[-1],
            proves=proves,
        )
        if new_version:
            self.versions.append(False)
            self.content.append(self.content[-1])
        if substance:
            self.content[-1] += 1
        self.state, self.visibility = after, visibility
        if self.state == "submitted":
            self.freeze()
        if before == "verified" and not substance:
            assert self.state == "verified"
        if before in ("draft", "returned"):
            assert self.state == before
        if not proves and self.state == "submitted":
            assert before in rules.AWAITING_REVIEW  # what waits goes on waiting

    @rule(proves=st.booleans())
    def submit(self, proves: bool) -> None:
        waits = self.state in rules.AWAITING_REVIEW
        if self.visibility == "private" or self.state == "verified" or not (proves or waits):
            with pytest.raises(Refused):
                rules.state_after_submit(self.state, self.visibility, proves=proves)
            return
        self.state = rules.state_after_submit(self.state, self.visibility, proves=proves)
        assert self.state in rules.AWAITING_REVIEW
        self.freeze()

    @rule()
    def withdraw(self) -> None:
        if self.state not in ("draft", "submitted"):
            with pytest.raises(Refused):
                rules.state_after_withdraw(self.state, has_reviewer=True)
            return
        self.state = rules.state_after_withdraw(self.state, has_reviewer=False)
        assert self.state == "draft"

    @precondition(lambda self: self.state in rules.AWAITING_REVIEW)
    @rule(decision=st.sampled_from(["in_review", "verified", "returned"]))
    def judge(self, decision: str) -> None:
        number = len(self.versions)
        rules.check_reviewable(self.state, judged=number, current=number)
        with pytest.raises(Stale):
            rules.check_reviewable(self.state, judged=number - 1, current=number)
        self.state = decision
        if decision != "in_review":
            self.verified = number if decision == "verified" else None

    @precondition(lambda self: self.state not in rules.AWAITING_REVIEW)
    @rule()
    def judge_what_does_not_wait(self) -> None:
        with pytest.raises(Refused):
            rules.check_reviewable(self.state, judged=1, current=1)

    def freeze(self) -> None:
        self.versions[-1] = True
        self.frozen.setdefault(len(self.versions), self.content[-1])

    @invariant()
    def what_was_submitted_never_changes(self) -> None:
        for number, content in self.frozen.items():
            assert self.content[number - 1] == content

    @invariant()
    def what_waits_or_is_judged_was_submitted(self) -> None:
        assert self.state in STATES
        if self.state in ("submitted", "in_review", "verified"):
            assert self.versions[-1]

    @invariant()
    def verified_means_that_the_current_version_is(self) -> None:
        if self.state == "verified":
            assert self.verified == len(self.versions)
        if self.state == "returned":
            assert self.verified is None

    @invariant()
    def what_is_private_never_waits(self) -> None:
        assert not (self.visibility == "private" and self.state in rules.AWAITING_REVIEW)


TestReview = Review.TestCase


@pytest.mark.parametrize("state", ["returned", "draft"])
def test_whether_a_returned_piece_is_being_edited_is_told_to_nobody(state: str) -> None:
    """The same refusal, whether the version that was read is still the newest or not."""
    for current in (1, 2):
        with pytest.raises(rules.Refused) as refused:
            rules.check_reviewable(state, judged=1, current=current)
        assert refused.value.reason == "not_waiting"


def test_nothing_is_verified_for_none_of_what_it_can_prove() -> None:
    with pytest.raises(rules.Refused, match="nothing_to_confirm"):
        confirmations(fitting=())
    assert confirmations("returned", fitting=()) == ()
    with pytest.raises(rules.Refused, match="none_left"):
        confirmations(asked=[])
