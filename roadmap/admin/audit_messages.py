"""Messages for audit log entries. They name people, teams and addresses, but no records."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import LazyString

from roadmap.core.i18n import _, _l, date_filter, ngettext
from roadmap.core.text import parse_uuid
from roadmap.people.models import AuditEntry
from roadmap.people.roles import noun_with_article

# The kinds of entries that the log can be filtered by.
KINDS: dict[str, LazyString] = {
    "sign-in": _l("Signing in"),
    "account": _l("Accounts and roles"),
    "team": _l("Teams"),
    "invitation": _l("Invitations"),
    "review": _l("Reviews and assessments"),
    "export": _l("Exports, links and badges"),
    "token": _l("API tokens"),
    "refusal": _l("Refusals"),
    "keeping": _l("Backups and contents"),
}
# One message for all decisions, because the decision and the title are private to the author.
_EVIDENCE_REVIEWED = _l("A piece of evidence of %(person)s was reviewed.")
_REVIEW_WITHDRAWN = _l("A review of a piece of evidence of %(person)s was undone.")
MESSAGES_BY_KIND: dict[str, dict[str, LazyString]] = {
    "sign-in": {
        "session.begun": _l("Signed in."),
        "session.ended": _l("Signed out."),
        "session.revoked": _l("Another browser was signed out."),
        "session.failed": _l("A sign-in as %(target)s failed."),
        "session.refused": _l("A sign-in as %(target)s was refused: too many attempts."),
        "link.refused": _l("A password link was refused: too many attempts."),
        "password.changed": _l("The password of %(person)s was changed."),
        "password.link_made": _l("A password link was created for %(person)s."),
        "password.failed": _l("A wrong password was entered to confirm an action."),
        "password.refused": _l("A password confirmation was refused: too many attempts."),
        "reset.refused": _l("A password link for %(target)s was refused: too many attempts."),
    },
    "account": {
        "account.created": _l("The account of %(person)s was created."),
        "account.email_changed": _l("The e-mail address of %(person)s was changed."),
        "account.deactivated": _l("The account of %(person)s was deactivated."),
        "account.reactivated": _l("The account of %(person)s was reactivated."),
        "account.deletion_requested": _l(
            "The deletion of the account of %(person)s was requested."
        ),
        "account.deletion_cancelled": _l(
            "The deletion of the account of %(person)s was cancelled."
        ),
        "account.erased": _l("An account and everything in it was deleted for good."),
        "role.granted": _l("%(person)s became an administrator."),
        "role.withdrawn": _l("%(person)s is no longer an administrator."),
    },
    "team": {
        "team.created": _l("The team %(team)s was created."),
        "team.changed": _l("The team %(team)s was renamed or moved."),
        "team.deleted": _l("The team %(team)s was deleted."),
        "membership.added": _l("%(person)s joined the team %(team)s as %(role)s."),
        "membership.role_changed": _l(
            "%(person)s was %(before)s and is now %(role)s in the team %(team)s."
        ),
        "membership.removed": _l("%(person)s was removed from the team %(team)s."),
        "membership.left": _l("%(person)s left the team %(team)s."),
    },
    "invitation": {
        "invitation.created": _l("An invitation to %(place)s was created for %(guest)s."),
        "invitation.accepted": _l("An invitation to %(place)s was accepted (for %(guest)s)."),
        "invitation.revoked": _l("An invitation to %(place)s was revoked (for %(guest)s)."),
        "invitation.replaced": _l(
            "An invitation to %(place)s was replaced by a newer one (for %(guest)s)."
        ),
        "invitation.declined": _l("An invitation to %(place)s was declined (for %(guest)s)."),
        "invitation.refused": _l("An invitation was refused: too many attempts."),
    },
    "review": {
        "evidence.verified": _EVIDENCE_REVIEWED,
        "evidence.returned": _EVIDENCE_REVIEWED,
        "evidence.verification_withdrawn": _REVIEW_WITHDRAWN,
        "evidence.return_withdrawn": _REVIEW_WITHDRAWN,
        "skill.assessed": _l("A manager assessed %(person)s in %(skill)s."),
    },
    "export": {
        "audit.exported": _l("The audit log was exported: %(count)s entries."),
        "archive.exported": _l("All records of %(person)s were exported as an archive."),
        "archive.imported": _l("An archive was imported into the account of %(person)s."),
        "portfolio.exported": _l("The portfolio of %(actor)s was exported as %(format)s."),
        "portfolio.link_made": _l("A public link to the portfolio of %(actor)s was created."),
        "portfolio.link_revoked": _l("A public link to the portfolio of %(actor)s was revoked."),
        "badge.issued": _l("A badge was issued to %(person)s."),
        "badge.revoked": _l("A badge of %(person)s was revoked."),
        "calendar.address_made": _l("An address for the calendar of %(actor)s was created."),
        "calendar.address_revoked": _l("The address of the calendar of %(actor)s was revoked."),
        "team.exported": _l("The matrix of the team %(team)s was exported as %(format)s."),
        "people.exported": _l(
            "The matrix of everyone %(actor)s can see was exported as %(format)s: "
            "%(shown)s of %(people)s."
        ),
    },
    "token": {
        "token.created": _l("The API token “%(name)s” to %(scope)s was created for %(person)s."),
        "token.revoked": _l("The API token “%(name)s” of %(person)s was revoked."),
        "token.refused": _l("The API refused an address that sent too many wrong tokens."),
    },
    "refusal": {
        "access.refused": _l("Refused: %(target)s"),
        "seal.refused": _l("A form was refused: its security token did not match."),
    },
    "keeping": {
        "audit.pruned": _l("Entries from before %(target)s were removed: %(count)s of them."),
        "badges.keys_rotated": _l("New keys for signing badges were created."),
        "backup.created": _l("The backup %(target)s was created."),
        "backup.restored": _l("The backup %(target)s was restored."),
        "roadmap.published": _l("Revision %(revision)s of the roadmap %(roadmap)s was published."),
        "roadmap.loaded": _l("Roadmap files were loaded: %(target)s."),
        "roadmap.withdrawn": _l("The roadmap %(target)s was withdrawn."),
        "roadmap.refused": _l("Roadmap files were not loaded: %(reason)s"),
        "market.imported": _l("Pay by state was imported from %(target)s."),
        "demo.loaded": _l("The demo was loaded: %(target)s people."),
    },
}
# Actions of the job process, or of an equivalent command.
JOB_ACTIONS = frozenset({"account.erased", "audit.pruned"})
ACTIONS_BY_KIND = {kind: [*messages] for kind, messages in MESSAGES_BY_KIND.items()}
# Failed sign-ins, invitations and tokens are listed both under their own kind and as refusals.
ACTIONS_BY_KIND["refusal"] += [
    action
    for kind in ("sign-in", "invitation", "token")
    for action in MESSAGES_BY_KIND[kind]
    if action.endswith((".failed", ".refused"))
]
MESSAGES = {key: text for messages in MESSAGES_BY_KIND.values() for key, text in messages.items()}


def collect_ids(entries: Iterable[AuditEntry]) -> set[uuid.UUID]:
    """Return all ids of people and targets in these entries."""
    ids = ((entry.actor_id, parse_uuid(entry.target), _person_id(entry)) for entry in entries)
    return {found for three in ids for found in three if found}


def render_lines(
    entries: Iterable[AuditEntry], names: Mapping[uuid.UUID | None, str]
) -> list[tuple[AuditEntry, str, str]]:
    """Return each entry with its message, and its actor's name or other origin.

    `names` has the names of people who still have an account, by id.
    """
    placeholder = _("a former colleague")
    return [
        (entry, _render_message(entry, names, placeholder), _name_actor(entry, names, placeholder))
        for entry in entries
    ]


def _name_actor(entry: AuditEntry, names: Mapping[uuid.UUID | None, str], placeholder: str) -> str:
    if entry.actor_id or (entry.data or {}).get("actor_erased"):
        return names.get(entry.actor_id, placeholder)
    if entry.action in JOB_ACTIONS and not (entry.data or {}).get("cause"):
        return _("the job process")
    return _("someone not signed in") if entry.address else _("on the command line")


def _render_message(
    entry: AuditEntry, names: Mapping[uuid.UUID | None, str], placeholder: str
) -> str:
    if entry.action not in MESSAGES:
        return _("Other: %(action)s", action=entry.action)
    data = entry.data or {}
    who = _person_id(entry) or parse_uuid(entry.target)
    # Older entries only have the slug of a team and the key of a format.
    team = data.get("team_name") or data.get("team") or entry.target
    role = noun_with_article(data.get("role"))
    scopes = {"read": _("read"), "write": _("read and write")}
    before = data.get("before")
    target = entry.target
    if entry.action == "audit.pruned" and target:
        target = date_filter(dt.date.fromisoformat(target))
    values = {
        # Values that entries of older releases may lack.
        **dict.fromkeys(("count", "name", "reason", "revision", "shown")),
        **data,
        "target": target,
        "person": names.get(who, placeholder),
        "actor": names.get(entry.actor_id, placeholder),
        "team": team,
        "role": role,
        "before": before["name"] if isinstance(before, dict) else noun_with_article(before),
        "parent": data.get("parent_name"),
        "scope": scopes.get(str(data.get("scope")), ""),
        "format": data.get("format") or entry.target,
        "people": ngettext("%(num)d person", "%(num)d people", int(data.get("people", 0))),
        "skill": data.get("skill") or _("a skill"),
        "roadmap": data.get("title") or entry.target,
        "guest": data.get("email") or _("anyone who has the link"),
        "place": _("the team %(team)s as %(role)s", team=team, role=role)
        if data.get("team")
        else "Cairn",
    }
    # User-supplied names are inserted only here, and the page escapes the result.
    text = " ".join(str(message) % values for message in _choose_messages(entry, who, data))
    return text[0].upper() + text[1:] if text.startswith(placeholder) else text


def _choose_messages(
    entry: AuditEntry, who: uuid.UUID | None, data: Mapping[str, Any]
) -> list[LazyString]:
    """Return the messages for an entry, which may depend on its data."""
    message = MESSAGES[entry.action]
    match entry.action:
        case "membership.added" if entry.actor_id != who:
            # Someone else added the person. A person who accepts an invitation joined.
            message = _l("%(person)s was added to the team %(team)s as %(role)s.")
        case "account.created" if data.get("administrator"):
            message = _l("The account of %(person)s was created, as an administrator.")
        case "account.erased" if data.get("cause") == "restore":
            message = _l("An account restored from a backup was deleted for good again.")
        case "account.email_changed" if data.get("confirmed_only"):
            message = _l("The e-mail address of %(person)s was confirmed.")
        case "team.exported" if data.get("filtered"):
            message = _l(
                "The matrix of the team %(team)s was exported as %(format)s, filtered: %(shown)s "
                "of %(people)s."
            )
        case "roadmap.loaded" if data.get("unchanged"):
            message = _l("Roadmap files were read, and nothing changed: %(target)s.")
        case "session.revoked" if "count" in data:
            message = _l("All other browsers were signed out: %(count)s.")
        case "access.refused" if _person_id(entry):
            message = _l("Refused: %(target)s, about %(person)s.")
        case "team.changed" if "team_name" in data:
            return _team_changes(data)
    # Repeated refusals are counted, see `auth/refusals.py`.
    if "times" not in data:
        return [message]
    if data["times"] == 1:
        return [message, _l("Repeated once.")]
    if data.get("several"):
        return [message, _l("Repeated %(times)s times, from several addresses.")]
    return [message, _l("Repeated %(times)s times.")]


def _team_changes(data: Mapping[str, Any]) -> list[LazyString]:
    changes = []
    if data["before"]["name"] != data["team_name"]:
        changes.append(_l("The team %(before)s was renamed to %(team)s."))
    if data["moved"] and data["parent_name"]:
        changes.append(_l("The team %(team)s was nested in %(parent)s."))
    elif data["moved"]:
        changes.append(_l("The team %(team)s is no longer nested in another team."))
    return changes


def _person_id(entry: AuditEntry) -> uuid.UUID | None:
    return parse_uuid((entry.data or {}).get("person"))
