"""The result rows, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.measure import Comparison

KEYS = (
    "work", "database", "value", "limit", "ratio", "unit", "statements", "bytes", "gzip_bytes",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """The result of one workload.

    `limit` is the maximum of `value`, in `unit`. If the unit is ratio, `value` is the ratio to the
    baseline, whose time is only in the table. `bytes` is the size of one response, and
    `gzip_bytes` its size at gzip level 6.
    """

    work: str
    database: str
    value: float
    limit: float | None
    ratio: float | None
    unit: str
    statements: int | None = None
    bytes: int | None = None
    gzip_bytes: int | None = None
    note: str = ""
    bars: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of_times(
        cls,
        work: str,
        database: str,
        compared: Comparison,
        most: float,
        statements: int | None,
        size: int | None,
        gzipped: int | None,
        *,
        most_statements: int | None = None,
        most_bytes: int | None = None,
        most_gzipped: int | None = None,
    ) -> Row:
        """Create a row whose value is the ratio to the baseline."""
        bars = {"statements": most_statements, "bytes": most_bytes, "gzip_bytes": most_gzipped}
        return cls(
            work=work,
            database=database,
            value=compared.ratio,
            limit=most,
            ratio=compared.ratio,
            unit="ratio",
            statements=statements,
            bytes=size,
            gzip_bytes=gzipped,
            note=f"{compared.ours * 1000:.2f} ms, baseline {compared.baseline * 1000:.2f} ms",
            bars={name: bar for name, bar in bars.items() if bar is not None},
        )

    @property
    def over(self) -> list[str]:
        """Messages for the values that exceed their limits."""
        found = []
        if self.limit is not None and self.value > self.limit:
            found.append(f"{self.value:.2f} {self.unit} > {self.limit:g}")
        for name, bar in self.bars.items():
            value = getattr(self, name)
            if value is not None and value > bar:
                found.append(f"{name} {value} > {bar}")
        return found

    def as_json(self) -> dict[str, Any]:
        values = {key: getattr(self, key) for key in KEYS}
        for key in ("value", "ratio"):
            if values[key] is not None:
                values[key] = round(values[key], 3)
        return values


def table(rows: Sequence[Row]) -> str:
    """Format the rows as an aligned table, with exceeded limits at the end of a line."""
    head = ("work", "database", "value", "limit", "statements", "bytes", "gzip", "", "")
    lines = [
        head,
        *(
            (
                row.work,
                row.database,
                f"{row.value:.2f} {'x' if row.unit == 'ratio' else row.unit}",
                "" if row.limit is None else f"{row.limit:g}",
                _shown(row.statements),
                _shown(row.bytes),
                _shown(row.gzip_bytes),
                "OVER" if row.over else "ok",
                "; ".join(filter(None, [*row.over, row.note])),
            )
            for row in rows
        ),
    ]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    left = {0, 1, 7, 8}
    return "\n".join(
        "  ".join(
            text.ljust(width) if place in left else text.rjust(width)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _shown(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def write(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as a JSON list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n", "utf-8")
