"""The mail about a notification."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from roadmap.notifications.kind import Content, Kind
from roadmap.people.models import User


@dataclass(frozen=True, slots=True)
class Email:
    subject: str
    body: str


def render_email(kind: Kind, reader: User, content: Content) -> Email | None:
    """Render the mail in the language of its reader; None for a kind that is not mailed."""
    base = str(current_app.config["BASE_URL"]).rstrip("/")
    with force_locale(reader.locale):
        if (mail := kind.mail(content)) is None:
            return None
        body = _(
            "Hello %(name)s,\n\n%(what)s\n\n%(link)s\n\n%(why)s\n"
            "Mails like this can be switched off: %(switch)s\n",
            name=reader.name,
            what=mail.text,
            link=base + mail.path,
            why=mail.reason,
            switch=f"{base}/account#mail",
        )
        return Email(mail.subject, body)
