"""Describe history entries in sentences, one for each recorded action.

A new action needs a message in `MESSAGES_BY_KIND`; a test fails if one is missing.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import LazyString
from sqlalchemy.orm import Session

from roadmap.activity.queries import (
    Entry,
    Titles,
    list_entries,
    load_subjects,
    load_titles,
    milestones_of_entry,
)
from roadmap.core.i18n import _, _l, date_filter, isolate_rtl, ngettext, number_filter
from roadmap.evidence.labels import FIELDS
from roadmap.people.models import HistoryEntry
from roadmap.people.roles import noun_with_article

# The number of entries listed on the page of a milestone.
MAX_OF_MILESTONE = 10
# The kinds by which activity can be filtered.
KINDS: dict[str, LazyString] = {
    "milestones": _l("Milestones"),
    "evidence": _l("Evidence"),
    "reviews": _l("Reviews and comments"),
    "skills": _l("Skills and tools"),
    "roadmaps": _l("Roadmaps and dates"),
    "career": _l("Career and practice"),
    "portfolio": _l("Portfolio"),
    "teams": _l("Teams"),
    "account": _l("Account"),
}
# The functions in _CHANGES below format %(change)s.
_CHANGE = _l("%(title)s: %(change)s")
MESSAGES_BY_KIND: dict[str, dict[str, LazyString]] = {
    "milestones": {"status.set": _CHANGE, "plan.set": _CHANGE},
    "evidence": {
        "evidence.created": _l("Recorded: %(title)s"),
        "evidence.edited": _l("Edited: %(title)s (%(change)s)"),
        "evidence.linked": _l("Linked: %(title)s, to %(change)s"),
        "evidence.accepted": _l("Draft accepted: %(title)s"),
        "evidence.submitted": _l("Submitted for review: %(title)s"),
        "evidence.withdrawn": _l("Withdrawn: %(title)s"),
        "evidence.deleted": _l("Deleted: %(title)s"),
        "credential.cost_saved": _l("Cost and renewal saved: %(title)s"),
    },
    "reviews": {
        "evidence.taken_up": _l("Review started: %(title)s"),
        "evidence.let_go": _l("Review stopped: %(title)s"),
        "evidence.verified": _l("Verified: %(title)s, for %(change)s"),
        "evidence.returned": _l("Returned: %(title)s"),
        "evidence.verification_withdrawn": _l("Verification undone: %(title)s"),
        "evidence.return_withdrawn": _l("Return undone: %(title)s"),
        "comment.added": _l("Comment on: %(title)s"),
        "history.verified": _l("Verified in bulk: %(change)s"),
        "history.verification_withdrawn": _l("Bulk verification undone: %(change)s"),
        "endorsement.answered": _l("Answered as a witness: %(title)s"),
        "endorsement.deleted": _l("Answer from %(witness)s deleted: %(title)s"),
    },
    "skills": {
        "skill.assessed": _CHANGE,
        "skill.requested": _l("Assessment requested: %(title)s"),
        "tool.recorded": _l("Tool recorded: %(title)s"),
    },
    "roadmaps": {
        "enrollment.begun": _l("Roadmap started: %(title)s"),
        "enrollment.changed": _CHANGE,
        "enrollment.made_primary": _l("Primary roadmap: %(title)s"),
        "enrollment.left": _l("Roadmap left: %(title)s"),
        "absence.added": _l("Time off added"),
        "absence.changed": _l("Time off changed"),
        "absence.deleted": _l("Time off deleted"),
    },
    "career": {
        "position.added": _l("Position added: %(title)s"),
        "position.changed": _l("Position changed: %(title)s"),
        "position.removed": _l("Position removed: %(title)s"),
        "degree.added": _l("Degree added: %(title)s"),
        "degree.changed": _l("Degree changed: %(title)s"),
        "degree.removed": _l("Degree removed: %(title)s"),
        "career_plan.saved": _l("Career plan saved"),
        "career_plan.reflected": _l("Reflection on a challenge added"),
        "practice.rated": _l("Answer to an interview question rated"),
    },
    "portfolio": {
        "portfolio.written": _l("Portfolio texts saved"),
        "portfolio.chosen": _l("Added to the portfolio: %(title)s"),
        "portfolio.left_out": _l("Removed from the portfolio: %(title)s"),
        "portfolio.ordered": _l("Moved in the portfolio: %(title)s"),
        "portfolio.redacted": _l("Redacted in a portfolio: %(title)s"),
        "portfolio.unredacted": _l("Redaction removed in a portfolio: %(title)s"),
        "portfolio.made": _l("Portfolio created: %(name)s"),
        "portfolio.made_default": _l("Made the default portfolio: %(name)s"),
        "portfolio.deleted": _l("Portfolio deleted: %(name)s"),
        "portfolio.arranged": _l("Sections rearranged: %(name)s"),
        "portfolio.replaced": _l("Portfolio pieces replaced: %(name)s"),
        "portfolio.profiles": _l("Profiles saved"),
        "portfolio.link_made": _l("Public link to the portfolio created"),
        "portfolio.link_revoked": _l("Public link to the portfolio revoked"),
        "badge.issued": _l("Badge issued: %(name)s"),
        "badge.revoked": _l("Badge revoked: %(name)s"),
    },
    "teams": {
        "membership.added": _l("Joined the team %(title)s as %(role)s"),
        "membership.role_changed": _l("Role in the team %(title)s: %(before)s → %(role)s"),
        "membership.removed": _l("Removed from the team %(title)s"),
        "membership.left": _l("Left the team %(title)s"),
    },
    "account": {
        "account.changed": _l("Account changed: %(change)s"),
        "account.deletion_requested": _l("Account deletion requested"),
        "account.deletion_cancelled": _l("Account deletion cancelled"),
        "account.email_requested": _l("E-mail address change requested"),
        "account.password_link_created": _l("Password link created"),
        "account.token_created": _l("API token created: %(name)s"),
        "archive.imported": _l("Archive imported from %(name)s"),
        "account.mail_wanted": _l("E-mail notifications: %(change)s"),
        "account.single_keys": _l("Single-key shortcuts: %(change)s"),
        "account.plans_shared": _l(
            "Target dates and reasons shared with your managers: %(change)s"
        ),
        "account.tools_shared": _l("Tools shared with your managers: %(change)s"),
        "calendar.address_made": _l("Calendar address created"),
        "calendar.address_revoked": _l("Calendar address revoked"),
    },
}
ACTIONS_BY_KIND = {kind: tuple(messages) for kind, messages in MESSAGES_BY_KIND.items()}
MESSAGES = {key: text for messages in MESSAGES_BY_KIND.values() for key, text in messages.items()}
KIND_BY_ACTION = {action: kind for kind, actions in ACTIONS_BY_KIND.items() for action in actions}
STATUSES: dict[str, LazyString] = {
    "not_started": _l("not started"),
    "in_progress": _l("in progress"),
    "done": _l("done"),
    "not_applicable": _l("not applicable"),
}
_ACCOUNT_FIELDS: dict[str, LazyString] = {
    "email": _l("e-mail address"),
    "headline": _l("headline"),
    "locale": _l("date and number format"),
    "name": _l("name"),
    "theme": _l("theme"),
    "timezone": _l("time zone"),
}


@dataclass(frozen=True, slots=True)
class DescribedEntry:
    """A described entry: `text` is a sentence, `href` the page of its subject or None.

    `by` is the name of the actor, and `by_me` whether that is the reader. `kind` is a key of
    `KINDS`, or '' for an action unknown to this release.
    """

    entry: Entry
    kind: str
    text: str
    href: str | None
    by: str
    by_me: bool

    @property
    def at(self) -> dt.datetime:
        return self.entry.at


def load_milestone_history(
    session: Session, user_id: uuid.UUID, key: str
) -> tuple[list[DescribedEntry], bool]:
    """Load the newest changes of a milestone; return them and whether there are older ones."""
    about = HistoryEntry.subject.in_(load_subjects(session, user_id, [key]))
    entries, more = list_entries(session, user_id, about, limit=MAX_OF_MILESTONE)
    return load_descriptions(session, user_id, entries), more


def load_descriptions(
    session: Session, user_id: uuid.UUID, entries: Collection[Entry]
) -> list[DescribedEntry]:
    """Describe entries of a user's own history, with the titles of their subjects."""
    if not entries:
        return []
    return describe(entries, load_titles(session, user_id, entries), user_id)


