"""Marking texts for the translators where no translation can happen yet."""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802 - the name that gettext tools look for
    """Mark a template for the translators and return it unchanged."""
    return text
