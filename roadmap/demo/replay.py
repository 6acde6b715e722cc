"""Replay each verb of a story by the action that the pages call."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from roadmap.career import actions as career
from roadmap.career.models import Degree, Position
from roadmap.demo.story import Step, working_day
from roadmap.evidence import actions as evidence
from roadmap.evidence import comments, review_actions
from roadmap.evidence.item import Impact
from roadmap.evidence.models import Evidence
from roadmap.evidence.repository import evidence_input
from roadmap.evidence.rules import EvidenceInput
from roadmap.people import actions as people
from roadmap.people.actor import Actor
from roadmap.portfolio import actions as portfolio
from roadmap.progress import actions as progress
from roadmap.skills import actions as skills

StoryData = Mapping[str, Any]


class StoryReplay:
    """Performs a step as the person who did it, at the time they did it."""

    def __init__(
        self,
        session: Session,
        actors: Mapping[str, Actor],
        managers: Mapping[uuid.UUID, Actor],
        roadmap_id: uuid.UUID,
        today: dt.date,
    ) -> None:
        """Take the actors by key; `managers` gives each person's manager."""
        self.session = session
        self.actors = actors
        self.managers = managers
        self.roadmap_id = roadmap_id
        self.today = today
        self.pieces: dict[tuple[str, str], Evidence] = {}
        self.verbs: dict[str, Callable[[Actor, StoryData, dt.datetime], object]] = {
            "enroll": self.enroll,
            "declare": self.declare,
            "set_status": self.set_status,
            "plan": self.plan,
            "create": self.create,
            "submit": self.submit,
            "edit": self.edit,
            "take_up": self.take_up,
            "verified": self.judge,
            "returned": self.judge,
            "comment": self.comment,
            "assess_self": self.assess,
            "assess_manager": self.assess,
            "arrange_portfolio": self.arrange_portfolio,
            "share_plans": self.share_plans,
        }

    def apply(self, step: Step) -> None:
        self.verbs[step.verb](self.actors[step.owner], step.data, step.at)

    def enroll(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        days_ahead = data.get("target_ahead")
        progress.enroll(
            self.session,
            owner.id,
            self.roadmap_id,
            target_on=self.today + dt.timedelta(days=days_ahead) if days_ahead else None,
            hours_per_week=Decimal(str(data["hours_per_week"])),
            started_on=owner.today(at),
            by=owner.id,
            now=at,
        )

    def declare(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        values = {name: value for name, value in data.items() if name not in ("ago", "what")}
        for name in ("started_on", "ended_on", "awarded_on"):
            if values.get(name) is not None:
                values[name] = self.today - dt.timedelta(days=values[name])
        model: type[Any] = Position if data["what"] == "position" else Degree
        career.add(self.session, model, owner.id, values, by=owner.id, now=at)

    def set_status(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        progress.set_status(
            self.session,
            owner.id,
            data["key"],
            data["status"],
            reason=data.get("reason", ""),
            by=owner.id,
            now=at,
        )

    def plan(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        days_ahead = data.get("target_ahead")
        progress.set_plan(
            self.session,
            owner.id,
            data["key"],
            note=data.get("note", ""),
            target_on=None if days_ahead is None else self.today + dt.timedelta(days=days_ahead),
            by=owner.id,
            now=at,
        )

    def create(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        piece = data["piece"]
        self.pieces[owner.email, piece["name"]] = evidence.create(
            self.session,
            owner.id,
            self.evidence_input(piece),
            milestones=piece.get("milestones", ()),
            skills=piece.get("skills", ()),
            by=owner,
            now=at,
        )

    def evidence_input(self, piece: StoryData) -> EvidenceInput:
        issued, expires = piece.get("issued"), piece.get("expires_ahead")
        return EvidenceInput(
            kind=piece["kind"],
            title=piece["title"],
            occurred_on=working_day(self.today, piece["happened"]),
            visibility=piece.get("visibility", "portfolio"),
            url=piece.get("url", ""),
            description=piece.get("description", ""),
            role=piece.get("role", ""),
            issuer=piece.get("issuer", ""),
            issued_on=None if issued is None else self.today - dt.timedelta(days=issued),
            expires_on=None if expires is None else self.today + dt.timedelta(days=expires),
            impacts=_parse_measures(piece),
        )

    def submit(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        evidence.submit(self.session, self.piece(owner, data), by=owner, now=at)

    def edit(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        found = self.piece(owner, data)
        change = {name: text for name, text in data["change"].items() if name != "impacts"}
        if "impacts" in data["change"]:
            change["impacts"] = _parse_measures(data["change"])
        piece = replace(evidence_input(found), **change)
        evidence.edit(self.session, found, piece, by=owner, now=at)

    def take_up(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        found = self.piece(owner, data)
        judge = self.managers[owner.id]
        review_actions.begin_review(
            self.session, found, version_id=found.current.id, by=judge, now=at
        )

    def judge(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        found = self.piece(owner, data)
        review_actions.decide(
            self.session,
            found,
            data["do"],
            data.get("comment", ""),
            data.get("confirm"),
            version_id=found.current.id,
            by=self.managers[owner.id],
            now=at,
        )

    def comment(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        """Comment as the person in `by`, or as the author."""
        by = self.actors[data["by"]] if "by" in data else owner
        comments.add(self.session, self.piece(owner, data), data["text"], by=by, now=at)

    def piece(self, owner: Actor, data: StoryData) -> Evidence:
        return self.pieces[owner.email, data["piece"]["name"]]

    def assess(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        own = data["side"] == "self"
        act = skills.assess_self if own else skills.assess_other
        act(
            self.session,
            owner.id,
            data["skill"],
            data["level"],
            data.get("comments", {}).get(data["skill"], ""),
            by=owner if own else self.managers[owner.id],
            now=at,
        )

    def share_plans(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        people.share_plans(self.session, owner.id, data["shares"], by=owner.id, now=at)

    def arrange_portfolio(self, owner: Actor, data: StoryData, at: dt.datetime) -> None:
        portfolio.save_texts(
            self.session,
            owner.id,
            headline=data["headline"],
            introduction=data["introduction"],
            shows_email=False,
            revision=0,
            by=owner,
            now=at,
        )
        for name in data["items"]:
            piece = self.pieces[owner.email, name]
            portfolio.add_item(self.session, owner.id, piece, by=owner, now=at)


def _parse_measures(piece: StoryData) -> tuple[Impact, ...]:
    return tuple(Impact(**row) for row in piece.get("impacts", ()))