def describe(
    entries: Iterable[Entry], titles: Titles, reader_id: uuid.UUID
) -> list[DescribedEntry]:
    """Describe entries of the reader's own history."""
    return [
        _described_entry(entry, _sentence(entry, titles), _href(entry, titles), reader_id)
        for entry in entries
    ]


def _described_entry(
    entry: Entry, text: str, href: str | None, reader_id: uuid.UUID
) -> DescribedEntry:
    kind, by = KIND_BY_ACTION.get(entry.action, ""), _name_actor(entry, reader_id)
    return DescribedEntry(entry, kind, text, href, by, entry.actor_id == reader_id)


def describe_stage(
    entries: Sequence[Entry], titles: Titles, reader_id: uuid.UUID
) -> DescribedEntry | None:
    """Describe status changes of several milestones of one stage; return None for other entries."""
    first = entries[0]
    content = titles.roadmap_of(first.subject)
    if first.action != "status.set" or content is None:
        return None
    stage = content.stage_of[first.subject]
    if any(content.stage_of.get(each.subject) != stage for each in entries):
        return None
    name = stage.short_title or stage.title
    title = _("%(num)d milestones of “%(stage)s”", num=len(entries), stage=name)
    text = _CHANGE % isolate_rtl({"title": title, "change": _status_change(first)})
    return _described_entry(first, text, f"/roadmaps/{content.slug}/{stage.key}", reader_id)


