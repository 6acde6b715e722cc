"""Replay each step of a story through the action that the pages call."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from roadmap.account.actions import set_preference
from roadmap.career import actions as career
from roadmap.career.models import Degree, Position
from roadmap.career_plans import actions as career_plans
from roadmap.core.dates import PartialDate
from roadmap.credentials.actions import save_cost
from roadmap.demo.story import ROADMAP, Step, working_day
from roadmap.evidence import actions as evidence
from roadmap.evidence import review_actions
from roadmap.evidence.actions import evidence_input
from roadmap.evidence.item import Impact
from roadmap.evidence.models import Evidence
from roadmap.evidence.rules import EvidenceInput
from roadmap.people.actor import Actor
from roadmap.people.labels import DEFAULT_BASIS
from roadmap.portfolio import actions as portfolio
from roadmap.portfolio.models import Redaction
from roadmap.portfolio.selection import find_portfolio
from roadmap.practice import actions as practice
from roadmap.practice.queries import cards, last_ratings, question_bank
from roadmap.practice.rules import draw_rounds
from roadmap.progress import actions as progress
from roadmap.skills import actions as skills
from roadmap.time_budget.actions import add_entry
from roadmap.tools import actions as tools

StoryData = Mapping[str, Any]

# Verbs that share a method; every other verb is the name of its method.
METHODS = {
    "verified": "decide",
    "returned": "decide",
    "assess_self": "assess",
    "assess_manager": "assess",
}
# The evidence fields that have the same name in a story.
EVIDENCE_TEXTS = ("kind", "title", "visibility", "url", "description", "role", "issuer")


@dataclass
class StoryReplay:
    """Performs steps as the person who did them, at the time they did them.

    `actors` are by key, `managers` by the id of the person they manage, and `pieces` by the
    author's address and the name in the story.
    """

    session: Session
    actors: Mapping[str, Actor]
    managers: Mapping[uuid.UUID, Actor]
    roadmaps: Mapping[str, uuid.UUID]
    today: dt.date
    pieces: dict[tuple[str, str], Evidence] = field(default_factory=dict)

    def apply(self, step: Step) -> None:
        act = getattr(self, METHODS.get(step.verb, step.verb))
        act(self.actors[step.owner], step.data, step.at)

    def enroll(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        progress.enroll(
            self.session,
            owner.id,
            self.roadmaps[data.get("roadmap", ROADMAP)],
            target_on=self._target_date(data),
            hours_per_week=Decimal(str(data["hours_per_week"])),
            now=at,
        )

    def declare(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        values = {name: value for name, value in data.items() if name not in ("ago", "what")}
        # A position has months, a degree only a year.
        for name, known in (("started_on", 7), ("ended_on", 7), ("awarded_on", 4)):
            if values.get(name) is not None:
                day = self.today - dt.timedelta(days=values[name])
                values[name] = PartialDate(day.isoformat()[:known])
        model: type[Any] = Position if data["what"] == "position" else Degree
        career.add(self.session, model, owner.id, values, now=at)

    def set_status(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        key, status, reason = data["key"], data["status"], data.get("reason", "")
        progress.set_status(self.session, owner.id, key, status, reason=reason, now=at)

    def plan(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        progress.set_plan(
            self.session, owner.id, data["key"], note=data.get("note", ""),
            target_on=self._target_date(data), now=at,
        )  # fmt: skip

    def create(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        piece = data["piece"]
        issued, expires = piece.get("issued"), piece.get("expires_ahead")
        values = EvidenceInput(
            **{name: piece[name] for name in EVIDENCE_TEXTS if name in piece},
            occurred_on=PartialDate(working_day(self.today, piece["happened"])),
            # As its date above: a certificate has two dates only if it was renewed.
            issued_on=None if issued is None else PartialDate(working_day(self.today, issued)),
            expires_on=None if expires is None else self._date(expires),
            impacts=_parse_impacts(piece),
        )
        milestones, covered = piece.get("milestones", ()), piece.get("skills", ())
        by = replace(owner, scope="draft", token_name=piece["token"]) if "token" in piece else owner
        self.pieces[owner.email, piece["name"]] = evidence.create(
            self.session, owner.id, values, milestones=milestones, skills=covered, by=by, now=at
        )

    def submit(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        evidence.submit(self.session, self.piece(owner, data), by=owner, now=at)

    def pay(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        save_cost(
            self.session, owner.id, self.piece(owner, data).id, at.year, data["amount"],
            data["currency"], now=at,
        )  # fmt: skip

    def edit(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        found, change = self.piece(owner, data), dict(data["change"])
        if "impacts" in change:
            change["impacts"] = _parse_impacts(change)
        evidence.edit(
            self.session, found, replace(evidence_input(found), **change), by=owner, now=at
        )

    def take_up(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        found, judge = self.piece(owner, data), self.managers[owner.id]
        review_actions.begin_review(
            self.session, found, version_id=found.current.id, by=judge, now=at
        )

    def decide(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        found, judge = self.piece(owner, data), self.managers[owner.id]
        review_actions.decide(
            self.session, found, data["do"], data.get("comment", ""), data.get("confirm"),
            version_id=found.current.id, basis=data.get("basis", DEFAULT_BASIS), by=judge, now=at,
        )  # fmt: skip

    def comment(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        """Comment as the person in `by`, or else as the author."""
        by = self.actors[data["by"]] if "by" in data else owner
        review_actions.add_comment(
            self.session, self.piece(owner, data), data["text"], by=by, now=at
        )

    def assess(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        own, comment = data["side"] == "self", data.get("comments", {}).get(data["skill"], "")
        act = skills.assess_self if own else skills.assess_other
        by = owner if own else self.managers[owner.id]
        act(self.session, owner.id, data["skill"], data["level"], comment, by=by, now=at)

    def plan_career(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        answers = dict(data["answers"])
        if (days := data.get("review_ahead")) is not None:
            answers["review_on"] = (self.today + dt.timedelta(days=days)).isoformat()
        career_plans.save_plan(
            self.session, owner.id, data["kind"], data.get("subject", ""), answers, revision=0,
            now=at,
        )  # fmt: skip

    def reflect(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        career_plans.add_reflection(
            self.session, owner.id, data["subject"], data["reflection"], today=owner.today(at),
            now=at,
        )  # fmt: skip

    def record_hours(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        add_entry(
            self.session, owner.id, day=owner.today(at), category=data["category"],
            minutes=round(data["hours"] * 60), now=at,
        )  # fmt: skip

    def practise_answer(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        cited = [self.pieces[owner.email, name].id for name in data.get("cites", ())]
        practice.save_answer(
            self.session, owner.id, data["question"], data["form"], data["texts"], cited,
            revision=0, now=at,
        )  # fmt: skip

    def practise_attempt(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        attempt = practice.start_attempt(self.session, owner.id, data["question"], now=at)
        done = at + dt.timedelta(minutes=data["minutes"])
        practice.rate_attempt(self.session, attempt, data["rating"], data.get("note", ""), now=done)

    def practise_interview(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        """Complete a mock interview, with rounds an hour apart."""
        bank, today = question_bank(), owner.today(at)
        last = last_ratings(self.session, owner.id, owner.zone, cards(self.session, owner.id))
        kind = bank.mock_by_key[data["mock"]]
        drawn = draw_rounds(bank.questions, kind.rounds, last, today, data["seed"])
        mock = practice.start_mock(
            self.session, owner.id, kind.key, drawn, seed=data["seed"], now=at
        )
        for hour, entry in enumerate(data["rounds"]):
            begun = at + dt.timedelta(hours=hour)
            attempt = practice.begin_round(self.session, mock, now=begun)
            assert attempt is not None  # noqa: S101 (there is a round for each entry)
            practice.rate_attempt(
                self.session, attempt, entry["rating"], entry.get("note", ""),
                now=begun + dt.timedelta(minutes=entry["minutes"]),
            )  # fmt: skip

    def record_tool(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        values = {name: data.get(name, "") for name in ("level", "interest", "note")}
        used = owner.today(at) if values["level"] in ("asked", "production") else None
        values["last_used"] = used and PartialDate(used.isoformat()[:7])
        tools.save(self.session, owner.id, data["tool"], values, now=at)

    def share(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        set_preference(self.session, owner.id, data["what"], data["shares"], now=at)

    def arrange_portfolio(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        done: Any = {"by": owner, "now": at}
        name, key, revision = data.get("name", "Portfolio"), owner.id, 0
        # A person's first portfolio has the id of the person.
        if find_portfolio(self.session, owner.id, None, at) in self.session:
            made = portfolio.create_portfolio(self.session, name=name, **done)
            key, revision = made.id, made.revision
        if profiles := data.get("profiles", {}):
            portfolio.save_profiles(self.session, profiles, **done)
        texts = {
            "name": name,
            "headline": data["headline"],
            "introduction": data["introduction"],
            "shown_profiles": " ".join(sorted(profiles)),
        }
        mine = (self.session, portfolio.lock_portfolio(self.session, key, **done))
        portfolio.save_texts(*mine, texts, revision=revision, now=at)
        for piece in data["items"]:
            portfolio.add_item(*mine, self.pieces[owner.email, piece], now=at)
        for piece, said in data.get("redacted", {}).items():
            evidence = self.pieces[owner.email, piece]
            portfolio.redact_item(*mine, evidence.id, Redaction(**said), now=at)
        for section in data.get("hidden_sections", ()):
            portfolio.show_section(*mine, section, is_shown=False, now=at)

    def piece(self, owner: Actor, data: StoryData) -> Evidence:
        return self.pieces[owner.email, data["piece"]["name"]]

    def _target_date(self, data: StoryData) -> dt.date | None:
        days = data.get("target_ahead")
        return None if days is None else self.today + dt.timedelta(days=days)

    def _date(self, days_ahead: int) -> PartialDate:
        return PartialDate(self.today + dt.timedelta(days=days_ahead))


def _parse_impacts(piece: StoryData) -> tuple[Impact, ...]:
    return tuple(Impact(**row) for row in piece.get("impacts", ()))
