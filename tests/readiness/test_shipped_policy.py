"""The shipped senior roadmap uses exactly the numbers of the worked examples."""

from __future__ import annotations

from typing import Any

from roadmap.catalog import files
from roadmap.catalog.policy import Policy
from tests.readiness import examples
from tests.support.sample_data import SLUG


def untitled(data: Any) -> Any:
    """The same with all titles alike: they are words, not policy."""
    if isinstance(data, dict):
        return {key: "A title" if key == "title" else untitled(data[key]) for key in data}
    return [untitled(each) for each in data] if isinstance(data, list) else data


def test_every_number_is_the_documented_one() -> None:
    shipped = files.read(files.CONTENT / f"{SLUG}.yaml")["readiness"]
    assert Policy.model_validate(untitled(shipped)) == Policy.model_validate(
        untitled(examples.SHIPPED)
    )
