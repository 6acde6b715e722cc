"""The demo company Norrvik Market: twelve engineers, two managers, an administrator."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

from roadmap.demo import story
from roadmap.demo.cast import PEOPLE, TEAMS, start_of_workday
from roadmap.demo.loader import STORIES
from roadmap.evidence.constants import IMPACT_TYPES, STATES, VISIBILITIES
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.models import (
    Comment,
    Confirmation,
    Evidence,
    EvidenceVersion,
    Impact,
    Review,
)
from roadmap.invitations.models import Invitation
from roadmap.mail.models import OutgoingMail
from roadmap.notifications.models import Notification
from roadmap.people.models import HistoryEntry, Membership, Team, User
from roadmap.progress.models import Enrollment, MilestonePlan, MilestoneStatus
from roadmap.readiness.models import ReadinessSummary
from roadmap.readiness.rules import evaluate
from roadmap.readiness.tally import Tally
from roadmap.skills.models import Assessment
from tests.demo.conftest import ENGINEERS, MANAGERS, NOW, DemoData

TODAY = NOW.date()
ROWS_OF_A_PERSON = (
    Assessment,
    Comment,
    Enrollment,
    Evidence,
    HistoryEntry,
    MilestoneStatus,
    Review,
)

# --- People and teams -----------------------------------------------------------------------------


def test_company_has_twelve_engineers_two_managers_and_an_administrator(demo: DemoData) -> None:
    keys = [account.person.key for account in demo.loaded.accounts]
    assert sorted(keys) == sorted((*ENGINEERS, *MANAGERS, "elena"))
    assert len(ENGINEERS) == 12
    ids = demo.loaded.ids
    assert [user.id for user in demo.rows[User] if user.is_admin] == [ids["elena"]]
    leading = {row.user_id for row in demo.rows[Membership] if row.role == "manager"}
    assert leading == {ids[name] for name in MANAGERS}


def test_managers_see_the_members_of_their_teams(demo: DemoData) -> None:
    ids = demo.loaded.ids
    of_karin = {ids[name] for name in ("hanna", "weilin", "siobhan", "tadeusz", "amara", "mirela")}
    assert demo.managed["karin"] == of_karin
    of_ranking = {ids[name] for name in ("maya", "yusuf", "ines", "viktor", "jonas")}
    assert demo.managed["tomas"] == of_karin | of_ranking | {ids["karin"]}
    assert demo.managed["elena"] == set()


def test_three_teams_are_nested_in_one(demo: DemoData) -> None:
    slugs = {team.id: team.slug for team in demo.rows[Team]}
    nested = {team.slug: slugs.get(team.parent_id) for team in demo.rows[Team]}
    assert nested == {
        "machine-learning": None,
        "ranking": "machine-learning",
        "vision": "machine-learning",
        "ml-platform": "machine-learning",
    }


def test_manager_on_a_roadmap_is_reviewed_by_another_manager(demo: DemoData) -> None:
    assert len(demo.of(Enrollment, "karin")) == 2
    assert {row.reviewer_name for row in demo.of(Review, "karin")} == {"Tomas Okafor"}


def test_engineers_are_reviewed_and_assessed_by_their_team_manager(demo: DemoData) -> None:
    names = {person.key: person.name for person in PEOPLE}
    for person in PEOPLE:
        if person.team in ("ranking", "vision", "ml-platform"):
            manager = names[TEAMS[person.team].manager]
            assert {row.reviewer_name for row in demo.of(Review, person.key)} <= {manager}
            manager_assessments = [
                row for row in demo.of(Assessment, person.key) if row.side == "manager"
            ]
            assert {row.assessor_name for row in manager_assessments} <= {manager}


def test_priya_has_no_records(demo: DemoData) -> None:
    for model in (Enrollment, Evidence, MilestoneStatus, Membership, HistoryEntry):
        assert demo.of(model, "priya") == []


def test_one_invitation_is_open(demo: DemoData) -> None:
    (invitation,) = demo.rows[Invitation]
    assert invitation.created_by == demo.loaded.ids["karin"]
    assert invitation.created_at < NOW < invitation.expires_at


# --- Records --------------------------------------------------------------------------------------


def test_evidence_covers_all_kinds_states_visibilities_and_impacts(demo: DemoData) -> None:
    pieces = demo.rows[Evidence]
    assert len(pieces) == demo.loaded.pieces == 109
    of_others = [piece for piece in pieces if piece.user_id != demo.loaded.ids["maya"]]
    for some in (pieces, of_others):
        assert {piece.current.kind for piece in some} == set(KINDS)
        assert {piece.state for piece in some} == set(STATES)
        assert {piece.visibility for piece in some} == set(VISIBILITIES)
    rows = demo.rows[Impact]
    assert {row.type for row in rows if row.metric and row.result and row.unit} == set(IMPACT_TYPES)
    assert [row.metric for row in rows if not row.result] == ["Training examples a second"]


def test_two_verified_pieces_were_edited_and_resubmitted(demo: DemoData) -> None:
    edited = [p for p in demo.rows[Evidence] if p.state == "submitted" and p.verified_version_id]
    ids = demo.loaded.ids
    assert {piece.user_id for piece in edited} == {ids["maya"], ids["tadeusz"]}
    assert {piece.current.number for piece in edited} == {2}


def test_waiting_evidence_is_up_to_three_weeks_old(demo: DemoData) -> None:
    waiting = [p for p in demo.rows[Evidence] if p.state in ("submitted", "in_review")]
    ages = sorted((TODAY - piece.submitted_at.date()).days for piece in waiting)
    assert len(ages) >= 15
    assert ages[0] <= 5
    assert 18 <= ages[-1] <= 23


def test_returned_evidence_has_a_reason(demo: DemoData) -> None:
    returned = [row for row in demo.rows[Review] if row.decision == "returned"]
    assert len(returned) >= 8
    assert all(len(row.comment) > 40 for row in returned)


def test_texts_are_unique(demo: DemoData) -> None:
    titles = [piece.title for piece in demo.rows[Evidence]]
    comments = [row.comment for row in demo.rows[Review] if row.comment]
    remarks = [row.text for row in demo.rows[Comment]]
    # Only current versions: a later version repeats unchanged text.
    texts = [piece.current.description for piece in demo.rows[Evidence]]
    for group in (titles, comments, remarks, texts):
        assert [text for text, times in Counter(group).items() if times > 1] == []
    assert len(remarks) >= 10


def test_verified_milestones_are_started_or_done(demo: DemoData) -> None:
    done = {
        (row.user_id, row.milestone_key)
        for row in demo.rows[MilestoneStatus]
        if row.status in ("done", "in_progress")
    }
    confirmed = {(row.user_id, row.milestone_key) for row in demo.rows[Confirmation]}
    assert confirmed <= done


def test_milestones_are_done_after_their_prerequisites(demo: DemoData) -> None:
    for person in ENGINEERS:
        rows = [row for row in demo.of(MilestoneStatus, person) if row.status == "done"]
        done = {row.milestone_key: row.changed_at.date() for row in rows}
        for milestone in demo.content.milestones:
            for before in milestone.after if milestone.key in done else ():
                assert before in done, f"{person} has no {before} for {milestone.key}"
                assert done[before] <= done[milestone.key], f"{person}: {milestone.key}"


def test_not_applicable_milestones_have_a_reason(demo: DemoData) -> None:
    rows = [row for row in demo.rows[MilestoneStatus] if row.status == "not_applicable"]
    assert len({row.user_id for row in rows}) >= 6
    assert all(len(row.reason) > 20 for row in rows)


def test_records_lie_between_joining_and_yesterday(demo: DemoData) -> None:
    joined_at = {user.id: user.created_at for user in demo.rows[User]}
    moments = {Assessment: "assessed_at", HistoryEntry: "at", MilestoneStatus: "changed_at"}
    moments |= {Review: "decided_at"}
    for model in ROWS_OF_A_PERSON:
        for row in demo.rows[model]:
            at = getattr(row, moments.get(model, "created_at"))
            assert joined_at[row.user_id] <= at, row
            assert at.date() < TODAY, row
    for version in demo.rows[EvidenceVersion]:
        assert version.occurred_on.last <= version.created_at.date(), version


# --- Readiness ------------------------------------------------------------------------------------


def test_verdicts_differ_between_people(demo: DemoData) -> None:
    shared = {key: demo.summary(key).shared for key in STORIES}
    verdicts = {key: each["verdict"] for key, each in shared.items()}
    assert [key for key, verdict in verdicts.items() if verdict == "nearly"] == ["hanna"]
    assert {"siobhan", "mirela", "jonas", "yusuf"} == {
        key for key, verdict in verdicts.items() if verdict == "setting_out"
    }
    assert {"maya", "karin", "amara", "tadeusz", "weilin", "ines", "viktor"} == {
        key for key, verdict in verdicts.items() if verdict == "under_way"
    }
    assert [key for key, each in shared.items() if each["claimed_not_proven"]] == ["viktor"]
    assert shared["hanna"]["standing"] == ["judged_by_others"]


def test_readiness_summaries_are_computed_today(demo: DemoData) -> None:
    assert {row.computed_on for row in demo.rows[ReadinessSummary]} == {TODAY}


def test_mirela_is_inactive_for_two_months(demo: DemoData) -> None:
    still = {
        account.person.key
        for account in demo.loaded.accounts
        for row in demo.of(ReadinessSummary, account.person.key)
        if (TODAY - row.shared_last_activity_on).days >= 21
    }
    assert still == {"mirela"}
    last_activity_on = demo.summary("mirela").shared_last_activity_on
    assert last_activity_on is not None
    assert (TODAY - last_activity_on).days >= 56


def test_yusuf_keeps_most_evidence_private(demo: DemoData) -> None:
    pieces = demo.of(Evidence, "yusuf")
    private = [piece for piece in pieces if piece.visibility == "private"]
    assert len(private) / len(pieces) > 0.7
    own, shared = (
        evaluate(Tally(demo.content, facts, TODAY))
        for facts in (demo.records["yusuf"].own, demo.records["yusuf"].shared)
    )
    assert own.score - shared.score > 10
    assert (own.verdict, shared.verdict) == ("under_way", "setting_out")


def test_siobhan_returned_after_half_a_year(demo: DemoData) -> None:
    own = sorted(
        row.at
        for row in demo.of(HistoryEntry, "siobhan")
        if row.actor_id == demo.loaded.ids["siobhan"]
    )
    longest = max(later - earlier for earlier, later in pairwise(own))
    assert longest > dt.timedelta(days=180)
    assert (NOW - own[-1]).days < 14


def test_certificates_have_one_date(demo: DemoData) -> None:
    issued = [row for row in demo.rows[EvidenceVersion] if row.issued_on]
    assert {row.user_id for row in issued} >= {demo.loaded.ids["maya"], demo.loaded.ids["tadeusz"]}
    assert [row.issued_on for row in issued] == [row.occurred_on for row in issued]


def test_certificate_of_tadeusz_expires_soon(demo: DemoData) -> None:
    ends = [row.expires_on.last for row in demo.of(EvidenceVersion, "tadeusz") if row.expires_on]
    assert [(end - TODAY).days for end in ends] == [9]


def test_manager_rates_ines_higher_and_viktor_lower_than_themselves(demo: DemoData) -> None:
    def gaps(person: str) -> list[int]:
        rows = sorted(demo.of(Assessment, person), key=lambda row: row.assessed_at)
        latest = {(row.side, row.skill_key): row.level for row in rows}
        return [
            level - latest["self", key]
            for (side, key), level in latest.items()
            if side == "manager"
        ]

    assert min(gaps("ines")) >= 0
    assert len([gap for gap in gaps("ines") if gap == 2]) >= 3
    assert max(gaps("viktor")) <= 0
    assert len([gap for gap in gaps("viktor") if gap == -2]) >= 3


def test_some_engineers_share_their_plans(demo: DemoData) -> None:
    sharing = {user.id for user in demo.rows[User] if user.shares_plans}
    assert sharing == {demo.loaded.ids[key] for key in ("hanna", "amara", "siobhan", "ines")}
    overdue = {
        row.user_id for row in demo.rows[MilestonePlan] if row.target_on and row.target_on < TODAY
    }
    assert overdue & sharing
    assert overdue - sharing


# --- Notifications --------------------------------------------------------------------------------


def test_few_notifications_are_unread_and_old_ones_are_deleted(demo: DemoData) -> None:
    rows = demo.rows[Notification]
    unread = Counter(row.user_id for row in rows if row.read_at is None)
    ids = demo.loaded.ids
    assert {ids["tomas"], ids["karin"], ids["maya"]} <= unread.keys()
    assert max(unread.values()) <= 8
    assert all(NOW - row.created_at < dt.timedelta(days=7) for row in rows if row.read_at is None)
    assert all(NOW - row.read_at < dt.timedelta(days=91) for row in rows if row.read_at)
    assert len(rows) > 30


def test_demo_users_receive_no_mail(demo: DemoData) -> None:
    assert demo.rows[Notification]
    assert demo.rows[OutgoingMail] == []


# --- Loading on any date --------------------------------------------------------------------------


def test_story_steps_lie_between_joining_and_yesterday_on_any_date() -> None:
    joined = {person.key: person.joined for person in PEOPLE}
    for ago in range(14):
        today = dt.date(2028, 3, 4) - dt.timedelta(days=ago)
        for key in STORIES:
            steps = story.steps(story.load_story(key), key, today=today, seed=0)
            assert steps == sorted(steps, key=lambda step: step.at)
            assert start_of_workday(today, joined[key]) < steps[0].at
            assert steps[-1].at.date() < today


def test_story_texts_name_no_month_or_season() -> None:
    # Dates are relative to the day of loading, so a month in a text would be wrong.
    months = re.compile(
        r"\b(January|February|March|April|June|July|August|September|October|November|December"
        r"|spring|summer|autumn)\b"
    )
    for key in STORIES:
        text = (Path(story.STORIES) / f"{key}.yaml").read_text("utf-8")
        assert months.findall(text) == [], key
