"""From a progress to what the templates print. Static parts are made once a revision and locale."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext
from markupsafe import Markup

from roadmap.catalog.content import Milestone, Objective, Stage
from roadmap.core import svg
from roadmap.core.i18n import current_locale, date_filter, ngettext, number_filter, points_filter
from roadmap.core.i18n import gettext as _
from roadmap.journey.roadmap_progress import RoadmapProgress
from roadmap.journey.rules import forecast, weeks_behind

# How the drawings and the style sheet call a milestone's tone or status.
TONE_SHAPES = {
    "not_started": "open",
    "in_progress": "doing",
    "not_applicable": "na",
    "claimed": "claimed",
    "evidenced": "evidenced",
    "verified": "verified",
}
TONES = ("claimed", "evidenced", "verified")

# Printed rows, by revision, milestone, tone, row_note and language.
_row_cache: dict[tuple[Any, ...], Markup] = {}
MAX_CACHED_ROWS = 20_000


def tone_labels() -> dict[str, str]:
    """The shapes in the reader's language."""
    return _tone_labels(current_locale())


@lru_cache(maxsize=32)
def _tone_labels(_locale: str) -> dict[str, str]:
    return {
        "open": _("Not started"),
        "doing": _("In progress"),
        "claimed": _("Claimed"),
        "evidenced": _("Evidenced"),
        "verified": _("Verified"),
        "na": _("Not applicable"),
    }


VERDICT_LABELS = {
    "ready": lazy_gettext("ready"),
    "nearly": lazy_gettext("nearly ready"),
    "under_way": lazy_gettext("under way"),
    "setting_out": lazy_gettext("setting out"),
}


def verdict_label(verdict: str, *, claimed_not_proven: bool) -> str:
    """The verdict in words, "claimed, not proven" before anything else."""
    return _("claimed, not proven") if claimed_not_proven else str(VERDICT_LABELS[verdict])


@dataclass(frozen=True)
class StageView:
    """A stage as its templates print it."""

    key: str
    number: int
    title: str
    duration: str
    summary: str
    required: bool
    tally: str
    facts: str
    meter: Markup
    objectives: tuple[ObjectiveView, ...] = ()


@dataclass(frozen=True)
class ObjectiveView:
    key: str
    title: str
    rows: Markup


