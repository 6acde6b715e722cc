"""Labels and messages for evidence. They are lazy because they depend on the reader's language."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import fields

from babel.lists import format_list
from babel.numbers import format_decimal
from flask_babel import LazyString

from roadmap.core.i18n import current_locale, ngettext, page_language
from roadmap.core.i18n import lazy_gettext as _
from roadmap.evidence import kinds
from roadmap.evidence.constants import MAX_COMMENTS, MAX_FILES
from roadmap.evidence.date_parser import AMBIGUOUS, FUTURE, SEVERAL, ParsedDate
from roadmap.evidence.item import CONTENT_COLUMNS, Content, Impact, Item, Link, Version
from roadmap.people.labels import reviewer_label
from roadmap.people.models import User
from roadmap.people.roles import VIEWERS

KINDS: dict[str, LazyString] = {key: _(kind.label) for key, kind in kinds.KINDS.items()}
KIND_HINTS: dict[str, LazyString] = {key: _(kind.hint) for key, kind in kinds.KINDS.items()}
STATES: dict[str, LazyString] = {
    "draft": _("Draft"),
    "submitted": _("Submitted"),
    "in_review": _("In review"),
    "verified": _("Verified"),
    "returned": _("Returned"),
}
# Explanations of states for the author.
STATE_DESCRIPTIONS: dict[str, LazyString] = {
    "draft": _("Managers do not see drafts."),
    "submitted": _("It is waiting for a manager of one of your teams."),
    "returned": _("The reviewer asks for changes; their comment says which."),
}
USERINFO_REMOVED = _("The name and password in the link were removed; they are not stored.")
TONES: dict[str, LazyString] = {
    "verified": _("Verified"),
    "evidenced": _("Evidenced"),
    "lapsed": _("Lapsed"),
}
VISIBILITIES: dict[str, LazyString] = {
    "portfolio": _("Portfolio"),
    "team": _("Team"),
    "private": _("Private"),
}
# The question before a piece of another visibility is shown in a portfolio.
PUBLICATION = _(
    "Change who may see it to “Portfolio”? Everyone with a public link to a portfolio that "
    "contains it reads it at once, and exports include it. The %(viewers)s of your teams see it "
    "once it is submitted.",
    viewers=VIEWERS,
)
# Explanations of visibilities on the form.
AUDIENCES: dict[str, LazyString] = {
    "portfolio": _(
        "Portfolio: you can show it to anyone, in your portfolio and its exports. The "
        "%(viewers)s of your teams see it as soon as you submit it.",
        viewers=VIEWERS,
    ),
    "team": _(
        "Team: the %(viewers)s of your teams see it as soon as you submit it. It never "
        "appears in a portfolio, export or link.",
        viewers=VIEWERS,
    ),
    "private": _(
        "Private: only you see it. It is not reviewed while it is private; what was "
        "verified before counts only for you."
    ),
}
IMPACTS: dict[str, LazyString] = {
    "scale": _("Scale"),
    "business": _("Business"),
    "team": _("Team"),
}
IMPACT_HINTS: dict[str, LazyString] = {
    "scale": _(
        "millions of requests a day, petabytes of data, models, latency, cost per prediction"
    ),
    "business": _("revenue, conversion, churn, efficiency (money or hours saved)"),
    "team": _("people mentored and promoted, processes introduced, time to onboard, incidents"),
}
DECISIONS: dict[str, LazyString] = {"verified": _("Verified"), "returned": _("Returned")}
SORTS: dict[str, LazyString] = {
    "newest": _("Newest first"),
    "oldest": _("Oldest first"),
    "title": _("Title"),
    "state": _("Needs your action first"),
}
FIELDS: dict[str, LazyString] = {
    "title": _("Title"),
    **{each.name: _(each.metadata["label"]) for each in fields(Content)},
    "visibility": _("Visibility"),
    "milestones": _("Milestones"),
    "skills": _("Skills"),
}
# The date of something that was issued on another date, for example after a renewal.
EARNED_ON = _("Earned on")
# Short fields, shown as a list.
DETAIL_FIELDS = tuple(
    name for name in CONTENT_COLUMNS if name not in ("kind", "occurred_on", "url", "description")
)
DATE_FIELDS = ("occurred_on", "issued_on", "expires_on")
IMPACT_FIELDS: dict[str, LazyString] = {
    "type": _("Type"),
    **{each.name: _(each.metadata["label"]) for each in fields(Impact) if each.metadata},
}
# Messages by the code of a `rules.FieldError`: the problem and how to fix it.
ERROR_MESSAGES: dict[str, LazyString] = {
    "title_missing": _("Give it a title, so that you can find it again."),
    "kind_missing": _("Choose a kind."),
    "date_missing": _(
        "Enter when it was finished, merged, given or issued. A month or a year is enough."
    ),
    "date_in_future": _("This date is in the future. Evidence is what has already happened."),
    "date_too_early": _("Check the year: dates begin in 1950."),
    "expires_before": _("It cannot expire before it was issued."),
    "nothing_to_show": _(
        "Add a link, a file or a description: a reader needs something to look at."
    ),
    "too_many_files": _(
        "At most %(most)d files. Keep the strongest, or pack some of them in one.", most=MAX_FILES
    ),
    "unknown_file": _("A file is no longer there. Add it again."),
    "not_an_address": _("This is not a web address. It begins with https:// or http://."),
    "visibility_missing": _("Choose who may see it."),
    "not_by_draft": _("A token with the scope draft cannot change who may see it."),
    "title_not_by_draft": _(
        "A token with the scope draft can change a title only of a draft it created that "
        "its owner has neither edited nor accepted."
    ),
    "too_long": _("This is too long. Shorten it, or link to the full text."),
    "impact_type_missing": _("Choose what it changed: scale, business or team."),
    "metric_missing": _("Name the metric, for example “p99 latency”."),
    "number_missing": _("Enter a number that was measured, for example 1,200 or 0.4."),
    "too_many_impacts": _("At most six impacts. Keep the strongest."),
    "too_many_milestones": _("At most five milestones for one piece. Keep the closest."),
    "unknown_milestone": _("One of these milestones does not exist. Search for it again."),
    "comment_missing": _("Write a comment first."),
    "reason_missing": _("Say in one line why you undo it: the author will read it."),
    "reason_too_long": _("A reason has at most 500 characters."),
    "comment_too_long": _("A comment has at most 5,000 characters. Link to the rest."),
    "unknown_skill": _("One of these skills does not exist. Choose from the list."),
}
# Messages by the reason of a `rules.Refused`.
REFUSAL_MESSAGES: dict[str, LazyString] = {
    "private": _("It is not reviewed while it is private. Change who sees it first."),
    "already_verified": _("This version is already verified, and nothing is left to confirm."),
    "proves_nothing": _(
        "Link it to a milestone that evidence of this kind proves: that is what a reviewer "
        "confirms."
    ),
    "nothing_to_confirm": _(
        "It is not linked to a milestone that evidence of this kind proves, so there is "
        "nothing to verify. Return it, and say which milestone it could prove."
    ),
    "in_review": _("A reviewer has started reading it, so it cannot be withdrawn now."),
    "not_waiting": _("It is not waiting for a review."),
    "own": _("You cannot review your own evidence."),
    "not_entitled": _("Only a manager of one of its author's teams can review it."),
    "does_not_fit": _(
        "One of these milestones is not linked, or evidence of this kind cannot prove it."
    ),
    "none_left": _("Keep at least one milestone, or return it and say what is missing."),
    "none_selected": _("Select at least one milestone to confirm."),
    "not_your_review": _("Only the reviewer who made this decision can undo it."),
    "changed_since": _("Its author has changed it since, so the return cannot be undone."),
    "reviewed_since": _("It has been reviewed again since, so this review cannot be undone."),
    "withdrawn_too_late": _("A review can only be undone within ten minutes."),
    "withdrawn_already": _("This review has already been undone."),
    "no_such_decision": _("Choose whether to verify or return it."),
    "no_such_basis": _("Choose the basis for your decision, one of the three."),
    "not_shared": _("Only shared evidence can have comments. Share it, and ask for a review."),
    "too_many_comments": _(
        "You already wrote %(most)d comments here, the maximum.", most=MAX_COMMENTS
    ),
    "stale": _("A newer version was saved in the meantime."),
    "gone": _("It was deleted in the meantime."),
    "no_draft": _(
        "A token with the scope draft can only change drafts, and this one was "
        "submitted. Change it on its page."
    ),
    "in_portfolio": _(
        "A token with the scope draft cannot change what is in the portfolio. Change it "
        "on its page."
    ),
}


def secret_warning(names: Iterable[str]) -> LazyString:
    """Return the warning about secret parameters in a link, which are kept so that it works."""
    return _(
        "This link holds what looks like a password or an access token (%(names)s): anyone who "
        "reads the link can use it. Portfolios, exports and badges show the link without it.",
        names=", ".join(names),
    )


def date_problem(parsed_date: ParsedDate) -> LazyString:
    """Return why a date in free text was not used."""
    if parsed_date.problem == AMBIGUOUS:
        return _(
            "“%(date)s” can be read in two ways. Write the month as a word.", date=parsed_date.text
        )
    if parsed_date.problem == FUTURE:
        return _(
            "“%(date)s” is in the future. Evidence is what has already happened.",
            date=parsed_date.text,
        )
    if parsed_date.problem == SEVERAL:
        return _(
            "Your text mentions several dates: %(dates)s. Which one is it?", dates=parsed_date.text
        )
    return _("Cairn does not recognize “%(date)s” as a date. When was it?", date=parsed_date.text)


def impact_shortfall(impact: Impact) -> str:
    """Return the message that says which fields an incomplete impact lacks."""
    if impact.has_result and impact.metric:
        return str(_("does not count: needs a unit"))
    if impact.unit and impact.metric:
        return str(_("does not count: needs a number as the value after"))
    if impact.metric:
        return str(_("does not count: needs a number as the value after, and a unit"))
    return str(_("does not count: needs a metric"))


def file_size(size: int) -> str:
    """Format a size in bytes for display."""
    if size < 1000:
        return str(ngettext("%(num)s byte", "%(num)s bytes", size))
    if size < 1_000_000:
        kilobytes = format_decimal(-(-size // 1000), locale=current_locale())
        return str(_("%(number)s kB", number=kilobytes))
    megabytes = format_decimal(round(size / 1_000_000, 1), locale=current_locale())
    return str(_("%(number)s MB", number=megabytes))


def kind_label(kind: str) -> str:
    """Return the label of a kind, or its key if it is unknown to this release."""
    return str(KINDS.get(kind, kind))


def state_label(
    item: Item, reviewer: User | None = None, reader_id: uuid.UUID | None = None
) -> str:
    """Return the label of an item's state for other readers, with the name of its reviewer.

    A verified item without confirmed links is labelled "Reviewed".
    """
    if item.state == "in_review" and reviewer is not None:
        if reviewer.id == reader_id:
            return str(_("In review by you"))
        return str(_("In review by %(name)s", name=reviewer.name))
    if item.state == "verified" and not item.verified:
        return str(_("Reviewed"))
    return str(STATES[item.state])


def confirmer_name(link: Link) -> str:
    """Return the name of the reviewer who confirmed a link, with markers."""
    return reviewer_label(link.verified_by, link.added_by_author, link.by_token)


def confirmed_by(link: Link) -> str:
    """Return the name of the reviewer who confirmed a link, with markers and the basis."""
    return reviewer_label(link.verified_by, link.added_by_author, link.by_token, link.basis)


def verified_by(item: Item) -> str:
    """Return who confirmed an item's links, with the basis if it is the same for all of them.

    Otherwise each milestone shows its own basis.
    """
    confirmed = [link for link in item.links if link.confirmed]
    printed = {confirmed_by(link) for link in confirmed}
    if len(printed) == 1:
        return printed.pop()
    names = dict.fromkeys(confirmer_name(each) for each in confirmed)
    return str(format_list(list(names), locale=page_language(current_locale())))


def is_issued(kind: str | None) -> bool:
    """Return whether evidence of this kind has an issuer and may expire."""
    return kind in kinds.KINDS and kinds.KINDS[kind].is_issued


def has_two_dates(version: Version) -> bool:
    """Return whether the version has a date that differs from its issue date, as EARNED_ON."""
    return is_issued(version.kind) and version.issued_on not in (None, version.occurred_on)


def impact_label(type_: str) -> str:
    return str(IMPACTS.get(type_, type_))
