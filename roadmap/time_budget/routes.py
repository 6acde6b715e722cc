"""The pages of the week."""

from __future__ import annotations

from roadmap.time_budget import queries
from roadmap.time_budget.blueprint import time_budget

__all__ = ["queries", "time_budget"]
