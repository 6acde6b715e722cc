"""Right-to-left names and titles do not reorder the text around them."""

from __future__ import annotations

from flask import Flask, render_template_string

from roadmap.core.i18n import gettext, ngettext

NAME = "محمد (أبو علي)"
ISOLATED = f"\u2068{NAME}\u2069"


def test_gettext_isolates_names_from_text_direction(app: Flask) -> None:
    with app.test_request_context():
        assert gettext("%(name)s: v2 (2026)", name=NAME) == f"{ISOLATED}: v2 (2026)"
        assert ngettext("%(name)s", "%(num)d", 1, name=NAME) == ISOLATED
        assert gettext("%(name)s, %(n)d", name="Zoë", n=2) == "Zoë, 2"


def test_template_isolates_and_escapes_names(app: Flask) -> None:
    text = "{{ _('By %(name)s', name=name) }}|{{ ngettext('%(name)s', '%(name)s', 2, name=name) }}"
    with app.test_request_context():
        assert render_template_string(text, name=NAME) == f"By {ISOLATED}|{ISOLATED}"
        assert render_template_string(text, name="<b>") == "By &lt;b&gt;|&lt;b&gt;"
