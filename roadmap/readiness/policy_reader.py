"""Reading a policy's data strictly: every fault is named by the key at which it stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction
from math import isfinite


class PolicyError(ValueError):
    """A policy that cannot be used; `key` is the dotted path below `readiness:`."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"readiness.{key}: {problem}" if key else f"readiness: {problem}")
        self.key = key
        self.problem = problem


class PolicyReader:
    """One mapping of the policy's data; it remembers what was read so that `close` finds typos."""

    def __init__(self, data: object, path: str = "") -> None:
        if not isinstance(data, Mapping):
            raise PolicyError(path, "must be a mapping")
        self._data = data
        self._path = path
        self._read: set[str] = set()

    def at(self, name: str) -> str:
        """Return the dotted path of one of its keys."""
        return f"{self._path}.{name}" if self._path else name

    def names(self) -> tuple[str, ...]:
        """Return its keys, in the order of the file."""
        return tuple(str(name) for name in self._data)

    def has(self, name: str) -> bool:
        """Tell whether the key is there and holds something."""
        return self._data.get(name) is not None

    def raw(self, name: str) -> object:
        """Return the value as it stands; a missing key is a fault."""
        self._read.add(name)
        if not self.has(name):
            raise PolicyError(self.at(name), "is missing")
        return self._data[name]

    def number(self, name: str, low: Fraction | int = 0, high: Fraction | int = 1000) -> Fraction:
        """Return a number as written, 0.3 being three tenths, within `low` to `high`."""
        value = self.raw(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
            raise PolicyError(self.at(name), "must be a number")
        exact = Fraction(str(value))
        if not low <= exact <= high:
            raise PolicyError(self.at(name), f"must be from {low} to {high}")
        return exact

    def whole(self, name: str, low: int = 0, high: int = 100_000) -> int:
        """Return a whole number within `low` to `high`."""
        exact = self.number(name, low, high)
        if exact.denominator != 1:
            raise PolicyError(self.at(name), "must be a whole number")
        return int(exact)

    def text(self, name: str) -> str:
        """Return a text that is not blank."""
        value = self.raw(name)
        if not isinstance(value, str) or not value.strip():
            raise PolicyError(self.at(name), "must be a text")
        return value

    def words(self, name: str, allowed: Collection[str], *, least: int = 1) -> tuple[str, ...]:
        """Return a list of different words, each among `allowed`, at least `least` of them."""
        value = self.raw(name)
        if not isinstance(value, (list, tuple)):
            raise PolicyError(self.at(name), "must be a list")
        for word in value:
            if word not in allowed:
                raise PolicyError(self.at(name), f"does not know {word!r}")
        if len(set(value)) != len(value):
            raise PolicyError(self.at(name), "names something twice")
        if len(value) < least:
            raise PolicyError(self.at(name), "must not be empty")
        return tuple(value)

    def section(self, name: str) -> PolicyReader:
        """Return the mapping below a key."""
        return PolicyReader(self.raw(name), self.at(name))

    def sections(self, name: str) -> list[PolicyReader]:
        """Return the list of mappings below a key; their paths end in their place, from 0."""
        value = self.raw(name)
        if not isinstance(value, (list, tuple)):
            raise PolicyError(self.at(name), "must be a list")
        return [PolicyReader(part, f"{self.at(name)}.{place}") for place, part in enumerate(value)]

    def close(self) -> None:
        """Refuse keys that nobody asked for: a misspelt one would be ignored in silence."""
        for name in self.names():
            if name not in self._read:
                raise PolicyError(self.at(name), "is not known")