def _sentence(entry: Entry, titles: Titles) -> str:
    message = MESSAGES.get(entry.action)
    if message is None and entry.action.startswith("imported."):
        # The action happened on another installation, so do not describe it as done here.
        action = entry.action.removeprefix("imported.")
        kind = KINDS.get(KIND_BY_ACTION.get(action, ""), action)
        return _("From an imported archive: %(kind)s (%(action)s)", kind=kind, action=action)
    if message is None:
        return _("Other: %(action)s", action=entry.action)
    data = entry.data
    values = {
        "title": _title(entry, titles),
        "change": _change(entry, titles),
        "role": noun_with_article(data.get("role")),
        "before": noun_with_article(data.get("before")),
        "name": _text(data, "name"),
        "witness": _text(data, "witness"),
    }
    return str(message) % isolate_rtl(values)


def _title(entry: Entry, titles: Titles) -> str:
    subject_type, subject, data = entry.subject_type, entry.subject, entry.data
    match subject_type:
        case "status" | "plan" | "endorsement":
            return titles.milestone(subject)
        case "evidence" | "comment" | "credential" | "portfolio":
            if subject_type == "portfolio" and "count" in data:
                return ngettext("%(num)d piece", "%(num)d pieces", int(data["count"]))
            gone = titles.deleted.get(subject) or _text(data, "title")
            return titles.known["evidence"].get(subject) or gone or _("a deleted piece")
        case "skill":
            return titles.skill(subject)
        case "tool":
            return subject.replace("-", " ")
        case "enrollment":
            return titles.known[subject_type].get(subject) or _("a deleted roadmap")
        case "position" | "degree":
            # The entry holds the name of a removed row.
            name = _text(data, "title" if subject_type == "position" else "institution")
            return titles.known[subject_type].get(subject) or name or _("a deleted entry")
        case "membership":
            return titles.known[subject_type].get(subject, subject)
    return ""


def _change(entry: Entry, titles: Titles) -> str:
    if entry.action in ("evidence.linked", "evidence.verified"):
        return _milestone_names(entry, titles)
    change = _CHANGES.get(entry.action)
    return change(entry) if change else ""


def _status_change(entry: Entry) -> str:
    status, reason = _text(entry.data, "status"), _text(entry.data, "reason")
    before = _text(entry.before, "status") or "not_started"
    change = _(
        "%(before)s → %(after)s",
        before=STATUSES.get(before, before),
        after=STATUSES.get(status, status),
    )
    return _("%(change)s (%(reason)s)", change=change, reason=reason) if reason else change


def _plan_change(entry: Entry) -> str:
    return _moved_date(entry) or _("note or target date saved")


def _enrollment_change(entry: Entry) -> str:
    before, after = (_hours(each.get("hours_per_week")) for each in (entry.before, entry.data))
    pace = ""
    if before and after and before != after:
        pace = _("pace %(before)s → %(after)s", before=before, after=after)
    elif after and not before:
        pace = _("pace set to %(after)s", after=after)
    elif before and not after:
        pace = _("pace removed")
    moved = _moved_date(entry)
    return ", ".join(each for each in (moved, pace) if each) or _("dates and pace saved")


def _moved_date(entry: Entry) -> str:
    before, after = (_date(each.get("target_on")) for each in (entry.before, entry.data))
    if before == after:
        return ""
    if not before:
        return _("target date set to %(date)s", date=after)
    if not after:
        return _("target date %(date)s removed", date=before)
    return _("target date moved from %(before)s to %(after)s", before=before, after=after)


def _date(text: Any) -> str:
    try:
        return date_filter(dt.date.fromisoformat(text))
    except (TypeError, ValueError):
        return ""


def _hours(text: Any) -> str:
    try:
        hours = number_filter(Decimal(text).normalize())
    except (TypeError, InvalidOperation):
        return ""
    return _("%(hours)s h a week", hours=hours)


