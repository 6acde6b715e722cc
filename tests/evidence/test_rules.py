"""Completeness of evidence, and its states through edits and reviews."""

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


def error_codes(piece):
    return [(error.field, error.code) for error in rules.find_errors(piece, TODAY)]


def test_link_or_description_is_required():
    assert error_codes(COMPLETE) == []
    assert error_codes(EvidenceInput("other", DAY, title="A", description="What I did.")) == []
    assert error_codes(EvidenceInput("other", DAY, title="A")) == [("url", "nothing_to_show")]


def test_future_date_is_rejected():
    tomorrow = PartialDate(TODAY + dt.timedelta(days=1))
    assert error_codes(EvidenceInput("other", tomorrow, title="A", description="x")) == [
        ("occurred_on", "date_in_future")
    ]


def test_certificate_may_expire_on_issue_date():
    day = {"issued_on": DAY, "expires_on": DAY}
    assert error_codes(EvidenceInput("certification", DAY, title="A", description="x", **day)) == []


@pytest.mark.parametrize(
    ("address", "valid"),
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
def test_only_web_addresses_are_accepted_as_links(address, valid):
    assert rules.is_web_address(address) is valid


@given(st.text())
def test_web_address_check_never_raises(text):
    rules.is_web_address(text)


texts = st.text(max_size=30)
impacts = st.builds(
    Impact,
    st.sampled_from(["scale", "business", "team", "?"]),
    texts,
    texts,
    texts,
    texts,
    texts,
)
inputs = st.builds(
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
    impacts=st.lists(impacts, max_size=8).map(tuple),
)


@given(inputs)
def test_normalize_is_idempotent_and_errors_name_existing_fields(piece):
    normalized = rules.normalize(piece)
    assert rules.normalize(normalized) == normalized
    for error in rules.find_errors(normalized, TODAY):
        if error.impact_index is None:
            assert hasattr(normalized, error.field)
        else:
            assert hasattr(normalized.impacts[error.impact_index], error.field)


def test_content_fields_are_all_except_title_and_visibility():
    whole = set(rules.INPUT_FIELDS)
    assert whole - set(rules.CONTENT_FIELDS) == {"title", "visibility"}


def select_confirmations(decision="verified", asked=None, **changes):
    """Return what a review of the submitted version 2 confirms, by default of two milestones."""
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


def test_only_provable_milestones_are_confirmed():
    assert select_confirmations() == ("a", "c")
    assert select_confirmations(asked=["c", "c"]) == ("c",)
    for wrong in (["b"], ["a", "z"]):
        with pytest.raises(Refused, match="does_not_fit"):
            select_confirmations(asked=wrong)
    assert select_confirmations("returned", ["b"]) == ()


def test_review_of_outdated_title_or_version_is_stale():
    for other in ({"is_current_title": False}, {"judged": 1}):
        for decision in ("verified", "returned"):
            with pytest.raises(Stale):
                select_confirmations(decision, **other)


def test_verified_version_accepts_only_further_confirmations():
    again = {"state": "verified", "verified": 2, "confirmed": {"a"}}
    assert select_confirmations(**again) == ("c",)
    for asked in (["a"], []):
        with pytest.raises(Refused, match="none_selected"):
            select_confirmations(asked=asked, **again)
    with pytest.raises(Refused, match="already_verified"):
        select_confirmations(**{**again, "confirmed": {"a", "c"}})
    for decision, changes in (("returned", {}), ("verified", {"judged": 1})):
        with pytest.raises(Refused, match="not_waiting"):
            select_confirmations(decision, **{**again, **changes})


def test_left_out_milestone_is_confirmed_only_if_selected():
    again = {"state": "verified", "verified": 2, "confirmed": {"a"}}
    for state in ({}, again):
        assert select_confirmations(asked=["c"], left_out={"c"}, **state) == ("c",)
    assert select_confirmations(left_out={"c"}) == ("a",)
    for state, reason in (({}, "none_left"), (again, "none_selected")):
        with pytest.raises(Refused, match=reason):
            select_confirmations(left_out={"a", "c"}, **state)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"decision": "returned", "is_changed": True}, "changed_since"),
        ({"is_own": False}, "not_your_review"),
        ({"is_latest": False}, "reviewed_since"),
        ({"age": dt.timedelta(minutes=10, seconds=1)}, "withdrawn_too_late"),
    ],
)
def test_review_withdrawal_is_limited(changes, reason):
    review = {"decision": "verified", "is_own": True, "is_latest": True}
    review |= {"age": dt.timedelta(minutes=10), "is_changed": False}
    rules.check_withdrawable(**review)
    rules.check_withdrawable(**{**review, "is_changed": True})
    rules.check_withdrawable(**{**review, "decision": "returned"})
    with pytest.raises(Refused, match=reason):
        rules.check_withdrawable(**{**review, **changes})


