"""The base of all gate types.

A gate type consists of its settings model in `catalog.gates` and a module in this package with the
name of the type, whose `Rule` evaluates it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from roadmap.readiness.messages import Message

if TYPE_CHECKING:
    from roadmap.catalog.gates import GateSettings
    from roadmap.catalog.policy import Policy
    from roadmap.readiness.tally import Tally


@dataclass(frozen=True, slots=True)
class GateResult:
    """An evaluated gate. `opens` says what is missing, or is None if the gate is passed.

    `place` is where the person can work towards it: a word and a key known to
    `presentation.SourceLinks` (stage, skill, background, impact of a type, evidence of a kind, or
    new evidence).
    """

    key: str
    title: str
    passed: bool
    reason: Message
    opens: Message | None
    place: tuple[str, str]


@dataclass(frozen=True)
class GateRule(ABC):
    """A gate of a policy and its evaluation."""

    settings: GateSettings

    @property
    def key(self) -> str:
        """Return the key of the gate in the policy."""
        return self.settings.key

    @abstractmethod
    def check(self, tally: Tally) -> GateResult:
        """Evaluate the gate."""

    @property
    def years(self) -> Fraction | None:
        """Return the required years of ML engineering, or None."""
        return None

    def next_change_on(self, tally: Tally) -> date | None:
        """Return when the gate can change by time alone, ignoring lapses and years of work."""
        return None

    def result(
        self, reason: Message, opens: Message, *, passed: bool, place: tuple[str, str]
    ) -> GateResult:
        """Return the result; `opens` is dropped if the gate is passed."""
        return GateResult(
            self.key, self.settings.title, passed, reason, None if passed else opens, place
        )


def gate_rules(policy: Policy) -> list[GateRule]:
    """Return the gates of a policy, in its order."""
    return [_rule(settings.type)(settings) for settings in policy.gates]


def years_required(policy: Policy) -> Fraction | None:
    """Return the years of ML engineering required by a policy's gates, or None."""
    return max((rule.years for rule in gate_rules(policy) if rule.years is not None), default=None)


@cache
def _rule(gate_type: str) -> type[GateRule]:
    rule: type[GateRule] = import_module(f"roadmap.readiness.gates.{gate_type}").Rule
    return rule
