"""Mark texts for translation in modules that load before translations are available."""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802 - the name that gettext tools look for
    """Mark a text for extraction and return it unchanged."""
    return text


def ngettext_noop(one: str, many: str) -> tuple[str, str]:
    """Mark a singular and plural for extraction and return both unchanged."""
    return one, many
