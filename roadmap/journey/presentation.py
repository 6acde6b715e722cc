"""Prepare a person's progress on a roadmap for the templates."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import get_template_attribute
from markupsafe import Markup

from roadmap.core import svg
from roadmap.core.i18n import _, date_filter, ngettext, points_filter
from roadmap.forecast.presentation import planned_forecast
from roadmap.forecast.rules import remaining
from roadmap.journey.checklist_filter import OPEN, SHOWN_LABELS, ChecklistFilter, matching_keys
from roadmap.journey.roadmap_progress import RoadmapProgress
from roadmap.readiness.presentation import verdict_title
from roadmap.readiness.summary import summary_verdict
from roadmap.readiness.tally import TONES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from roadmap.catalog.content import Milestone, Stage


def tone_labels() -> dict[str, str]:
    """Return the labels of the tones in the reader's language."""
    return {
        "not_started": _("Not started"),
        "in_progress": _("In progress"),
        "claimed": _("Claimed"),
        "evidenced": _("Evidenced"),
        "verified": _("Verified"),
        "not_applicable": _("Not applicable"),
    }


class RowView(NamedTuple):
    """A milestone's row of the checklist, in the order in which the template unpacks it.

    `anchor` is short, because a page has 80 of them. The note is between `start` and `end`.
    """

    anchor: str
    tone: str
    url: str
    title: str
    start: Markup
    note: str
    is_warning: bool
    end: Markup
    may_undo: bool


@lru_cache(maxsize=2048)
def render_row_start(anchor: str, url: str, title: str, tone: str) -> Markup:
    """Render the button and title of a row, cached because they depend only on its arguments."""
    macro = get_template_attribute("journey/_milestone_rows.html", "row_start")
    return Markup(macro(anchor, url, title, tone, tone in TONES))  # noqa: S704 - it escapes


@lru_cache(maxsize=512)
def render_row_end(tone_label: str, hours: str) -> Markup:
    """Render the end of a row; `tone_label` is empty if the milestone is not started."""
    macro = get_template_attribute("journey/_milestone_rows.html", "row_end")
    return Markup(macro(tone_label, hours))  # noqa: S704 - it escapes


@dataclass(frozen=True)
class StageView:
    """A stage with the person's progress, as the templates show it.

    `summary` says how many milestones are done and verified, `short_summary` in fewer words.
    """

    stage: Stage
    summary: str
    short_summary: str
    is_set_aside: bool
    meter: Markup
    # Titles of objectives with their rows.
    objectives: Sequence[tuple[str, Sequence[RowView]]] = ()


