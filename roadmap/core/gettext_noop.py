"""Mark texts for translators in modules that load before a translation is possible."""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802 - the name that gettext tools look for
    """Mark a template for the translators and return it unchanged."""
    return text


def ngettext_noop(one: str, many: str) -> tuple[str, str]:
    """Mark a template with its plural for the translators and return both unchanged."""
    return one, many
