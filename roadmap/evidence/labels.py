"""Labels and messages for evidence. They are lazy because they depend on the reader's language."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import fields

from babel.lists import format_list
from babel.numbers import format_decimal
from flask_babel import LazyString

from roadmap.core.i18n import _l, current_locale, ngettext, page_language
from roadmap.evidence import kinds
from roadmap.evidence.constants import MAX_COMMENTS, MAX_FILES
from roadmap.evidence.date_parser import AMBIGUOUS, FUTURE, SEVERAL, ParsedDate
from roadmap.evidence.item import CONTENT_COLUMNS, Content, Impact, Item, Link, Version
from roadmap.people.labels import reviewer_label
from roadmap.people.models import User
from roadmap.people.roles import VIEWERS

KINDS: dict[str, LazyString] = {key: _l(kind.label) for key, kind in kinds.KINDS.items()}
KIND_HINTS: dict[str, LazyString] = {key: _l(kind.hint) for key, kind in kinds.KINDS.items()}
STATES: dict[str, LazyString] = {
    "draft": _l("Draft"),
    "submitted": _l("Submitted"),
    "in_review": _l("In review"),
    "verified": _l("Verified"),
    "returned": _l("Returned"),
}
# Explanations of states for the author.
STATE_DESCRIPTIONS: dict[str, LazyString] = {
    "draft": _l("Managers do not see drafts."),
    "submitted": _l("It is waiting for a manager of one of your teams."),
    "returned": _l("The reviewer asks for changes; their comment says which."),
}
USERINFO_REMOVED = _l("The name and password in the link were removed; they are not stored.")
TONES: dict[str, LazyString] = {
    "verified": _l("Verified"),
    "evidenced": _l("Evidenced"),
    "lapsed": _l("Lapsed"),
}
VISIBILITIES: dict[str, LazyString] = {
    "portfolio": _l("Portfolio"),
    "team": _l("Team"),
    "private": _l("Private"),
}
# The question before a piece of another visibility is shown in a portfolio.
PUBLICATION = _l(
    "Change who may see it to “Portfolio”? Everyone with a public link to a portfolio that "
    "contains it reads it at once, and exports include it. The %(viewers)s of your teams see it "
    "once it is submitted.",
    viewers=VIEWERS,
)
# Explanations of visibilities on the form.
AUDIENCES: dict[str, LazyString] = {
    "portfolio": _l(
        "Portfolio: you can show it to anyone, in your portfolio and its exports. The "
        "%(viewers)s of your teams see it as soon as you submit it.",
        viewers=VIEWERS,
    ),
    "team": _l(
        "Team: the %(viewers)s of your teams see it as soon as you submit it. It never "
        "appears in a portfolio, export or link.",
        viewers=VIEWERS,
    ),
    "private": _l(
        "Private: only you see it. It is not reviewed while it is private; what was "
        "verified before counts only for you."
    ),
}
IMPACTS: dict[str, LazyString] = {
    "scale": _l("Scale"),
    "business": _l("Business"),
    "team": _l("Team"),
}
IMPACT_HINTS: dict[str, LazyString] = {
    "scale": _l(
        "millions of requests a day, petabytes of data, models, latency, cost per prediction"
    ),
    "business": _l("revenue, conversion, churn, efficiency (money or hours saved)"),
    "team": _l("people mentored and promoted, processes introduced, time to onboard, incidents"),
}
DECISIONS: dict[str, LazyString] = {"verified": _l("Verified"), "returned": _l("Returned")}
SORTS: dict[str, LazyString] = {
    "newest": _l("Newest first"),
    "oldest": _l("Oldest first"),
    "title": _l("Title"),
    "state": _l("Needs your action first"),
}
FIELDS: dict[str, LazyString] = {
    "title": _l("Title"),
    **{each.name: _l(each.metadata["label"]) for each in fields(Content)},
    "visibility": _l("Visibility"),
    "milestones": _l("Milestones"),
    "skills": _l("Skills"),
}
# The date of something that was issued on another date, for example after a renewal.
EARNED_ON = _l("Earned on")
# Short fields, shown as a list.
DETAIL_FIELDS = tuple(
    name for name in CONTENT_COLUMNS if name not in ("kind", "occurred_on", "url", "description")
)
DATE_FIELDS = ("occurred_on", "issued_on", "expires_on")
IMPACT_FIELDS: dict[str, LazyString] = {
    "type": _l("Type"),
    **{each.name: _l(each.metadata["label"]) for each in fields(Impact) if each.metadata},
}
# Messages by the code of a `rules.FieldError`: the problem and how to fix it.
ERROR_MESSAGES: dict[str, LazyString] = {
    "title_missing": _l("Give it a title, so that you can find it again."),
    "kind_missing": _l("Choose a kind."),
    "date_missing": _l(
        "Enter when it was finished, merged, given or issued. A month or a year is enough."
    ),
    "date_in_future": _l("This date is in the future. Evidence is what has already happened."),
    "date_too_early": _l("Check the year: dates begin in 1950."),
    "expires_before": _l("It cannot expire before it was issued."),
    "nothing_to_show": _l(
        "Add a link, a file or a description: a reader needs something to look at."
    ),
    "too_many_files": _l(
        "At most %(most)d files. Keep the strongest, or pack some of them in one.", most=MAX_FILES
    ),
    "unknown_file": _l("A file is no longer there. Add it again."),
    "not_an_address": _l("This is not a web address. It begins with https:// or http://."),
    "visibility_missing": _l("Choose who may see it."),
    "not_by_draft": _l("A token with the scope draft cannot change who may see it."),
    "title_not_by_draft": _l(
        "A token with the scope draft can change a title only of a draft it created that "
        "its owner has neither edited nor accepted."
    ),
    "too_long": _l("This is too long. Shorten it, or link to the full text."),
    "impact_type_missing": _l("Choose what it changed: scale, business or team."),
    "metric_missing": _l("Name the metric, for example “p99 latency”."),
    "number_missing": _l("Enter a number that was measured, for example 1,200 or 0.4."),
    "too_many_impacts": _l("At most six impacts. Keep the strongest."),
    "too_many_milestones": _l("At most five milestones for one piece. Keep the closest."),
    "unknown_milestone": _l("One of these milestones does not exist. Search for it again."),
    "comment_missing": _l("Write a comment first."),
    "reason_missing": _l("Say in one line why you undo it: the author will read it."),
    "reason_too_long": _l("A reason has at most 500 characters."),
    "comment_too_long": _l("A comment has at most 5,000 characters. Link to the rest."),
    "unknown_skill": _l("One of these skills does not exist. Choose from the list."),
}
# Messages by the reason of a `rules.Refused`.
REFUSAL_MESSAGES: dict[str, LazyString] = {
    "private": _l("It is not reviewed while it is private. Change who sees it first."),
    "already_verified": _l("This version is already verified, and nothing is left to confirm."),
    "proves_nothing": _l(
        "Link it to a milestone that evidence of this kind proves: that is what a reviewer "
        "confirms."
    ),
    "nothing_to_confirm": _l(
        "It is not linked to a milestone that evidence of this kind proves, so there is "
        "nothing to verify. Return it, and say which milestone it could prove."
    ),
    "in_review": _l("A reviewer has started reading it, so it cannot be withdrawn now."),
    "not_waiting": _l("It is not waiting for a review."),
    "own": _l("You cannot review your own evidence."),
    "not_entitled": _l("Only a manager of one of its author's teams can review it."),
    "does_not_fit": _l(
        "One of these milestones is not linked, or evidence of this kind cannot prove it."
    ),
    "none_left": _l("Keep at least one milestone, or return it and say what is missing."),
    "none_selected": _l("Select at least one milestone to confirm."),
    "not_your_review": _l("Only the reviewer who made this decision can undo it."),
    "changed_since": _l("Its author has changed it since, so the return cannot be undone."),
    "reviewed_since": _l("It has been reviewed again since, so this review cannot be undone."),
    "withdrawn_too_late": _l("A review can only be undone within ten minutes."),
    "withdrawn_already": _l("This review has already been undone."),
    "no_such_decision": _l("Choose whether to verify or return it."),
    "no_such_basis": _l("Choose the basis for your decision, one of the three."),
    "not_shared": _l("Only shared evidence can have comments. Share it, and ask for a review."),
    "too_many_comments": _l(
        "You already wrote %(most)d comments here, the maximum.", most=MAX_COMMENTS
    ),
    "stale": _l("A newer version was saved in the meantime."),
    "gone": _l("It was deleted in the meantime."),
    "no_draft": _l(
        "A token with the scope draft can only change drafts, and this one was "
        "submitted. Change it on its page."
    ),
    "in_portfolio": _l(
        "A token with the scope draft cannot change what is in the portfolio. Change it "
        "on its page."
    ),
}


def secret_warning(names: Iterable[str]) -> LazyString:
    """Return the warning about secret parameters in a link, which are kept so that it works."""
    return _l(
        "This link holds what looks like a password or an access token (%(names)s): anyone who "
        "reads the link can use it. Portfolios, exports and badges show the link without it.",
        names=", ".join(names),
    )


def date_problem(parsed_date: ParsedDate) -> LazyString:
    """Return why a date in free text was not used."""
    if parsed_date.problem == AMBIGUOUS:
        return _l(
            "“%(date)s” can be read in two ways. Write the month as a word.", date=parsed_date.text
        )
    if parsed_date.problem == FUTURE:
        return _l(
            "“%(date)s” is in the future. Evidence is what has already happened.",
            date=parsed_date.text,
        )
    if parsed_date.problem == SEVERAL:
        return _l(
            "Your text mentions several dates: %(dates)s. Which one is it?", dates=parsed_date.text
        )
    return _l("Cairn does not recognize “%(date)s” as a date. When was it?", date=parsed_date.text)


def impact_shortfall(impact: Impact) -> str:
    """Return the message that says which fields an incomplete impact lacks."""
    if impact.has_result and impact.metric:
        return str(_l("does not count: needs a unit"))
    if impact.unit and impact.metric:
        return str(_l("does not count: needs a number as the value after"))
    if impact.metric:
        return str(_l("does not count: needs a number as the value after, and a unit"))
    return str(_l("does not count: needs a metric"))


def file_size(size: int) -> str:
    """Format a size in bytes for display."""
    if size < 1000:
        return str(ngettext("%(num)s byte", "%(num)s bytes", size))
    if size < 1_000_000:
        kilobytes = format_decimal(-(-size // 1000), locale=current_locale())
        return str(_l("%(number)s kB", number=kilobytes))
    megabytes = format_decimal(round(size / 1_000_000, 1), locale=current_locale())
    return str(_l("%(number)s MB", number=megabytes))


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
            return str(_l("In review by you"))
        return str(_l("In review by %(name)s", name=reviewer.name))
    if item.state == "verified" and not item.verified:
        return str(_l("Reviewed"))
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
