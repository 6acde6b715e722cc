"""The pages of this room."""

from __future__ import annotations

from roadmap.notify import models
from roadmap.notify.blueprint import notify

__all__ = ["models", "notify"]
