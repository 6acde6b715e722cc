"""Somebody else created an API token for the reader."""

from __future__ import annotations

from roadmap.core.i18n import _l
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Event
from roadmap.notifications.kinds.password_link import PasswordLinkCreated


class ApiTokenCreated(PasswordLinkCreated):
    key = "api_token"
    handled_actions = frozenset({"account.token_created"})
    text = _l("%(who)s created an API token for your account.")
    text_without_name = _l("An API token for your account was created on the command line.")
    mail_subject = _l("An API token for your account on Cairn was created")
    advice = _l("If you did not expect this, %(link)s.")
    link_text = _l("revoke it")
    href = "/account/tokens"

    def handle(self, event: Event) -> None:
        if event.by != event.user_id:
            notify(self, event, [event.person])
