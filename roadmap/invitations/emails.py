"""Invitation mails and links, and proofs of an address for an invitation without one.

A proof is signed and not stored. The invitation stays open until it is accepted.
"""

from __future__ import annotations

import datetime as dt

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

from roadmap.core.i18n import _, show_date, show_date_to
from roadmap.core.proxy import public_base_url
from roadmap.invitations.models import Invitation
from roadmap.mail.models import OutgoingMail
from roadmap.people.models import User
from roadmap.people.roles import ROLES

# The source kind of invitation mails in the outbox.
MAIL_SOURCE = "invitation"
PROOF_LIFETIME = dt.timedelta(hours=24)


def invitation_url(token: str) -> str:
    """Return the public URL of an invitation."""
    return f"{public_base_url()}/invitations/{token}"


def render_address_mail(invitation: Invitation, email: str, token: str) -> OutgoingMail:
    """Return the mail that verifies an address entered on an invitation without one."""
    body = _(
        "Hello,\n\n"
        "Someone, probably you, has an invitation to Cairn and entered this address.\n"
        "Open this link within 24 hours to accept the invitation:\n\n"
        "%(link)s\n\n"
        "If it was not you, ignore this mail and nothing will happen.\n",
        link=f"{invitation_url(token)}?address={sign_email(invitation, email)}",
    )
    return OutgoingMail(
        recipient=email,
        subject=_("Confirm your e-mail address for Cairn"),
        body=body,
        source_kind=MAIL_SOURCE,
        source_id=invitation.id,
        address_is_fixed=True,
    )


def render_invitation_mail(invitation: Invitation, token: str, reader: User | None) -> OutgoingMail:
    """Return the mail with an invitation: inviter, team, link and expiry date.

    `reader` is the account with this address, if any; its time zone and format apply to the date.
    The default is UTC.
    """
    expires_at, inviter, team = invitation.expires_at, invitation.inviter, invitation.team
    name = who = invitation.inviter_name
    if inviter is not None and inviter.email_key:
        # Unconfirmed addresses may be somebody else's.
        who = f"{name} ({inviter.email})"
    if reader is None:
        day = _("%(day)s (UTC)", day=show_date(expires_at.astimezone(dt.UTC).date()))
    else:
        day = show_date_to(reader, expires_at)
    if team is None:
        subject = _("%(name)s invites you to Cairn", name=name)
        to_what = _("%(name)s invites you to create an account on Cairn.", name=who)
    else:
        subject = _("%(name)s invites you to %(team)s on Cairn", name=name, team=team.name)
        to_what = str(ROLES[invitation.role].invitation) % {"name": who, "team": team.name}
    body = _(
        "%(hello)s,\n\n"
        "%(to_what)s\n"
        "This link is for %(address)s. It works once, until %(day)s:\n\n"
        "%(link)s\n\n"
        "Before you accept, the page shows what others will see of you. If you did not expect "
        "this, ignore this mail and nothing will happen.\n",
        hello=_("Hello %(name)s", name=reader.name) if reader else _("Hello"),
        to_what=to_what,
        address=invitation.email,
        day=day,
        link=invitation_url(token),
    )
    return OutgoingMail(
        recipient=invitation.email,
        subject=subject,
        body=body,
        user_id=reader.id if reader else None,
        source_kind=MAIL_SOURCE,
        source_id=invitation.id,
        address_is_fixed=True,
    )


def sign_email(invitation: Invitation, email: str) -> str:
    """Return a signed proof of the address, for a link that is only mailed to it."""
    return _serializer().dumps([invitation.id.hex, email])


def read_signed_email(invitation: Invitation, proof: str) -> str:
    """Return the address in a proof, or "" if it is invalid, expired or for another invitation."""
    try:
        invitation_id, email = _serializer().loads(
            proof, max_age=int(PROOF_LIFETIME.total_seconds())
        )
    except (BadData, ValueError):
        return ""
    return str(email) if invitation_id == invitation.id.hex else ""


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="address of an invitation")
