"""Form data of complete evidence, as a browser sends it."""

from __future__ import annotations

from typing import Any


def form_fields(**changes: Any) -> dict[str, Any]:
    """Return complete form fields with some replaced."""
    return {
        "kind": "design_doc",
        "title": "Feature store design",
        "occurred_on": "2026-03-02",
        "url": "https://example.org/feature-store",
        "description": "How features reach *training* and serving alike.",
        "role": "Author",
        "issuer": "",
        "issued_on": "",
        "expires_on": "",
        "visibility": "portfolio",
        **changes,
    }


def impact_fields(index: int, **values: str) -> dict[str, str]:
    """Return the form fields of one impact with some replaced."""
    row = {
        "type": "scale",
        "metric": "p99 latency",
        "baseline": "180",
        "result": "45",
        "unit": "ms",
    }
    return {f"impacts-{index}-{name}": value for name, value in {**row, **values}.items()}
