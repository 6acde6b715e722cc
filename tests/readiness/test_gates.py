"""When each gate passes, why it fails, and what would make it pass."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from pydantic import TypeAdapter

from roadmap.catalog.content import Content
from roadmap.core.dates import PartialDate
from roadmap.evidence.item import Impact, Item
from roadmap.readiness.evidence_tally import EvidenceTally, count_evidence
from roadmap.readiness.explanation import explain
from roadmap.readiness.facts import Facts, Position
from roadmap.readiness.gates.gate import GateResult
from roadmap.readiness.messages import Message, join_with_and, join_with_or
from roadmap.readiness.presentation import impact_links, message_filter, own_links
from roadmap.readiness.rules import evaluate, next_change_on
from roadmap.readiness.tally import Tally
from tests.readiness.examples import (
    KEYS,
    SHIPPED,
    SKILLS,
    TODAY,
    change,
    content,
    done,
    levels_at_bar,
    metric,
    milestone,
    piece,
    proven_facts,
    proven_pieces,
    shipped_policy,
)
from tests.support.catalog import GATE_TYPES


def gate(key: str, facts: Facts, on: Content | None = None) -> GateResult:
    """Return the result of one gate for these facts."""
    gates = {each.key: each for each in evaluate(Tally(on or content(), facts, TODAY)).gates}
    return gates[key]


def job(started: date) -> Facts:
    """Return facts with one current position."""
    return Facts(positions=(Position("job", "Engineer", started, None, True),))


# One gate of each type. Add types here that the shipped policy does not use.
GATES = {each["type"]: each for each in SHIPPED["gates"]}


def test_stored_counts_give_same_evaluation_as_evidence() -> None:
    """A status change has only the stored counts; see `CountedFacts`."""
    on, facts = content(policy=shipped_policy(gates=list(GATES.values()))), proven_facts()
    counted, adapter = count_evidence(on, facts.pieces, TODAY), TypeAdapter(EvidenceTally)
    stored = adapter.validate_json(adapter.dump_json(counted))
    from_counts = Tally(on, replace(facts, pieces=()), TODAY, stored)
    from_pieces = Tally(on, facts, TODAY)
    assert evaluate(from_counts) == evaluate(from_pieces)
    assert next_change_on(from_counts) == next_change_on(from_pieces)


def test_every_gate_type_is_tested() -> None:
    assert GATES.keys() == GATE_TYPES


def test_every_gate_has_reason_hint_and_link() -> None:
    on = content(policy=shipped_policy(gates=list(GATES.values())))
    for each in evaluate(Tally(on, Facts(), TODAY)).gates:
        assert not each.passed
        assert own_links("slug").gate(each).startswith("/")
        assert each.opens is not None
        for sentence in (each.reason.text(), each.opens.text()):
            assert sentence[0].isupper() or sentence[0].isdigit()
            assert "%" not in re.sub(r"\b\d+%", "", sentence)
    for each in evaluate(Tally(on, proven_facts(), TODAY)).gates:
        assert each.passed
        assert own_links("slug").gate(each).startswith("/")
        assert each.opens is None
        assert "%" not in re.sub(r"\b\d+%", "", each.reason.text())


def test_experience_gate_passes_on_last_day_of_fifth_year() -> None:
    assert gate("experience", job(date(2021, 7, 1))).passed
    late = gate("experience", job(date(2021, 7, 2)))
    assert not late.passed
    # A gate that fails never reads "5 of 5".
    assert late.reason.text() == "4.9 of 5 years of ML engineering, as declared"
    assert "0.1 more years" in str(late.opens)


def test_delivery_gate_requires_share_of_required_hours() -> None:
    hours = {"experience1": 40, "experience2": 56}
    milestones = tuple(milestone(key, hours=hours.get(key, 10)) for key in KEYS)
    on = content(milestones=milestones)
    facts = Facts(
        statuses=done("experience1"),
        pieces=(piece("a", "launch", "experience1", verified=True),),
    )
    failed = gate("delivery", facts, on)
    assert not failed.passed
    assert failed.reason.text() == (
        "40 h verified, 58 h needed: 60% of the 96 required hours of the stage “Experience”"
    )
    assert "18 more verified hours" in str(failed.opens)
    assert gate("delivery", replace(facts, statuses=done(*KEYS)), on).passed is False
    enough = piece("b", "launch", "experience2", verified=True)
    assert (
        gate("delivery", Facts(statuses=done("experience2"), pieces=(enough,)), on).passed is False
    )
    assert gate("delivery", Facts(statuses=done(*KEYS), pieces=(*facts.pieces, enough)), on).passed


def test_stage_gate_passes_at_exactly_sixty_percent_of_required_hours() -> None:
    milestones = (
        milestone("experience1", hours=6),
        milestone("experience2", hours=4),
        milestone("experience3", hours=50, required=False),
    )
    on = content(milestones=milestones)
    proof = piece("a", "launch", "experience1", verified=True)
    assert gate("delivery", Facts(statuses=done("experience1"), pieces=(proof,)), on).passed
    optional = piece("a", "launch", "experience3", verified=True)
    assert not gate("delivery", Facts(statuses=done("experience3"), pieces=(optional,)), on).passed


def test_stage_gate_target_excludes_not_applicable_hours_down_to_floor() -> None:
    proof = piece("a", "launch", "leadership1", verified=True)
    half = Facts(statuses=done("leadership1"), pieces=(proof,))
    assert not gate("leadership", half).passed  # 10 of 20 h
    not_applicable = replace(half, statuses={**half.statuses, "leadership2": "not_applicable"})
    assert gate("leadership", not_applicable).passed  # 10 of 15 h, not of 10
    reason = gate("leadership", not_applicable).reason.text()
    assert reason.startswith("10 h verified, 9 h needed: 60% of the 15 required hours")


def test_stage_gate_fails_without_required_milestones() -> None:
    milestones = tuple(
        each for each in content().milestones if not each.key.startswith("leadership")
    )
    failed = gate("leadership", proven_facts(), content(milestones=milestones))
    assert not failed.passed
    assert "requires no milestone" in failed.reason.text()
    unknown = shipped_policy(gates=[{**SHIPPED["gates"][1], "stage": "moon"}])
    assert not gate("delivery", proven_facts(), content(policy=unknown)).passed


def test_gate_links_to_page_that_helps_pass_it() -> None:
    def link(key: str, facts: Facts) -> str:
        impacts = impact_links(explain(Tally(content(), facts, TODAY)), "slug", has_manager=False)
        return own_links("slug", impacts).gate(gate(key, facts))

    assert link("experience", Facts()) == "/career"
    stage = "/roadmaps/slug/leadership"
    assert link("leadership", Facts()) == link("sustained", Facts()) == stage
    assert link("leadership", proven_facts()) == stage
    assert link("judged_by_others", Facts()) == "/skills"
    assert link("impact", Facts()) == "/evidence/new"
    assert link("impact", proven_facts()) == "/readiness?roadmap=slug#part-impact"
    design = "/evidence?kind=design_doc,case_study&tone=verified"
    assert link("design", proven_facts()) == design
    assert link("design", Facts()) == "/evidence/new?kind=design_doc"
    elsewhere = Facts(pieces=(piece("a", "case_study", "foundations1"),))
    assert link("impact", elsewhere) == "/evidence/a/edit?impact=scale#impacts"
    unable = Facts(pieces=(piece("a", "publication", "foundations1"),))
    assert link("impact", unable).startswith("/evidence/new?kind=")
    measured = Facts(pieces=(piece("a", "launch", impacts=(metric("scale"),)),))
    assert link("impact", measured) == "/evidence/a", "the metric is complete, but unverified"
    assert link("design", elsewhere) == "/evidence/new?kind=design_doc", (
        "it is confirmed for no stage of the gate"
    )
    study = Facts(pieces=(piece("a", "case_study", "experience1"),))
    assert link("design", study) == "/evidence?kind=case_study"


def test_gate_texts_use_singular_for_one() -> None:
    document = Facts(pieces=(piece("a", "design_doc", "experience1", verified=True),))
    one, two = str(gate("design", document).opens), str(gate("design", Facts()).opens)
    assert one.startswith("To pass: 1 more verified piece of that kind, confirmed")
    assert two.startswith("To pass: 2 more verified pieces of that kind, each confirmed")
    assert two.endswith("for a milestone of “Experience” or “Leadership”")
    one_year = shipped_policy(gates=[{**GATES["years"], "years": 1}])
    none = gate("experience", Facts(), content(policy=one_year))
    assert none.reason.text() == "0 of 1 year of ML engineering, as declared"
    assert str(none.opens) == "To pass: 1 more year in positions marked as ML engineering"
    once = gate("sustained", spread(date(2026, 5, 1)))
    assert "from 1 month, over 0 days, the latest" in once.reason.text()


def test_design_gate_requires_two_verified_pieces_of_either_kind() -> None:
    document = piece("a", "design_doc", "leadership1", verified=True)
    study = piece("b", "case_study", "experience1", verified=True)
    assert gate("design", Facts(pieces=(document, study))).passed
    failed = gate("design", Facts(pieces=(document, piece("c", "case_study"))))
    assert not failed.passed
    assert failed.reason.text() == (
        "1 of 2 verified pieces of evidence of the kind design document or case study"
    )
    lapsed = change(study, expires_on=PartialDate(TODAY - timedelta(days=1)))
    assert not gate("design", Facts(pieces=(document, lapsed))).passed
    elsewhere = piece("b", "case_study", "foundations1", verified=True)
    assert not gate("design", Facts(pieces=(document, elsewhere))).passed
    unlinked = change(study, milestones=())
    assert not gate("design", Facts(pieces=(document, unlinked))).passed
    any_stage = content(policy=shipped_policy(gates=[{**GATES["verified_pieces"], "stages": []}]))
    assert gate("design", Facts(pieces=(document, elsewhere)), any_stage).passed
    two_to_go = gate("design", Facts(), any_stage).opens
    assert str(two_to_go) == "To pass: 2 more verified pieces of that kind"


def test_design_gate_ignores_confirmation_for_optional_milestone() -> None:
    optional = milestone("leadership3", required=False)
    roadmap = content(milestones=(*content().milestones, optional))
    study = piece("a", "case_study", "experience1", verified=True)
    for key, passed in (("leadership3", False), ("leadership2", True)):
        document = piece("b", "design_doc", key, verified=True)
        assert gate("design", Facts(pieces=(document, study)), roadmap).passed is passed


def confirmed_by(name: str, key: str, day: date = TODAY) -> Item:
    """Return a verified launch for one milestone, with the name of its verifier."""
    launch = piece(f"{name}-{key}", "launch", key, verified=True, occurred_on=PartialDate(day))
    return replace(launch, links=tuple(replace(each, verified_by=name) for each in launch.links))


def test_stage_gate_can_require_several_verifiers() -> None:
    gates = [{**gate, "verifiers": 2} for gate in SHIPPED["gates"] if gate["key"] == "delivery"]
    on = content(policy=shipped_policy(gates=gates))

    def delivery(*pieces: Item) -> GateResult:
        return gate("delivery", Facts(statuses=done(*KEYS), pieces=pieces), on)

    alone = delivery(confirmed_by("Bob", "experience1"), confirmed_by("Bob", "experience2"))
    assert not alone.passed
    assert alone.reason.text() == (
        "20 h verified, 12 h needed: 60% of the 20 required hours of the stage “Experience”, "
        "by 1 of at least 2 different people"
    )
    assert "confirmations by 1 more person" in str(alone.opens)
    assert delivery(confirmed_by("Bob", "experience1"), confirmed_by("Dave", "experience2")).passed
    # Evidence of another stage, too old, or verified by a hypothetical person adds no verifier.
    others = (
        confirmed_by("Dave", "leadership1"),
        confirmed_by("Dave", "experience1", date(2015, 1, 1)),
        confirmed_by("", "experience1"),
    )
    assert not delivery(
        confirmed_by("Bob", "experience1"), confirmed_by("Bob", "experience2"), *others
    ).passed
    # The hint names missing hours before missing verifiers.
    assert "more verified hours" in str(delivery(confirmed_by("Bob", "experience1")).opens)


def test_delivery_gate_ignores_evidence_older_than_window() -> None:
    def proof(day: date) -> Facts:
        pieces = (piece("a", "launch", "experience1", "experience2", verified=True),)
        return Facts(
            statuses=done("experience1", "experience2"),
            pieces=tuple(change(each, occurred_on=PartialDate(day)) for each in pieces),
        )

    assert gate("delivery", proof(date(2020, 6, 30))).passed
    late = gate("delivery", proof(date(2020, 6, 29)))
    assert not late.passed
    assert late.reason.text().startswith("0 h verified, 12 h needed")
    # The gate is evaluated again on the day after.
    assert next_change_on(Tally(content(), proof(date(2020, 6, 30)), TODAY)) == date(2026, 7, 1)
    of_any_age = GATES["stage_verified"] | {
        "key": "delivery",
        "stage": "experience",
        "within_months": None,
    }
    on = content(policy=shipped_policy(gates=[of_any_age]))
    assert gate("delivery", proof(date(2001, 1, 1)), on).passed


def test_impact_gate_names_missing_types() -> None:
    pieces = (
        piece("a", "launch", "experience1", verified=True, impacts=(metric("scale"),)),
        piece("b", "launch", verified=False, impacts=(metric("business"),)),
        piece(
            "c",
            "launch",
            "experience1",
            verified=True,
            impacts=(Impact("team", "Hours", result="", unit="h"),),
        ),
    )
    failed = gate("impact", Facts(pieces=pieces))
    assert not failed.passed
    assert failed.reason.text() == "No verified, complete metric of business or team"
    both = (metric("business"), metric("team"))
    proven = piece("d", "launch", "experience1", verified=True, impacts=both)
    assert gate("impact", Facts(pieces=(*pieces, proven))).passed
    assert not gate("impact", Facts(pieces=(*pieces, change(proven, milestones=())))).passed


def test_impact_gate_requires_baseline_for_business_and_team() -> None:
    types = ("scale", "business", "team")
    bare = tuple(replace(metric(name), baseline="") for name in types)
    launch = piece("a", "launch", "experience1", verified=True, impacts=bare)
    failed = gate("impact", Facts(pieces=(launch,)))
    assert failed.reason.text() == "No verified, complete metric of business or team"
    assert "its values before and after and its unit for business and team" in str(failed.opens)
    assert str(gate("impact", Facts()).opens) == (
        "To pass: verified evidence with a metric, its value after and its unit for scale, and its "
        "values before and after for business and team"
    )
    full = change(launch, impacts=(bare[0], metric("business"), metric("team")))
    assert gate("impact", Facts(pieces=(full,))).passed


@pytest.mark.parametrize(
    "words", [{"baseline": "slow"}, {"result": "very fast"}], ids=["baseline", "result"]
)
def test_impact_gate_requires_numbers(words: dict[str, str]) -> None:
    types = ("scale", "business", "team")
    worded = tuple(replace(metric(name), **words) for name in types)
    launch = piece("a", "launch", "experience1", verified=True, impacts=worded)
    assert not gate("impact", Facts(pieces=(launch,))).passed


def test_judged_by_others_gate_ignores_self_assessment() -> None:
    assert not gate("judged_by_others", Facts(self_levels=levels_at_bar())).passed
    assert gate("judged_by_others", Facts(other_levels=levels_at_bar())).passed
    one_low = Facts(other_levels=levels_at_bar() | {SKILLS[0]: 2})
    failed = gate("judged_by_others", one_low)
    assert failed.reason.text() == "7 of 8 skills are at their bar, as assessed by others"
    assert "Ml architecture" in str(failed.opens)


def test_judged_by_others_gate_fails_without_skills() -> None:
    assert not gate("judged_by_others", proven_facts(), content(skills=())).passed


def spread(*days: date) -> Facts:
    """Return facts with all milestones done and verified leadership evidence of these days."""
    pieces = tuple(
        piece(f"d{number}", "mentoring", "leadership1", verified=True, occurred_on=PartialDate(day))
        for number, day in enumerate(days)
    )
    return Facts(statuses=done(*KEYS), pieces=pieces)


@pytest.mark.parametrize(
    ("days", "passed"),
    [
        ((date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1), date(2025, 6, 30)), True),
        ((date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1), date(2025, 6, 29)), False),
        ((date(2025, 1, 1), date(2025, 2, 1), date(2025, 2, 28), date(2025, 9, 30)), False),
        ((date(2023, 1, 1), date(2023, 2, 1), date(2023, 3, 1), date(2023, 6, 30)), True),
        ((date(2022, 1, 1), date(2023, 2, 1), date(2023, 3, 1), date(2023, 6, 29)), False),
        ((), False),
    ],
    ids=[
        "180 days",
        "179 days",
        "three months",
        "36 months ago",
        "over 36 months ago",
        "no evidence",
    ],
)
def test_sustained_gate_requires_months_span_and_recent_evidence(
    days: tuple[date, ...], passed: bool
) -> None:
    assert gate("sustained", spread(*days)).passed is passed


@pytest.mark.parametrize(
    ("dates", "passed"),
    [
        (("2025-01", "2025-02", "2025-03", "2025-06-30"), True),
        (("2025-01", "2025-02", "2025-03", "2025-06"), True),
        (("2025-01-02", "2025-02", "2025-03", "2025-06"), False),
        (("2025",), False),
        (("2025", "2025", "2025", "2025"), False),
        (("2025", "2025-02", "2025-03", "2025-04"), True),
        (("2022", "2023-01", "2023-02", "2023-03"), False),
        (("2023", "2022-01", "2022-02", "2022-03"), True),
        (("2026", "2026-01-03", "2026-02", "2026-03"), False),
        (("2026", "2026-02", "2026-03", "2026-04"), True),
    ],
)
def test_sustained_gate_handles_month_and_year_dates(dates: tuple[str, ...], passed: bool) -> None:
    pieces = tuple(
        piece(
            f"d{number}", "mentoring", "leadership1", verified=True, occurred_on=PartialDate(date)
        )
        for number, date in enumerate(dates)
    )
    assert gate("sustained", Facts(statuses=done(*KEYS), pieces=pieces)).passed is passed


def test_sustained_gate_reports_outdated_evidence() -> None:
    days = (date(2022, 1, 1), date(2022, 2, 1), date(2022, 3, 1), date(2022, 9, 1))
    assert "from 2022-09-01, too long ago" in gate("sustained", spread(*days)).reason.text()


def test_sustained_gate_counts_only_confirmed_required_done_milestones() -> None:
    facts = proven_facts()
    assert gate("sustained", facts).passed
    undone = {key: status for key, status in facts.statuses.items() if "leadership" not in key}
    assert not gate("sustained", replace(facts, statuses=undone)).passed
    unconfirmed = tuple(change(each, confirmed=frozenset()) for each in proven_pieces())
    assert not gate("sustained", replace(facts, pieces=unconfirmed)).passed
    unlinked = tuple(change(each, milestones=("experience1",)) for each in proven_pieces())
    assert not gate("sustained", replace(facts, pieces=unlinked)).passed
    optional = tuple(milestone(key, required=not key.startswith("leadership")) for key in KEYS)
    assert not gate("sustained", facts, content(milestones=optional)).passed


def test_gate_texts_can_be_translated() -> None:
    translations = {
        "%(years)s of %(num)s years of ML engineering, as declared": "%(years)s von %(num)s Jahren",
        "%(first)s or %(last)s": "%(first)s oder %(last)s",
        "talk": "Vortrag",
    }
    reason = gate("experience", job(date(2023, 7, 1))).reason
    translated = reason.text(
        lambda text: translations.get(text, text),
        lambda value: f"<{value}>",
        lambda one, many, num: translations.get(many, many) if num != 1 else one,
    )
    assert translated == "<3> von <5> Jahren"
    kinds = Message("%(kinds)s", kinds=join_with_or(["talk", "b", "c"]))
    assert kinds.text(lambda text: translations.get(text, text)) == "Vortrag, b oder c"
    assert join_with_and(["a", "b"]).text() == "a and b"
    assert str(join_with_and(["a"])) == "a"


def test_gate_text_formats_date_for_display(app: Flask) -> None:
    reason = gate("sustained", spread(date(2026, 3, 1))).reason
    with app.test_request_context():
        assert "the latest from 1 Mar 2026" in message_filter(reason)