class RoadmapPresenter:
    """Prepares one person's progress at a point in time."""

    def __init__(self, progress: RoadmapProgress) -> None:
        self.progress = progress
        self.content = progress.published.content
        self.tones = {key: progress.tone(key) for key in self.content.by_key}
        self.tone_labels = tone_labels()
        self.path = f"/roadmaps/{self.content.slug}/milestones/"
        self.counts = {
            stage.key: Counter(self.tones[milestone.key] for milestone in stage.milestones)
            for stage in self.content.stages
        }
        self.hours_label = _("%(hours)d h")

    def row_note(self, key: str, tone: str) -> tuple[str, bool]:
        """Return the note of a milestone's row, and whether it is a warning."""
        target = self.progress.targets.get(key)
        if target is None or tone in TONES or tone == "not_applicable":
            return "", False
        shown = date_filter(target)
        if target < self.progress.today:
            return _("was due %(date)s", date=shown), True
        return _("by %(date)s", date=shown), False

    def row(self, milestone: Milestone) -> RowView:
        """Return a milestone's row of the checklist."""
        tone = self.tones[milestone.key]
        note, is_warning = self.row_note(milestone.key, tone)
        anchor, url = self.content.anchors[milestone.key], self.path + milestone.key
        tone_label = "" if tone == "not_started" else self.tone_labels[tone]
        return RowView(
            anchor=anchor,
            tone=tone,
            url=url,
            title=milestone.title,
            start=render_row_start(anchor, url, milestone.title, tone),
            note=note,
            is_warning=is_warning,
            end=render_row_end(tone_label, self.hours_label % {"hours": milestone.hours}),
            may_undo=milestone.key in self.progress.recent,
        )

    def stage(
        self, stage: Stage, *, with_rows: bool, checklist_filter: ChecklistFilter | None = None
    ) -> StageView:
        """Return a stage, with its filtered checklist if `with_rows`."""
        counts = self.counts[stage.key]
        done = sum(counts[tone] for tone in TONES)
        total = len(stage.milestones) - counts["not_applicable"]
        shares = self.progress.data["stages"][stage.key]
        # Nothing is counted in a stage that is set aside.
        numbers = {"done": done, "total": total, "verified": counts["verified"]}
        summary = short_summary = _("Not applicable")
        if total:
            summary = _("%(done)d of %(total)d done, %(verified)d verified", **numbers)
            short_summary = _("%(done)d of %(total)d, %(verified)d verified", **numbers)
        label = _(
            "By effort: %(verified)d%% verified, %(evidenced)d%% with evidence, "
            "%(claimed)d%% only claimed",
            verified=round(shares["verified"] * 100),
            evidenced=round((shares["evidenced"] - shares["verified"]) * 100),
            claimed=round((shares["claimed"] - shares["evidenced"]) * 100),
        )
        return StageView(
            stage=stage,
            summary=summary,
            short_summary=short_summary,
            is_set_aside=not total,
            meter=svg.render_tones_bar(
                shares["claimed"] - shares["evidenced"],
                shares["evidenced"] - shares["verified"],
                shares["verified"],
                label,
            ),
            objectives=self.objectives(stage, checklist_filter) if with_rows else (),
        )

    def objectives(
        self, stage: Stage, checklist_filter: ChecklistFilter | None
    ) -> list[tuple[str, list[RowView]]]:
        """Return the objectives of a stage that have rows after filtering, with these rows."""
        objectives = []
        shown = (
            matching_keys(checklist_filter, self.progress, stage.milestones)
            if checklist_filter
            else {}
        )
        for objective in stage.objectives:
            milestones = objective.milestones
            if checklist_filter:
                keys = shown[checklist_filter.shown] | {checklist_filter.captured}
                milestones = tuple(m for m in milestones if m.key in keys)
            if milestones:
                rows = [self.row(milestone) for milestone in milestones]
                objectives.append((objective.title, rows))
        return objectives

    def current_stage(self) -> Stage:
        """Return the stage with the most milestones in progress, else the first unfinished one."""
        begun = {key: counts["in_progress"] for key, counts in self.counts.items()}
        busiest = max(self.content.stages, key=lambda s: (begun[s.key], s.number))
        if begun[busiest.key]:
            return busiest
        for stage in self.content.stages:
            counts = self.counts[stage.key]
            settled = sum(counts[tone] for tone in TONES) + counts["not_applicable"]
            if stage.required and settled < len(stage.milestones):
                return stage
        return self.content.stages[-1]

    def cairn(self, stage: Stage, facts: str, *, is_current: bool) -> svg.Cairn:
        """Return the cairn for a stage on the trail."""
        return svg.Cairn(
            key=stage.key,
            title=stage.short_title or stage.title,
            href=f"#{stage.key}",
            facts=facts,
            stones=[
                svg.Stone(self.content.anchors[m.key], m.title, self.tones[m.key])
                for m in stage.milestones
            ],
            here=_("you are here") if is_current else "",
        )

    def cairns(self, stages: list[StageView]) -> list[svg.Cairn]:
        """Return the cairns of the trail."""
        current = self.current_stage().key
        return [
            self.cairn(stage, view.short_summary, is_current=stage.key == current)
            for stage, view in zip(self.content.stages, stages, strict=True)
        ]

    def trail(self, cairns: list[svg.Cairn], base: str = "") -> Markup:
        """Draw the trail."""
        return svg.render_trail(cairns, _("The trail, stage by stage"), base)

    def stone(self, stage: Stage, key: str, facts: str, base: str = "") -> Markup:
        """Draw the stone of a milestone on the trail."""
        cairn = self.cairn(stage, facts, is_current=False)
        number = self.content.stages.index(stage)
        return svg.render_stone(cairn, number, self.content.anchors[key], base)

    def small_cairn(self, stage: Stage) -> Markup:
        """Draw the cairn of a stage on the compact trail, for an out-of-band swap."""
        cairn = self.cairn(stage, "", is_current=False)
        number = self.content.stages.index(stage)
        return svg.render_small_cairn(cairn, number, attributes=" hx-swap-oob=true")

    def lede(self) -> str:
        """Return a sentence with the counts by tone and the forecast."""
        counts = Counter(self.tones.values())
        done = sum(counts[tone] for tone in TONES)
        total = len(self.content.milestones) - counts["not_applicable"]
        text = ngettext(
            "%(done)d of %(num)d milestone done",
            "%(done)d of %(num)d milestones done",
            total,
            done=done,
        )
        kinds = {
            "verified": _("%(number)d verified", number=counts["verified"]),
            "evidenced": _("%(number)d evidenced", number=counts["evidenced"]),
            "claimed": _("%(number)d claimed", number=counts["claimed"]),
        }
        # Only tones that occur are mentioned.
        counts_text = ", ".join(text for tone, text in kinds.items() if counts[tone])
        if aside := counts["not_applicable"]:  # these are in the list and its filters too
            more = _("%(number)d more not applicable", number=aside)
            counts_text = f"{counts_text}; {more}" if counts_text else more
        at = self.progress
        left = remaining(self.content, {key for key, tone in self.tones.items() if tone in OPEN})
        forecast = planned_forecast(left, at.enrolled, at.today, at.absences)
        return f"{text}: {counts_text}. {forecast}" if counts_text else f"{text}. {forecast}"

    def filter_context(
        self, checklist_filter: ChecklistFilter, stage: Stage | None = None
    ) -> dict[str, Any]:
        """Return the template context of the filters on the page of the roadmap or of a stage."""
        keys = matching_keys(checklist_filter, self.progress, (stage or self.content).milestones)
        return {
            "filter": checklist_filter,
            "filter_choices": [
                (name, label, len(keys[name])) for name, label in SHOWN_LABELS.items()
            ],
            "skill_choices": [(skill.key, skill.title) for skill in self.content.skills],
        }

    def score_context(self) -> dict[str, Any]:
        """Return the template context of the page header: summary, score and verdict."""
        data = self.progress.data
        return {
            "lede": self.lede(),
            "score": points_filter(data["score"]),
            "verdict": verdict_title(summary_verdict(data)),
        }
