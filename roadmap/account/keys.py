"""The keys that pages answer to, as they are listed. `static/keys.js` and `palette.js` do it."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import LazyString

from roadmap.core.i18n import lazy_gettext as _l


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Keys, any of which does the same, and what they do.

    `needs` is a CSS selector of what they work with, "" for the rows of a list; a page without it
    does not list them.
    """

    keys: tuple[str, ...]
    does: LazyString
    needs: str | None = None


# Those that can be switched off.
SINGLE_KEYS = (
    Shortcut(("j",), _l("Next row of a list"), ""),
    Shortcut(("k",), _l("Previous row"), ""),
    Shortcut(
        ("x",),
        _l("Tick or untick the milestone of the row, or select the piece"),
        "[data-tick], main [aria-keyshortcuts=x]",
    ),
    Shortcut(
        ("e",),
        _l("Add evidence for the milestone, or edit the piece of evidence"),
        "[data-edit], main [aria-keyshortcuts=e]",
    ),
    Shortcut(("c",), _l("Go to the line that captures evidence")),
    Shortcut(("n",), _l("In a review: the next one"), "main [aria-keyshortcuts=n]"),
    Shortcut(("/",), _l("Go to the search field of the page, or search everything")),
    Shortcut(("?",), _l("Show this list")),
)
OTHER_KEYS = (
    Shortcut(
        ("Ctrl K", "⌘ K"), _l("Search everything: milestones, evidence, skills, people, pages")
    ),
    Shortcut(("↓", "↑"), _l("Next and previous row, once a row has the focus"), ""),
    Shortcut(("Enter",), _l("Open or unfold the row"), ""),
    Shortcut(("Esc",), _l("Close a menu or this list")),
)
