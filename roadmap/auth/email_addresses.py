"""E-mail addresses: validate, compare and mask them."""

from __future__ import annotations

from roadmap.core.text import ascii_domain, normalize, strip_control_characters


def email_key(email: str) -> str:
    """Return an address normalized for comparison: NFKC, case-folded, with an A-label domain.

    Browsers send `bücher.example` as `xn--bcher-kva.example`. Control characters are removed,
    because PostgreSQL rejects them.
    """
    address = normalize("NFKC", strip_control_characters(email)).strip()
    local, _at, domain = address.rpartition("@") if "@" in address else (address, "", "")
    folded = normalize("NFKC", local.casefold())
    return f"{folded}{_at}{ascii_domain(domain)}"


def parse_email(text: str) -> str:
    """Return the normalized address. Raises ValueError with a reason in English."""
    # Imported here because it compiles large patterns, which would delay the start.
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(
            normalize("NFKC", text).strip(),
            check_deliverability=False,
            # Allows domains of internal networks.
            test_environment=True,
            strict=True,
        )
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
    if "=?" in found.normalized:
        # A mail program would decode it and send to another address.
        raise ValueError("An address with “=?” in it is not written to.")
    if len(found.normalized) > 320:
        raise ValueError("The e-mail address is too long.")
    return found.normalized


def mask_email(email: str) -> str:
    """Mask an address so that only its owner recognises it: `a…@example.org`."""
    local, _at, host = email.rpartition("@")
    return f"{local[:1]}…@{host}"
