"""Cairn: a self-hosted learning-roadmap tracker.

`flask --app roadmap …` and every server find the factory here.
"""

from roadmap.app import create_app
from roadmap.core.config import VERSION as __version__

__all__ = ["__version__", "create_app"]
