"""Cairn: a self-hosted learning-roadmap tracker.

`flask --app roadmap …` and every server find the factory here.
"""

from roadmap.app import create_app

__all__ = ["create_app"]
