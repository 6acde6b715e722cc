"""A local SMTP server for mail tests."""

from __future__ import annotations

from email.message import Message as EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message


class Mailbox(Message):
    """Store received messages in `mails`."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[EmailMessage] = []

    def handle_message(self, message: EmailMessage) -> None:
        self.mails.append(message)


class FreePortController(Controller):
    """Listen on a port chosen by the system. The controller needs the port to check itself."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]
