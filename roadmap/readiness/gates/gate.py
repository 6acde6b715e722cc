"""What every type of gate has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from roadmap.readiness.messages import Message

if TYPE_CHECKING:
    from roadmap.catalog.gates import GateSettings
    from roadmap.readiness.tally import Tally


@dataclass(frozen=True, slots=True)
class GateResult:
    """A gate as it stands for somebody; `opens` is None where it has been passed."""

    key: str
    title: str
    passed: bool
    reason: Message
    opens: Message | None


@dataclass(frozen=True)
class GateRule(ABC):
    """A gate of a policy, and how it is judged."""

    settings: GateSettings

    @property
    def key(self) -> str:
        """Return the key that the policy gives it."""
        return self.settings.key

    @abstractmethod
    def check(self, tally: Tally) -> GateResult:
        """Judge the gate."""

    @property
    def years(self) -> Fraction | None:
        """Return the years of ML engineering that it asks for, None where it asks for none."""
        return None

    def next_change_on(self, tally: Tally) -> date | None:
        """Return the day on which it may change by itself, lapsing and years of work aside."""
        return None

    def _passed(self, reason: Message) -> GateResult:
        return GateResult(self.key, self.settings.title, passed=True, reason=reason, opens=None)

    def _not_passed(self, reason: Message, opens: Message) -> GateResult:
        return GateResult(self.key, self.settings.title, passed=False, reason=reason, opens=opens)