class ReviewStateMachine(RuleBasedStateMachine):
    """Evidence through edits, submissions and reviews in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.state, self.visibility = "draft", "portfolio"
        self.versions = [False]  # whether each was ever submitted
        self.frozen: dict[int, int] = {}
        self.content = [0]
        self.verified: int | None = None

    @rule(
        visibility=st.sampled_from(VISIBILITIES),
        content_changed=st.booleans(),
        proves=st.booleans(),
    )
    def edit(self, visibility: str, content_changed: bool, proves: bool) -> None:
        before = self.state
        new_version, after = rules.edit_outcome(
            before,
            visibility=visibility,
            substance_changed=content_changed,
            is_frozen=self.versions[-1],
            proves=proves,
        )
        if new_version:
            self.versions.append(False)
            self.content.append(self.content[-1])
        if content_changed:
            self.content[-1] += 1
        self.state, self.visibility = after, visibility
        if self.state == "submitted":
            self.freeze()
        if before == "verified" and not content_changed:
            assert self.state == "verified"
        if before in ("draft", "returned"):
            assert self.state == before
        if not proves and self.state == "submitted":
            assert before in rules.AWAITING_REVIEW

    @rule(proves=st.booleans())
    def submit(self, proves: bool) -> None:
        is_waiting = self.state in rules.AWAITING_REVIEW
        if self.visibility == "private" or self.state == "verified" or not (proves or is_waiting):
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
    def review(self, decision: str) -> None:
        number = len(self.versions)
        rules.check_reviewable(self.state, judged=number, current=number)
        with pytest.raises(Stale):
            rules.check_reviewable(self.state, judged=number - 1, current=number)
        self.state = decision
        if decision != "in_review":
            self.verified = number if decision == "verified" else None

    @precondition(lambda self: self.state not in rules.AWAITING_REVIEW)
    @rule()
    def review_unsubmitted(self) -> None:
        with pytest.raises(Refused):
            rules.check_reviewable(self.state, judged=1, current=1)

    def freeze(self) -> None:
        self.versions[-1] = True
        self.frozen.setdefault(len(self.versions), self.content[-1])

    @invariant()
    def submitted_versions_never_change(self) -> None:
        for number, content in self.frozen.items():
            assert self.content[number - 1] == content

    @invariant()
    def reviewed_version_was_submitted(self) -> None:
        assert self.state in STATES
        if self.state in ("submitted", "in_review", "verified"):
            assert self.versions[-1]

    @invariant()
    def verified_state_refers_to_current_version(self) -> None:
        if self.state == "verified":
            assert self.verified == len(self.versions)
        if self.state == "returned":
            assert self.verified is None

    @invariant()
    def private_evidence_never_awaits_review(self) -> None:
        assert not (self.visibility == "private" and self.state in rules.AWAITING_REVIEW)


TestReviewStateMachine = ReviewStateMachine.TestCase


@pytest.mark.parametrize("state", ["returned", "draft"])
def test_refusal_does_not_reveal_edit_of_unsubmitted_evidence(state: str) -> None:
    for current in (1, 2):
        with pytest.raises(rules.Refused) as refused:
            rules.check_reviewable(state, judged=1, current=current)
        assert refused.value.reason == "not_waiting"


def test_verification_requires_a_confirmed_milestone() -> None:
    with pytest.raises(rules.Refused, match="nothing_to_confirm"):
        select_confirmations(fitting=())
    assert select_confirmations("returned", fitting=()) == ()
    with pytest.raises(rules.Refused, match="none_left"):
        select_confirmations(asked=[])
