"""Somebody else created an API token for the reader."""

from __future__ import annotations

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.kinds.password_link import PasswordLinkCreated


class ApiTokenCreated(PasswordLinkCreated):
    key = "api_token"
    follows = frozenset({"account.token_created"})
    subject = _l("An API token for your account on Cairn was created")
    by_person = _l("%(who)s created an API token for your account.")
    by_command = _l("An API token for your account was created on the command line.")
    advice = _l("If you do not expect it, %(link)s.")
    link_text = _l("revoke it")
    href = "/account/tokens"
