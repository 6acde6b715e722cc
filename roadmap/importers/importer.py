"""What an importer is. Each one is a file in `kinds/`, named in its registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from flask_babel import LazyString

from roadmap.importers.candidates import Reading

Text: TypeAlias = str | LazyString


@dataclass(frozen=True)
class Question:
    """What a person chooses before the preview; `options` are (value, text), `chosen` a value.

    Another answer to one that `asks_again` changes which questions follow.
    """

    name: str
    label: Text
    options: Sequence[tuple[str, Text]]
    chosen: str
    help: Text = ""
    asks_again: bool = False


class Importer:
    """Turns what a person brings along into candidates.

    What was brought is kept as `records`, a list of JSON values, until it is saved or a day has
    passed. `read` is asked whenever the preview is shown, so it is quick, and its texts are in the
    language of the reader.
    """

    key: ClassVar[str]
    # `title` heads its page, `summary` stands in the list, `steps` say where to get the input.
    title: ClassVar[Text]
    summary: ClassVar[Text]
    steps: ClassVar[Sequence[Text]] = ()

    def read(self, records: Sequence[Any], options: Mapping[str, str]) -> Reading:
        """Return the candidates and what is wrong with the rest."""
        raise NotImplementedError


class FileImporter(Importer):
    """Reads a file."""

    # As of the attribute of a file field.
    accept: ClassVar[str]

    def load(self, data: bytes) -> list[Any]:
        """Return the file as JSON values. Raises ImportFault.

        A file is hostile: bound everything before it is built up.
        """
        raise NotImplementedError

    def questions(self, records: Sequence[Any], options: Mapping[str, str]) -> list[Question]:
        """Return what to ask before the preview, with a proposal each; none for most files."""
        return []
