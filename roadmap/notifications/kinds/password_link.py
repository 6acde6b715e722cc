"""Somebody else created a link for setting the reader's password."""

from __future__ import annotations

from typing import ClassVar

from flask_babel import LazyString

from roadmap.core.i18n import _l
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Content, Event, Kind


class PasswordLinkCreated(Kind):
    """Always mailed, because anyone who has the link can act as the reader."""

    key = "password_link"
    handled_actions = frozenset({"account.password_link_created"})
    is_always_mailed = True
    text = _l("%(who)s created a link to set a new password for your account.")
    text_without_name = _l(
        "A link to set a new password for your account was created on the command line."
    )
    mail_subject = _l("A link to set your password on Cairn was created")
    mail_reason = _l("You get this mail because it is about who can sign in as you.")
    # Follows the text, and says what the reader can do.
    advice: ClassVar[LazyString] = _l(
        "If you did not expect this, %(link)s: the link then no longer works."
    )
    link_text: ClassVar[LazyString] = _l("change your password")
    href: ClassVar[str] = "/account/password"

    def handle(self, event: Event) -> None:
        if event.by != event.user_id:
            # An account without a password is new, and nothing is at risk yet.
            notify(self if event.person.password_hash else _FIRST, event, [event.person])

    def label(self, content: Content) -> str:
        return str(self.link_text)

    def path(self, content: Content) -> str:
        return self.href

    def choose_text(self, content: Content) -> str:
        return f"{super().choose_text(content)} {self.advice}"


class _FirstPasswordLink(PasswordLinkCreated):
    """The variant for a new account: a welcome mail with the page for requesting a link."""

    mail_subject = _l("Welcome to Cairn: you have an account")
    mail_text = _l(
        "An account was created for you on Cairn. The person who created it has a link "
        "for you to set your password. If you do not receive it, enter this address on "
        "the page below to have a link mailed to you. No one can sign in until the "
        "password is set."
    )
    mail_reason = _l("You get this mail because someone created an account with your address.")
    href = "/password/forgot"


_FIRST = _FirstPasswordLink()
