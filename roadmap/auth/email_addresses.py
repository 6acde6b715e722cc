"""E-mail addresses: checking, comparing and masking them."""

from __future__ import annotations

import unicodedata

from email_validator import EmailNotValidError, validate_email

from roadmap.core.text import strip_control_characters


def email_key(email: str) -> str:
    """The form in which e-mail addresses are compared: NFKC, case folded, trimmed.

    Without control characters, which PostgreSQL would refuse.
    """
    folded = unicodedata.normalize("NFKC", strip_control_characters(email)).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


def parse_email(text: str) -> str:
    """The address as it is written to. Raises ValueError with a reason in English."""
    try:
        found = validate_email(
            unicodedata.normalize("NFKC", text).strip(),
            check_deliverability=False,
            # A house may have names of its own, which only its own network knows.
            test_environment=True,
            strict=True,
        )
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
    if "=?" in found.normalized:
        # A mail program would decode it, and write to somebody else.
        raise ValueError("An address with “=?” in it is not written to.")
    if len(found.normalized) > 320:
        raise ValueError("The e-mail address is too long.")
    return found.normalized


def mask_email(email: str) -> str:
    """An address that its owner recognises and nobody else learns: `a…@example.org`."""
    local, _at, host = email.rpartition("@")
    return f"{local[:1]}…@{host}"
