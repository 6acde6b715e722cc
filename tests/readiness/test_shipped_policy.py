"""The shipped senior roadmap uses exactly the numbers of the worked examples."""

from __future__ import annotations

from typing import Any

from roadmap.catalog import files
from roadmap.catalog.policy import Policy
from tests.readiness import examples
from tests.support.sample_data import SLUG


def without_titles(data: Any) -> Any:
    """Return a copy with all titles replaced, because they are no part of the policy."""
    if isinstance(data, dict):
        return {key: "A title" if key == "title" else without_titles(data[key]) for key in data}
    return [without_titles(each) for each in data] if isinstance(data, list) else data


def test_shipped_roadmap_uses_documented_policy() -> None:
    shipped = files.read(files.CONTENT / f"{SLUG}.yaml")["readiness"]
    assert Policy.model_validate(without_titles(shipped)) == Policy.model_validate(
        without_titles(examples.SHIPPED)
    )
