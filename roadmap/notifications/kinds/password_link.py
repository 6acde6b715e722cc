"""Somebody else created a link with which the reader's password can be set."""

from __future__ import annotations

from flask_babel import LazyString
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Content, Event, Kind, Mail
from roadmap.people.models import User


class PasswordLinkCreated(Kind):
    """Always mailed, because anyone who has such a secret can act as the reader.

    The texts take `who`, or none for the command line; `advice` takes `link`.
    """

    key = "password_link"
    follows = frozenset({"account.password_link_created"})
    is_always_mailed = True
    subject = _l("A link to set your password on Cairn was created")
    by_person = _l("%(who)s created a link with which a new password can be set for your account.")
    by_command = _l(
        "A link with which a new password can be set for your account was created on the command "
        "line."
    )
    advice = _l("If you do not expect it, %(link)s: that ends the link.")
    link_text = _l("change your password")
    href = "/account/password"

    def handle(self, session: Session, event: Event) -> None:
        if event.by == event.user_id:
            return
        person = session.get_one(User, event.user_id)
        actor_name = session.get_one(User, event.by).name if event.by else ""
        # A person who never had a password is new here, and has nothing at risk yet.
        kind = self if person.password_hash else FIRST_PASSWORD_LINK
        create_notifications(
            session, kind, [person], actor_id=event.by, actor_name=actor_name, now=event.now
        )

    def label(self, content: Content) -> str:
        return str(self.link_text)

    def path(self, content: Content) -> str:
        return self.href

    def sentence(self, content: Content, link: Markup) -> Markup:
        return escape(f"{self._choose_text(content)} {self.advice}") % {
            "who": content.actor_name,
            "link": link,
        }

    def mail(self, content: Content) -> Mail:
        words = {"who": content.actor_name, "link": self.link_text}
        return Mail(
            str(self.subject),
            f"{self._choose_text(content)} {self.advice}" % words,
            _("You get this mail because it is about who can sign in as you."),
            self.path(content),
        )

    def _choose_text(self, content: Content) -> LazyString:
        return self.by_person if content.actor_name else self.by_command


class _FirstPasswordLink(PasswordLinkCreated):
    """The same for a new account: its mail welcomes, and leads to where one gets a link."""

    follows = frozenset()

    def mail(self, content: Content) -> Mail:
        return Mail(
            _("Welcome to Cairn: you have an account"),
            _(
                "An account was created for you on Cairn. The person who created it has a link for "
                "you, with which you set your password. If it does not reach you, enter this "
                "address on the page below, and a link is mailed here. Without a password nobody "
                "can sign in."
            ),
            _("You get this mail because somebody created an account with your address."),
            "/password/forgot",
        )


FIRST_PASSWORD_LINK = _FirstPasswordLink()
