"""Translated labels and sentences that all export formats share."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from roadmap.core.i18n import _, ngettext, show_date, show_month
from roadmap.core.markdown import to_opening
from roadmap.core.text import clean_line
from roadmap.evidence.item import LABELLED_TEXTS, Impact
from roadmap.evidence.labels import FIELDS, impact_label, is_issued
from roadmap.portfolio.document import Degree, Document, DocumentItem, Position, Skill
from roadmap.portfolio.urls import safe_url

MAX_TOP_RESULTS = 6
# Characters of a description in a list of items.
EXCERPT_LENGTH = 400


def roadmap_line(document: Document) -> str:
    """Return a line naming the person's roadmap, or an empty string."""
    title = document.roadmap_title
    return _("Roadmap: %(title)s", title=title) if title else ""


def position_period(position: Position, locale: str) -> str:
    """Return the period of a job, such as "Mar 2022 – today"."""
    end = show_month(position.ended_on, locale) if position.ended_on else _("today")
    return f"{show_month(position.started_on, locale)} – {end}"


def impact_change(impact: Impact) -> str:
    """Return the change, such as "420 → 180 ms", or only the result without a baseline."""
    # Replaces the non-breaking space before the unit.
    return clean_line(impact.change)


def impact_line(impact: Impact) -> str:
    """Return an impact without its source, such as "P95 latency: 420 → 180 ms (scale)"."""
    parts = (impact.metric, impact_change(impact))
    return f"{': '.join(part for part in parts if part)} ({impact_label(impact.type).lower()})"


def sourced_impact_line(impact: Impact) -> str:
    """Return an impact as one line, with the URL of its source if that is valid."""
    line, source = impact_line(impact), safe_url(impact.source_url)
    return f"{line}, {_('source: %(url)s', url=source)}" if source else line


def verification_line(item: DocumentItem, locale: str) -> str:
    """Return who verified an item and when, or that it is not verified.

    Includes notes about a lapsed item, a newer version awaiting review, and a redaction.
    """
    sentence = _verification(item, locale)
    if newer := newer_version(item, locale):
        sentence = _("%(judgement)s; %(newer)s", judgement=sentence, newer=newer)
    if item.is_redacted:
        return _("%(judgement)s; the author redacted this text, which no one reviewed",
                 judgement=sentence)  # fmt: skip
    return sentence


def _verification(item: DocumentItem, locale: str) -> str:
    if item.tone == "unverified":
        if item.reviewed_elsewhere:
            return _(
                "Not verified here; reviewed in another installation by %(names)s, according to an "
                "archive that the author imported",
                names=", ".join(item.reviewed_elsewhere),
            )
        if item.is_draft:
            return _("Draft, not reviewed")
        if item.witnessed:
            return _("Witnessed through a link from the author, not verified")
        return _("Not verified")
    if item.tone == "lapsed" and not (item.verified_by or item.verifiers):
        return _("Lapsed, not verified")
    name, sentence = item.verified_by, _("Verified")
    if name and item.verified_on:
        date = show_date(item.verified_on, locale)
        sentence = _("Verified by %(name)s on %(date)s", name=name, date=date)
    elif name:
        sentence = _("Verified by %(name)s", name=name)
    if item.verified_title:
        sentence = _("%(judgement)s as “%(title)s”", judgement=sentence, title=item.verified_title)
    return (
        _("%(judgement)s, lapsed since", judgement=sentence) if item.tone == "lapsed" else sentence
    )


def newer_version(item: DocumentItem, locale: str) -> str:
    """Return a note about a newer version that awaits review, or an empty string."""
    if item.newer_since is None:
        return ""
    since = show_date(item.newer_since, locale)
    return _("a newer version awaits review since %(date)s", date=since)


def result_source(item: DocumentItem, locale: str) -> str:
    """Return the title of the item behind a result, with a note about a newer version."""
    newer = newer_version(item, locale)
    return _("%(title)s (%(newer)s)", title=item.title, newer=newer) if newer else item.title


def joined(titles: Iterable[str]) -> str:
    """Return titles as one line; a semicolon can be part of a title."""
    return " · ".join(titles)


def fact_labels() -> dict[str, str]:
    """Return the labels of an item's additional texts, milestones and badge, by field name."""
    return {
        **{name: str(FIELDS[name]) for name in LABELLED_TEXTS},
        "verified_for": _("Verified for"),
        "linked_to": _("Linked to"),
        "also_witnessed": _("Also witnessed"),
        "witnessed": _("Witnessed, not verified"),
        "badges": _("Signed badge"),
    }


def piece_facts(item: DocumentItem) -> list[tuple[str, list[str]]]:
    """Return label and texts of each field of `fact_labels` that is not empty."""
    facts = []
    for name, label in fact_labels().items():
        sentence = getattr(item, name)
        texts = [sentence] if isinstance(sentence, str) else sentence
        facts.append((label, [text for text in texts if text]))
    return [(label, texts) for label, texts in facts if texts]


def skills_label() -> str:
    """Return the label of an item's skills, which are not reviewed."""
    return _("Skills, named by the author")


def description_excerpt(item: DocumentItem) -> Markup:
    """Return the beginning of a long description, or an empty string for a short one."""
    text = item.description
    return to_opening(text, EXCERPT_LENGTH) if len(text) > EXCERPT_LENGTH else Markup("")


