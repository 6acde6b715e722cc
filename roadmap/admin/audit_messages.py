"""Describe the entries of the audit log. They name people, teams and addresses, never records."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from roadmap.people.models import AuditEntry
from roadmap.people.roles import ROLES

# The kinds by which the log can be filtered.
KINDS: dict[str, LazyString] = {
    "sign-in": _l("Signing in"),
    "account": _l("Accounts and roles"),
    "team": _l("Teams"),
    "invitation": _l("Invitations"),
    "review": _l("Reviews and assessments"),
    "export": _l("Exports and links"),
    "token": _l("API tokens"),
    "refusal": _l("Refusals"),
    "keeping": _l("Backups and contents"),
}
# One sentence for both, because the result of a review is private to its author.
_EVIDENCE_REVIEWED = _l("A piece of evidence was reviewed.")
MESSAGES_BY_KIND: dict[str, dict[str, LazyString]] = {
    "sign-in": {
        "session.begun": _l("Signed in."),
        "session.ended": _l("Signed out."),
        "session.revoked": _l("A browser was signed out from another one."),
        "session.failed": _l("Signing in as %(target)s failed."),
        "session.refused": _l("Signing in as %(target)s was refused: too many attempts."),
        "link.refused": _l("A password link was refused: too many attempts."),
        "password.changed": _l("The password of %(person)s was changed."),
        "password.link_made": _l("A password link was created for %(person)s."),
        "password.failed": _l("A wrong password was entered at a confirmation."),
        "password.refused": _l("A password confirmation was refused: too many attempts."),
        "reset.refused": _l("A password link for %(target)s was refused: too many attempts."),
    },
    "account": {
        "account.created": _l("The account of %(person)s was created."),
        "account.email_changed": _l("The e-mail address of %(person)s was changed."),
        "account.deactivated": _l("The account of %(person)s was deactivated."),
        "account.reactivated": _l("The account of %(person)s was reactivated."),
        "role.granted": _l("%(person)s became an administrator."),
        "role.withdrawn": _l("%(person)s is no longer an administrator."),
    },
    "team": {
        "team.created": _l("The team %(team)s was created."),
        "team.changed": _l("The team %(team)s was renamed or moved."),
        "team.deleted": _l("The team %(team)s was deleted."),
        "membership.added": _l("%(person)s joined the team %(team)s as %(role)s."),
        "membership.role_changed": _l("%(person)s became %(role)s in the team %(team)s."),
        "membership.removed": _l("%(person)s was removed from the team %(team)s."),
        "membership.left": _l("%(person)s left the team %(team)s."),
    },
    "invitation": {
        "invitation.created": _l("An invitation to %(place)s was created for %(guest)s."),
        "invitation.accepted": _l("An invitation to %(place)s was accepted."),
        "invitation.revoked": _l("An invitation to %(place)s was revoked."),
        "invitation.refused": _l("An invitation was refused: too many attempts."),
    },
    "review": {
        "evidence.verified": _EVIDENCE_REVIEWED,
        "evidence.returned": _EVIDENCE_REVIEWED,
        "evidence.verification_withdrawn": _l("A verification of evidence was taken back."),
        "skill.assessed": _l("A manager assessed a skill of %(person)s."),
    },
    "export": {
        "portfolio.exported": _l("A portfolio was exported as %(target)s."),
        "portfolio.link_made": _l("A public link to a portfolio was created."),
        "portfolio.link_revoked": _l("A public link to a portfolio was revoked."),
        "team.exported": _l("The matrix of the team %(team)s was exported."),
    },
    "token": {
        "token.created": _l("An API token to %(scope)s was created for %(person)s."),
        "token.revoked": _l("An API token of %(person)s was revoked."),
        "token.refused": _l("The API refused an address that sent too many wrong tokens."),
    },
    "refusal": {
        "access.refused": _l("Refused: %(target)s"),
        "seal.refused": _l("A form was refused: its security token did not match."),
    },
    "keeping": {
        "backup.created": _l("A backup was created."),
        "backup.restored": _l("A backup was restored."),
        "roadmap.published": _l("A new revision of the roadmap %(target)s was published."),
        "demo.loaded": _l("The demo was loaded: %(target)s people."),
    },
}
MESSAGES = {key: text for messages in MESSAGES_BY_KIND.values() for key, text in messages.items()}
# Who joins does so by an invitation; anybody else is put in.
_ADDED_TO_TEAM = _l("%(person)s was added to the team %(team)s as %(role)s.")


def collect_ids(entries: Iterable[AuditEntry]) -> set[uuid.UUID]:
    """Return the ids in these entries: of people, and of anything else that is a target."""
    ids = ((entry.actor_id, _parse_id(entry.target), _person_id(entry)) for entry in entries)
    return {found for three in ids for found in three if found}


def render_lines(
    entries: Iterable[AuditEntry], names: Mapping[uuid.UUID | None, str]
) -> list[tuple[AuditEntry, str, str]]:
    """Describe the entries, each with the name of its actor, if it has one.

    `names` has the people who still have an account, by id.
    """
    gone = _("Someone without an account")
    return [
        (entry, _render_message(entry, names, gone), names.get(entry.actor_id, gone))
        for entry in entries
    ]


def _render_message(entry: AuditEntry, names: Mapping[uuid.UUID | None, str], gone: str) -> str:
    said = MESSAGES.get(entry.action)
    if said is None:
        return _("Something else: %(action)s", action=entry.action)
    data = entry.data or {}
    who = _person_id(entry) or _parse_id(entry.target)
    role = ROLES.get(str(data.get("role")))
    scopes = {"read": _("read"), "write": _("read and write")}
    if entry.action == "membership.added" and entry.actor_id != who:
        said = _ADDED_TO_TEAM
    # Names that people chose are inserted here only, and the page escapes the result.
    return str(said) % {
        "target": entry.target,
        "person": names.get(who, gone),
        "team": entry.target,
        "role": role.noun if role else "",
        "scope": scopes.get(str(data.get("scope")), ""),
        "guest": data.get("email") or _("anyone who has the link"),
        "place": _("the team %(team)s", team=data["team"]) if data.get("team") else "Cairn",
    }


def _person_id(entry: AuditEntry) -> uuid.UUID | None:
    return _parse_id(str((entry.data or {}).get("person", "")))


def _parse_id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
