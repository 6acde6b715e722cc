"""The rows of a matrix as ready markup.

A matrix of a hundred people has more than a thousand cells. They are put together here as strings,
because a macro or an address built for each of them would cost more than everything else on the
page. What comes from people is escaped; the rest are numbers and words of our own.

The name of a link says the figures as they stand in it, in their order, and then what they are, so
that whoever speaks to the page finds the link by what they see.
"""

from __future__ import annotations

from markupsafe import Markup, escape

from roadmap.core.i18n import date_filter, points_filter
from roadmap.core.i18n import gettext as _
from roadmap.teams.labels import verdict_label
from roadmap.teams.matrix import INACTIVE_DAYS, Matrix, Row, SkillCell, StageCell, percent, points


def render_rows(matrix: Matrix) -> Markup:
    """All rows of the table's body."""
    writer = _RowRenderer(matrix)
    return Markup("".join(writer.row(row) for row in matrix.rows))  # noqa: S704 - escaped below


def render_meter(claimed: int, evidenced: int, verified: int) -> str:
    """The bar of the three tones, in whole percent: the better tone lies on the lesser one."""
    shares = (("claimed", claimed), ("evidenced", evidenced), ("verified", verified))
    bars = "".join(f"<rect class=tone-{tone} width={share}% />" for tone, share in shares if share)
    return (
        f"<svg class=meter aria-hidden=true>{bars}</svg>"
        f"<b>{verified}</b> <span>{evidenced}</span> <i>{claimed}</i>"
    )


def render_levels(cell: SkillCell) -> str:
    """Both levels side by side, an arrow between them where they are two or more apart.

    The style sheet draws the arrow, and a dash for what nobody said: the link's name has words.
    """
    own = "" if cell.own is None else cell.own
    manager = "" if cell.manager is None else cell.manager
    between = ""
    if cell.is_apart and cell.gap is not None:
        between = f"<em class={'down' if cell.gap < 0 else 'up'}></em> "
    return f"<span>{own}</span> {between}<b>{manager}</b>"


def _escaped(text: str) -> str:
    """Words of ours, escaped: a translation may hold an apostrophe."""
    return str(escape(text))


class _RowRenderer:
    """Writes rows; holds what all of them share, said and escaped once."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self.people = f"/teams/{escape(matrix.slug)}/people/"
        self.roadmap = ""
        if matrix.roadmaps and matrix.roadmap != matrix.roadmaps[0].slug:
            self.roadmap = f"&amp;roadmap={escape(matrix.roadmap)}"
        self.stages = [(column.key, str(escape(column.title))) for column in matrix.stages]
        self.skills = [(column.key, str(escape(column.title))) for column in matrix.skills]
        # What was written already: many people have the same figures.
        self.verdicts: dict[str, Markup] = {}
        self.known_tones: dict[tuple[float, float, float], str] = {}
        self.known_levels: dict[tuple[int | None, int | None, int], tuple[str, str]] = {}
        self.tones = _escaped(
            _("%(verified)s %(evidenced)s %(claimed)s %% verified, evidenced, claimed")
        )
        self.both = _escaped(_("%(own)s %(manager)s by self and manager, senior bar %(bar)s"))
        self.own_alone = _escaped(_("self %(own)s, manager not yet, senior bar %(bar)s"))
        self.manager_alone = _escaped(_("self not yet, manager %(manager)s, senior bar %(bar)s"))
        self.neither = _escaped(_("not assessed, senior bar %(bar)s"))
        self.apart = _escaped(_("two levels or more apart"))
        self.still = _escaped(_("%(days)s days ago"))
        self.never = _escaped(_("nothing yet"))

    def row(self, row: Row) -> str:
        name = str(escape(row.name))
        person = f"{self.people}{row.id}"
        # Of whoever is not on this roadmap there is no page of it.
        roadmap = self.roadmap if row.is_enrolled else ""
        whole = f"{person}?{roadmap.removeprefix('&amp;')}" if roadmap else person
        parts = [f"<tr><th scope=row><a href={whole}>{name}</a>{self._teams(row)}</th>"]
        stages, skills = row.stages.get, row.skills.get
        if row.is_enrolled:
            parts.append(self._readiness(row, whole, name))
            for key, title in self.stages:
                parts.append(self._stage(stages(key), f"{name}, {title}: ", person, key))
        else:
            parts.append(
                f"<td class=not-enrolled colspan={len(self.stages) + 1}>"
                f"<a href={person}>{escape(verdict_label(''))}</a></td>"
            )
        for key, title in self.skills:
            parts.append(self._skill(skills(key), f"{name}, {title}: ", person, key))
        parts.append(self._moved(row, whole))
        return "".join(parts)

    def _teams(self, row: Row) -> str:
        if len(self.matrix.teams) < 2:
            return ""
        return f"<small>{escape(', '.join(team.name for team in row.teams))}</small>"

    def _readiness(self, row: Row, href: str, name: str) -> str:
        said = self.verdicts.get(row.verdict)
        if said is None:
            said = self.verdicts[row.verdict] = escape(verdict_label(row.verdict))
        score = points_filter(points(row.score or 0.0))
        doubt = " class=warning" if row.verdict == "claimed_not_proven" else ""
        return (
            f"<td class=readiness><a href={href} aria-label='{name}: {score}, {said}'>"
            f"{score} <small{doubt}>{said}</small></a></td>"
        )

    def _stage(self, cell: StageCell | None, whose: str, person: str, key: str) -> str:
        if cell is None:
            return "<td></td>"
        shares = cell.claimed, cell.evidenced, cell.verified
        known = self.known_tones.get(shares)
        if known is None:
            figures = [percent(share) for share in shares]
            said = self.tones % dict(
                zip(("claimed", "evidenced", "verified"), figures, strict=True)
            )
            known = self.known_tones[shares] = f"{said}'>{render_meter(*figures)}</a></td>"
        return (
            f"<td class=tones><a href='{person}?stage={key}{self.roadmap}#stage-{key}' "
            f"aria-label='{whose}{known}"
        )

    def _skill(self, cell: SkillCell | None, whose: str, person: str, key: str) -> str:
        if cell is None:
            return "<td></td>"
        pair = cell.own, cell.manager, cell.bar
        known = self.known_levels.get(pair)
        if known is None:
            known = self.known_levels[pair] = self._levels(cell)
        kind, rest = known
        return f"<td class='{kind}'><a href={person}/skills/{key} aria-label='{whose}{rest}"

    def _levels(self, cell: SkillCell) -> tuple[str, str]:
        """The classes of a skill's cell, and what follows whose it is."""
        if cell.own is None:
            said = self.neither if cell.manager is None else self.manager_alone
        else:
            said = self.own_alone if cell.manager is None else self.both
        said %= {"own": cell.own, "manager": cell.manager, "bar": cell.bar}
        kind = f"skill {cell.at_bar}".rstrip()
        if cell.is_apart:
            said, kind = f"{said}; {self.apart}", f"{kind} apart"
        return kind, f"{said}'>{render_levels(cell)}</a></td>"

    def _moved(self, row: Row, href: str) -> str:
        days = row.days_inactive(self.matrix.today)
        when = escape(date_filter(row.last_activity_on)) if row.last_activity_on else self.never
        since = ""
        if days >= INACTIVE_DAYS:
            since = f"<small class=warning>{self.still % {'days': days}}</small>"
        return f"<td class=moved><a href={href}>{when}{since}</a></td></tr>"