def file_lines(item: DocumentItem) -> list[str]:
    """Return a line with name and SHA-256 for each file of an item."""
    return [f"{file.name} (SHA-256 {file.sha256})" for file in item.files]


def validity(item: DocumentItem, locale: str) -> str:
    """Return the issuer, date of issue and end of validity, as far as known.

    For kinds that are not issued, the issuer is a venue or publisher and named alone.
    """
    parts = []
    if item.issuer:
        by = _("Issued by %(issuer)s", issuer=item.issuer)
        parts.append(by if is_issued(item.kind) else item.issuer)
    if item.issued_on:
        parts.append(_("issued %(date)s", date=show_date(item.issued_on, locale)))
    if item.expires_on:
        parts.append(_("valid until %(date)s", date=show_date(item.expires_on, locale)))
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


def declared_note() -> str:
    """Return the note shown next to self-declared jobs and degrees."""
    return _("Declared by the author, not verified")


def degree_title(degree: Degree) -> str:
    levels = {
        "bachelor": _("Bachelor"),
        "master": _("Master"),
        "doctorate": _("Doctorate"),
        "other": _("Other degree"),
    }
    level = levels.get(degree.level, degree.level)
    return ", ".join(part for part in (level, degree.field) if part)


def assessor(skill: Skill, locale: str = "en") -> str:
    """Return who assessed a skill and when, with a note if that is long ago."""
    by = _("Assessed by a manager") if skill.assessed_by == "manager" else _("Self-assessed")
    if skill.assessor:
        by = _("%(assessed)s, %(name)s", assessed=by, name=skill.assessor)
    if skill.assessed_on:
        date = show_date(skill.assessed_on, locale)
        by = _("%(assessed)s, on %(date)s", assessed=by, date=date)
    return _("%(assessed)s, over 18 months ago", assessed=by) if skill.is_old else by


def level_meaning(skill: Skill) -> str:
    """Return the meaning of a skill's level, or an empty string if it has no description."""
    if not skill.level_text:
        return ""
    return _("Level %(level)s means: %(meaning)s", level=skill.level, meaning=skill.level_text)


def skills_footnote() -> str:
    """Return the note below the skills; shown even if none is left out."""
    return _(
        "A skill that is not shown was not assessed at the level that the role asks for, or the "
        "author left it out."
    )


def skill_table(document: Document) -> tuple[tuple[str, ...], list[tuple[str | int, ...]]]:
    """Return the header and rows of the table of skills."""
    head = (_("Skill"), _("Level"), _("Required"), _("Assessed"), _("What the level means"))
    return head, [
        (
            skill.title,
            skill.level,
            skill.bar,
            assessor(skill, document.locale),
            skill.level_text,
        )
        for skill in document.skills
    ]


def result_table(document: Document) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the header and rows of the table of top results; rows may be empty."""
    return (_("Change"), _("Metric"), _("Evidence")), [
        (
            impact_change(impact),
            impact.metric,
            result_source(item, document.locale),
        )
        for item, impact in document.verified_impacts[:MAX_TOP_RESULTS]
    ]


def impact_header() -> tuple[str, ...]:
    return _("Impact"), _("Metric"), _("Change"), _("Source")


def dated_position(position: Position, locale: str) -> str:
    """Return the period of a job, with a note if it was in machine learning."""
    period = position_period(position, locale)
    return f"{period} · {_('machine learning')}" if position.is_ml else period


def skill_level(skill: Skill) -> str:
    """Return the level and the bar: "Level 3 of 4, the role asks for 4"."""
    return _("Level %(level)s of 4, the role asks for %(bar)s", level=skill.level, bar=skill.bar)


def verification_summary(document: Document) -> str:
    """Return a sentence about how much of the evidence is verified."""
    pieces = len(document.items)
    if not pieces:
        return _("No evidence is shown yet.")
    counted = ngettext("%(num)s piece of evidence", "%(num)s pieces of evidence", pieces)
    people, people_in_full = (
        ngettext("%(num)s person", "%(num)s people", document.count_verifiers(tone))
        for tone in ("verified", "redacted")
    )
    if document.verified == pieces:
        return _("%(counted)s, verified by %(people)s.", counted=counted, people=people)
    others = pieces - document.verified - document.redacted - document.lapsed
    if others == pieces:
        return _("%(counted)s, not verified yet.", counted=counted)
    shares = (
        (
            document.verified,
            _("%(count)s verified by %(people)s", count=document.verified, people=people),
        ),
        (
            document.redacted,
            _("%(count)s verified in full by %(people)s but redacted here",
              count=document.redacted, people=people_in_full),
        ),
        (others, _("%(count)s not verified", count=others)),
        (document.lapsed, _("%(count)s lapsed", count=document.lapsed)),
    )  # fmt: skip
    listed = ", ".join(sentence for count, sentence in shares if count)
    return _("%(counted)s: %(shares)s.", counted=counted, shares=listed)


def tone_explanation(document: Document) -> str:
    """Return the explanation of the words of the summary for first-time readers."""
    explanation = _(
        "Verified: the named person, a manager of the author at that time, confirmed "
        "this version for the milestones listed. Not verified: no manager has confirmed "
        "it here yet."
    )
    if document.redacted:
        redacted = _(
            "Redacted here: the named person confirmed the full version. No one reviewed the text "
            "that the author shows instead."
        )
        return f"{explanation} {redacted}"
    return explanation
