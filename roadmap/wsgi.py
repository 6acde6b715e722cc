"""The application for a WSGI server: `granian --interface wsgi roadmap.wsgi:app`."""

from __future__ import annotations

from roadmap import create_app

app = create_app()
