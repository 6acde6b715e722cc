"""`make schema`: generate the JSON Schema of content files, for use in editors."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from roadmap.catalog.content import Content
from roadmap.catalog.files import CONTENT

FILE = CONTENT / "roadmap.schema.json"


class _WithoutTitles(GenerateJsonSchema):
    """Leave out the titles of fields, which only repeat their names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def render() -> str:
    """Return the schema as text."""
    schema = Content.model_json_schema(schema_generator=_WithoutTitles)
    head = {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": "urn:cairn:schema:roadmap",
    }
    return json.dumps(head | schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(render(), "utf-8")