class RoadmapPresenter:
    """What the pages of a roadmap show for one person at one moment."""

    def __init__(self, progress: RoadmapProgress) -> None:
        self.standing = progress
        self.content = progress.published.content
        self.words = tone_labels()
        self.path = f"/roadmaps/{self.content.slug}/milestones/"
        self.locale = current_locale()
        self._counts: dict[str, Counter[str]] = {}
        self.no_evidence_label = _("no evidence yet")

    def row_note(self, key: str, tone: str) -> tuple[str, bool]:
        """What stands beside a milestone, and whether it warns: a missing proof, a target date."""
        target = self.standing.targets.get(key)
        if target is None or tone in TONES or tone == "not_applicable":
            return (self.no_evidence_label, True) if tone == "claimed" else ("", False)
        shown = date_filter(target)
        if target < self.standing.today:
            return _("was due %(date)s", date=shown), True
        return _("by %(date)s", date=shown), False

    def row(self, milestone: Milestone) -> Markup:
        """A milestone's row, kept ready: few of a page's 80 differ from one visit to the next."""
        tone = self.standing.tone(milestone.key)
        note, warn = self.row_note(milestone.key, tone)
        key = (self.standing.published.revision_id, milestone.key, tone, note, warn, self.locale)
        found = _row_cache.get(key)
        if found is None:
            if len(_row_cache) > MAX_CACHED_ROWS:
                _row_cache.clear()
            found = _row_cache[key] = self._print_row(milestone, tone, note, warn)
        return found

    def _print_row(self, milestone: Milestone, tone: str, note: str, warn: bool) -> Markup:
        shape, done = TONE_SHAPES[tone], tone in TONES
        row = (
            self.content.anchors[milestone.key],
            milestone.key,
            shape,
            "true" if done else "mixed" if tone == "in_progress" else "false",
            "DELETE" if done else "PUT",
            milestone.title,
            "" if shape == "open" else self.words[shape],
            note,
            warn,
            _("%(hours)d h", hours=milestone.hours),
        )
        checklist: Any = current_app.jinja_env.get_template("journey/_milestone_row.html").module
        return Markup(checklist.rows(self.path, [row]))  # noqa: S704 - the template escapes

    def counts(self, stage: Stage) -> Counter[str]:
        found = self._counts.get(stage.key)
        if found is None:
            tones = (self.standing.tone(milestone.key) for milestone in stage.milestones)
            found = self._counts[stage.key] = Counter(tones)
        return found

    def stage(self, stage: Stage, *, with_rows: bool) -> StageView:
        counts = self.counts(stage)
        done = sum(counts[tone] for tone in TONES)
        total = len(stage.milestones) - counts["not_applicable"]
        shares = self.standing.data["stages"][stage.key]
        tally = _(
            "%(done)d of %(total)d done, %(verified)d verified",
            done=done,
            total=total,
            verified=counts["verified"],
        )
        label = _(
            "By effort: %(verified)d %% verified, %(evidenced)d %% with evidence, "
            "%(claimed)d %% only claimed",
            verified=round(shares["verified"] * 100),
            evidenced=round((shares["evidenced"] - shares["verified"]) * 100),
            claimed=round((shares["claimed"] - shares["evidenced"]) * 100),
        )
        return StageView(
            key=stage.key,
            number=stage.number,
            title=stage.title,
            duration=stage.duration,
            summary=stage.summary,
            required=stage.required,
            tally=tally,
            facts=_(
                "%(done)d of %(total)d, %(verified)d verified",
                done=done,
                total=total,
                verified=counts["verified"],
            ),
            meter=svg.render_tones_bar(
                shares["claimed"] - shares["evidenced"],
                shares["evidenced"] - shares["verified"],
                shares["verified"],
                label,
            ),
            objectives=tuple(
                ObjectiveView(
                    objective.key,
                    objective.title,
                    self.rows(objective),
                )
                for objective in stage.objectives
            )
            if with_rows
            else (),
        )

    def rows(self, objective: Objective) -> Markup:
        return Markup("").join(self.row(milestone) for milestone in objective.milestones)

    def current_stage(self) -> Stage:
        """The stage one works in: where most is in progress, else the first not finished."""
        begun = {s.key: self.counts(s)["in_progress"] for s in self.content.stages}
        busiest = max(self.content.stages, key=lambda s: (begun[s.key], s.number))
        if begun[busiest.key]:
            return busiest
        for stage in self.content.stages:
            counts = self.counts(stage)
            settled = sum(counts[tone] for tone in TONES) + counts["not_applicable"]
            if stage.required and settled < len(stage.milestones):
                return stage
        return self.content.stages[-1]

    def cairn(self, stage: Stage, facts: str, *, here: bool) -> svg.Cairn:
        return svg.Cairn(
            key=stage.key,
            title=short_title(stage),
            href=f"#{stage.key}",
            facts=facts,
            stones=[
                svg.Stone(
                    self.content.anchors[m.key], m.title, TONE_SHAPES[self.standing.tone(m.key)]
                )
                for m in stage.milestones
            ],
            here=_("you are here") if here else "",
        )

    def trail(self, stages: list[StageView], base: str = "") -> Markup:
        here = self.current_stage().key
        return svg.render_trail(
            [
                self.cairn(stage, view.facts, here=stage.key == here)
                for stage, view in zip(self.content.stages, stages, strict=True)
            ],
            _("The trail, stage by stage"),
            base,
        )

    def stone(self, stage: Stage, key: str, facts: str) -> Markup:
        cairn = self.cairn(stage, facts, here=False)
        return svg.render_stone(cairn, self.content.stages.index(stage), self.content.anchors[key])

    def hours_left(self) -> tuple[int, int]:
        """Hours of effort left: in all, and of them required ones in stages that are required."""
        left = required = 0
        for stage in self.content.stages:
            for milestone in stage.milestones:
                if self.standing.tone(milestone.key) in ("not_started", "in_progress"):
                    left += milestone.hours
                    if stage.required and milestone.required:
                        required += milestone.hours
        return left, required

    def lede(self) -> str:
        """The page in one sentence: counts by tone, effort left, and when it ends at one's pace."""
        counts = Counter(self.standing.tone(m.key) for m in self.content.milestones)
        done = sum(counts[tone] for tone in TONES)
        total = len(self.content.milestones) - counts["not_applicable"]
        text = _(
            "%(done)d of %(total)d milestones done: %(verified)d verified, "
            "%(evidenced)d evidenced, %(claimed)d only claimed.",
            done=done,
            total=total,
            verified=counts["verified"],
            evidenced=counts["evidenced"],
            claimed=counts["claimed"],
        )
        return f"{text} {self.forecast_text()}"

    def forecast_text(self) -> str:
        """Effort left, and when the required part of it ends at one's pace."""
        enrolled, today = self.standing.enrolled, self.standing.today
        left, required = self.hours_left()
        if left <= 0:
            return _("No effort left: what remains is proof.")
        effort = ngettext(
            "%(hours)s hour of effort left, %(required)s of them required",
            "%(hours)s hours of effort left, %(required)s of them required",
            left,
            hours=number_filter(left),
            required=number_filter(required),
        )
        span = forecast(required, enrolled.hours_per_week, today)
        if span is None:
            return f"{effort}."
        text = _(
            "%(effort)s: at %(pace)s h a week, give or take a fifth, these end between %(first)s "
            "and %(last)s.",
            effort=effort,
            pace=f"{float(enrolled.hours_per_week or 0):g}",
            first=date_filter(span[0]),
            last=date_filter(span[1]),
        )
        behind = weeks_behind(required, enrolled.hours_per_week, today, enrolled.target_on)
        if behind is None:
            return text
        target = date_filter(enrolled.target_on)
        if behind == 0:
            return f"{text} {_('On track for %(date)s.', date=target)}"
        late = ngettext(
            "At this pace %(num)d week behind for %(date)s.",
            "At this pace %(num)d weeks behind for %(date)s.",
            behind,
            date=target,
        )
        return f"{text} {late}"

    def score_context(self) -> dict[str, Any]:
        """The sentence, the score and the verdict, as the page's head prints them."""
        data = self.standing.data
        verdict = verdict_label(data["verdict"], claimed_not_proven=data["claimed_not_proven"])
        return {
            "roadmap": self.content,
            "lede": self.lede(),
            "score": points_filter(data["score"]),
            "verdict": _("readiness, %(verdict)s", verdict=verdict),
        }


# A stage's name on the trail: its key in words, since titles are sentences.
SHORT_TITLES = {
    "foundations": lazy_gettext("Foundations"),
    "experience": lazy_gettext("Experience"),
    "education": lazy_gettext("Education"),
    "leadership": lazy_gettext("Leadership"),
    "visibility": lazy_gettext("Visibility"),
}


def short_title(stage: Stage) -> str:
    """The stage's name on the trail; its title where the roadmap is not ours."""
    return str(SHORT_TITLES.get(stage.key, stage.title))