def _level_change(entry: Entry) -> str:
    data, before = entry.data, entry.before
    level: Any = data.get("level", "?")
    is_other = before.get("level") not in (None, level)
    if is_other and before.get("side") == data.get("side"):
        level = _("%(before)s → %(after)s", before=before.get("level"), after=level)
    if data.get("side") == "self":
        return _("level %(level)s, self-assessed", level=level)
    return _("level %(level)s, assessed by a manager", level=level)


def _edited_fields(entry: Entry) -> str:
    names = [str(FIELDS.get(each, each)) for each in _texts(entry.data.get("fields"))]
    return ", ".join(names).lower() or _("text")


def _milestone_names(entry: Entry, titles: Titles) -> str:
    """Return the title of a single milestone, or the number of several."""
    keys = milestones_of_entry(entry.data)
    if len(keys) == 1:
        return f"“{titles.milestone(keys[0])}”"
    return ngettext("%(num)d milestone", "%(num)d milestones", len(keys))


def _piece_count(entry: Entry) -> str:
    return ngettext("%(num)d piece", "%(num)d pieces", int(entry.data.get("number", 0)))


def _account_fields(entry: Entry) -> str:
    names = _texts(entry.data.get("fields"))
    return ", ".join(str(_ACCOUNT_FIELDS.get(each, each)) for each in names)


def _on_or_off(entry: Entry) -> str:
    return _("on") if any(entry.data.values()) else _("off")


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


_CHANGES: Mapping[str, Callable[[Entry], str]] = {
    "status.set": _status_change,
    "plan.set": _plan_change,
    "enrollment.changed": _enrollment_change,
    "skill.assessed": _level_change,
    "evidence.edited": _edited_fields,
    "history.verified": _piece_count,
    "history.verification_withdrawn": _piece_count,
    "account.changed": _account_fields,
    **dict.fromkeys(
        ("account.mail_wanted", "account.single_keys", "account.plans_shared",
         "account.tools_shared"),
        _on_or_off,
    ),
}  # fmt: skip


# Paths of subjects that need no lookup, by their type.
_PATHS = {
    "history": "/evidence",
    "tool": "/tools/{}",
    "position": "/career",
    "degree": "/career",
    "practice": "/practice/{}",
    "absence": "/absences",
    "badge": "/badges",
    "portfolio": "/portfolio",
    "calendar": "/calendar",
    "account": "/account",
}


def _href(entry: Entry, titles: Titles) -> str | None:
    """Return the URL of the entry's subject if that still exists."""
    subject = entry.subject
    match entry.subject_type:
        case "status" | "plan" | "endorsement":
            content = titles.roadmap_of(subject)
            return f"/roadmaps/{content.slug}/milestones/{subject}" if content else None
        case "evidence" | "comment" | "credential":
            return f"/evidence/{subject}" if subject in titles.known["evidence"] else None
        case "skill":
            known = any(subject in each.skill_by_key for each in titles.roadmaps)
            return f"/skills/{subject}" if known else None
        case "enrollment":
            slug = titles.known["slug"].get(subject)
            return f"/roadmaps/{slug}" if slug else None
        case "career_plan":
            kind, _colon, key = subject.partition(":")
            if kind == "direction":
                return "/career/direction"
            page = "education" if kind == "education" else "challenges"
            # The subject of a reflection is only the key of its challenge.
            return f"/career/{page}/{key or subject}"
    path = _PATHS.get(entry.subject_type)
    return path.format(subject) if path else None


def _name_without_account(entry: Entry) -> str:
    """Return a placeholder for an actor whose account was erased or who never had one."""
    is_review = KIND_BY_ACTION.get(entry.action) == "reviews" and entry.subject_type in (
        "evidence",
        "history",
    )
    if is_review or (entry.subject_type == "skill" and entry.data.get("side") == "manager"):
        return _("A former manager")
    return (
        _("A former colleague")
        if entry.subject_type == "comment"
        else _("Someone without an account")
    )


def _name_actor(entry: Entry, reader_id: uuid.UUID) -> str:
    data = entry.data
    if entry.actor_id is None:
        # Witnesses and raters need no account.
        witness = _text(data, "witness") or _text(data, "rater")
        return witness or _name_without_account(entry)
    name = _("You") if entry.actor_id == reader_id else entry.actor
    token = data.get("by_token")
    if entry.action != "evidence.accepted":
        token = token or data.get("token")
    if not token:
        return name
    return _("%(name)s, by the token “%(token)s”", name=name, token=token)
