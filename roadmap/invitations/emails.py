"""Invitation mails and links."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import show_date
from roadmap.core.proxy import public_base_url
from roadmap.invitations.email_proof import sign_email
from roadmap.invitations.models import Invitation
from roadmap.mail import outbox
from roadmap.people.models import User
from roadmap.people.roles import ROLES

# The source kind of invitation mails in the outbox.
MAIL_SOURCE = "invitation"


def invitation_url(token: str) -> str:
    """Return the public URL of an invitation."""
    return f"{public_base_url()}/invitations/{token}"


def render_address_mail(invitation: Invitation, email: str, token: str) -> outbox.Mail:
    """Return the mail that verifies an address entered on an invitation without one."""
    body = _(
        "Hello,\n\n"
        "Someone, probably you, has an invitation to Cairn and entered this address.\n"
        "Open this link within 24 hours to accept the invitation:\n\n"
        "%(link)s\n\n"
        "If it was not you, ignore this mail and nothing will happen.\n",
        link=f"{invitation_url(token)}?address={sign_email(invitation, email)}",
    )
    return outbox.Mail(
        email,
        _("Confirm your e-mail address for Cairn"),
        body,
        source=outbox.Source(MAIL_SOURCE, invitation.id),
        address_is_fixed=True,
    )


def render_invitation_mail(invitation: Invitation, token: str, reader: User | None) -> outbox.Mail:
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
        day = show_date(expires_at.astimezone(ZoneInfo(reader.timezone)).date(), reader.locale)
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
    return outbox.Mail(
        invitation.email,
        subject,
        body,
        user_id=reader.id if reader else None,
        source=outbox.Source(MAIL_SOURCE, invitation.id),
        address_is_fixed=True,
    )
