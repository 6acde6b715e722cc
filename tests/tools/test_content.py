"""The tools content."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from pydantic import ValidationError

from roadmap.catalog.yaml_loader import YamlDocument
from roadmap.tools import queries
from roadmap.tools.content import ToolContent

FILE = Path(queries.__file__).parent / "content.yaml"


def test_inactive_tool_has_a_successor_or_a_note():
    content = queries.tool_content()
    for tool in content.tools:
        if tool.status != "active":
            assert tool.successor or tool.note, tool.key
    assert content.by_key["seldon-core"].successor == "kserve"
    assert content.by_key["horovod"].status == "dormant"


def test_tools_of_the_guide_cover_all_groups():
    content = queries.tool_content()
    assert len(content.named_by_guide) == 18
    groups = {content.by_key[key].group for key in content.named_by_guide}
    assert groups == {each.key for each in content.groups}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tool: tool.update(group="no-such"), "there is no group 'no-such'"),
        (lambda tool: tool.update(successor="no-such"), "there is no tool 'no-such'"),
        (lambda tool: tool.update(status="alive"), "'active', 'dormant'"),
        (lambda tool: tool.update(key="jax"), "is already used"),
        (lambda tool: tool.pop("checked_on"), "Field required"),
    ],
)
def test_invalid_content_is_rejected(change, message):
    document = copy.deepcopy(YamlDocument(FILE.read_text("utf-8")).value)
    change(document["tools"][0])
    with pytest.raises(ValidationError, match=message):
        ToolContent.model_validate(document)
