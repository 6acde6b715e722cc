"""Import publications, patents and talks from BibTeX, as exported by reference managers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice
from typing import Any

from roadmap.core.i18n import _, _l
from roadmap.core.text import clean_line, clean_multiline
from roadmap.importers.importer import (
    FileImporter,
    ImportFault,
    ParseResult,
    Problem,
    describe_place,
)
from roadmap.importers.readers import (
    add_candidate,
    arxiv_of,
    decode_text,
    doi_of,
    web_address,
    work_id,
)
from roadmap.importers.records import MAX_CANDIDATES

# Includes abbreviations (@string).
MAX_PARTS = 2_000
# Applies before and after abbreviations are expanded: three letters can become hundreds.
MAX_ENTRY_LENGTH = 30_000
# Characters per file that are parsed as LaTeX, which takes a second per 100,000 characters.
MAX_LATEX = 200_000
# The parser recurses once per brace.
MAX_DEPTH = 40
# Entries must start on a new line, so that a missing brace affects only its own entry.
_ENTRY_START = re.compile(r"^[ \t]*@[ \t]*(\w+)[ \t]*[{(]", re.MULTILINE)
_IGNORED_TYPES = frozenset({"comment", "preamble"})
# What pybtex does not understand: a percent sign that is no comment, commands of a font or a link,
# an accent on a dotless letter, and the umlauts of babel.
_REWRITES = (
    (re.compile(r"(?<!\\)%"), r"\\%"),
    (re.compile(r"\\(?:emph|text[a-z]+|math[a-z]+|url)\s*(?=\{[^}])"), ""),
    (re.compile(r"(\\[\"'`^~=]\{)\\([ij])\}"), r"\1\2}"),
    (re.compile(r'\{"([aouAOU])\}'), r'{\\"\1}'),
)
# Texts that LaTeX parsing would not change.
_PLAIN_TEXT = re.compile(r"(?!.*(?:--|,,))(?:[^\W_]|[\s.,;:()/+=-])*", re.DOTALL)
KINDS = {"patent": "patent", "software": "open_source", "dataset": "open_source",
         "online": "blog_post", "presentation": "talk", "talk": "talk"}  # fmt: skip
VENUES = ("journal", "journaltitle", "booktitle", "school", "institution", "publisher",
          "organization", "howpublished")  # fmt: skip
USED_FIELDS = frozenset({"title", "author", "year", "month", "day", "date", "url", "doi", "eprint",
                  "archiveprefix", "abstract", *VENUES})  # fmt: skip


class BibTexImporter(FileImporter):
    key = "bibtex"
    title = _l("BibTeX")
    summary = _l("Publications, patents and talks from a reference manager, ORCID or a publisher.")
    steps = (
        _l("Zotero, Mendeley and JabRef export a collection as BibTeX."),
        _l("ORCID: sign in, and choose Actions, Export works to BibTeX."),
        _l("Google Scholar: tick your articles on your profile, and choose Export, BibTeX."),
    )
    accept = ".bib,.bibtex,.txt,application/x-bibtex"

    def load(self, data: bytes) -> list[Any]:
        text = decode_text(data, _("This is not a text file. Choose one that ends in .bib."))
        parts, file = list(islice(_split_entries(text), MAX_PARTS + 1)), _FileState()
        records: list[Any] = []
        for line, part in parts[:MAX_PARTS]:
            records += _parse(part, line, file)
            if len(records) > MAX_CANDIDATES:
                break
        if len(parts) > MAX_PARTS or len(records) > MAX_CANDIDATES:
            raise ImportFault(
                _("The file has more than %(most)s entries. Split it, and import the "
                  "parts one by one.", most=MAX_CANDIDATES)
            )  # fmt: skip
        if not records:
            raise ImportFault(
                _("This file has no entries, which begin with @article{, for example.")
            )
        return records

    def read(self, records: Sequence[Any], options: Mapping[str, str]) -> ParseResult:
        result = ParseResult()
        for record in records:
            line, fields = record["line"], record.get("fields")
            if fields is None:
                text = _("This entry cannot be read: a brace or quotation mark is missing, or it "
                         "is too long.")  # fmt: skip
                result.problems.append(Problem(describe_place("", line), [text], line))
                continue
            values = _values(record["type"], fields)
            doi, arxiv = doi_of(fields.get("doi", "")), arxiv_of(fields.get("eprint", ""))
            add_candidate(
                result, "evidence", values, source="bibtex", line=line,
                own_id=work_id(values, doi=doi, arxiv=arxiv),
                fields_hint=_("“doi”, “url”, “author” or “abstract” of the entry"),
            )  # fmt: skip
        return result


@dataclass
class _FileState:
    """State shared by the entries of a file: abbreviations and the remaining LaTeX budget."""

    macros: dict[str, str] = field(default_factory=dict)
    latex_left: int = MAX_LATEX


def _split_entries(text: str) -> Iterator[tuple[int, str]]:
    """Yield each entry with the line on which it begins."""
    found = list(_ENTRY_START.finditer(text))
    ends = [each.start() for each in found[1:]] + [len(text)]
    line, counted = 1, 0
    for each, end in zip(found, ends, strict=False):
        line, counted = line + text.count("\n", counted, each.start()), each.start()
        if each[1].lower() not in _IGNORED_TYPES:
            yield line, text[each.start() : end]


def _parse(part: str, line: int, file: _FileState) -> Iterator[dict[str, Any]]:
    """Yield an entry, without fields if it cannot be parsed; store abbreviations (@string)."""
    # pybtex and its LaTeX codec take a tenth of a second to import.
    from pybtex.database.input.bibtex import LowLevelParser, month_names
    from pybtex.scanner import PybtexSyntaxError

    if len(part) > MAX_ENTRY_LENGTH or _depth(part) > MAX_DEPTH:
        yield {"line": line}
        return
    faults: list[Exception] = []
    macros = {**month_names, **file.macros}
    parser = LowLevelParser(part, macros=macros, handle_error=faults.append)
    try:
        found = list(parser)
    except PybtexSyntaxError:
        found = []
    for kind, content in found:
        if kind.lower() == "string":
            name, value = content
            file.macros[name] = "".join(value)[:500]
        elif kind.lower() not in _IGNORED_TYPES and not faults:
            raw_fields = {name.lower(): "".join(value) for name, value in content[1]}
            if sum(map(len, raw_fields.values())) > MAX_ENTRY_LENGTH:
                yield {"line": line}
                continue
            fields = {
                name: _strip_latex(name, text, file)
                for name, text in raw_fields.items()
                if name in USED_FIELDS
            }
            yield {"line": line, "type": kind.lower(), "fields": fields}
    if faults:
        yield {"line": line}


def _depth(text: str) -> int:
    return max(accumulate((each == "{") - (each == "}") for each in text))


def _strip_latex(name: str, value: str, file: _FileState) -> str:
    """Strip LaTeX commands from text fields; URLs and numbers stay as they are."""
    from pybtex.richtext import Text
    from pybtex.scanner import PybtexSyntaxError

    if name not in ("title", "author", "abstract", *VENUES):
        return clean_line(value.strip("{}"))
    if _PLAIN_TEXT.fullmatch(value):
        return clean_line(value)
    for pattern, replacement in _REWRITES:
        value = pattern.sub(replacement, value)
    file.latex_left -= len(value)
    try:
        # The abstracts of a long file must not use up what its titles need.
        if file.latex_left < (MAX_LATEX // 2 if name == "abstract" else 0):
            file.latex_left += len(value)
            raise ValueError("enough")
        value = str(Text.from_latex(value))
    except (PybtexSyntaxError, ValueError):
        value = value.replace("{", "").replace("}", "")
    return clean_line(value)


def _values(kind: str, fields: Mapping[str, str]) -> dict[str, str]:
    venue = next((fields[name] for name in VENUES if fields.get(name)), "")
    authors = "; ".join(re.split(r"\s+and\s+", fields.get("author", "")))
    date = fields.get("date", "").partition("/")[0]
    if not date:
        day = fields.get("day", "") if fields.get("month") else ""
        date = " ".join(filter(None, (day, _month(fields), fields.get("year", ""))))
    raw_fields = ". ".join(filter(None, (authors, venue)))
    return {
        "kind": KINDS.get(kind, "publication"),
        "title": fields.get("title", "").rstrip("."),
        "occurred_on": date,
        "url": _url(fields),
        "description": clean_multiline(
            "\n\n".join(filter(None, (raw_fields, fields.get("abstract"))))
        ),
        "issuer": venue,
    }


def _month(fields: Mapping[str, str]) -> str:
    """Return the month's name, because a number next to the year would be ambiguous."""
    from pybtex.database.input.bibtex import month_names

    month = fields.get("month", "")
    number = month.lstrip("0")
    if re.fullmatch("[0-9]{1,2}", number) and 1 <= int(number) <= 12:
        return list(month_names.values())[int(number) - 1]
    # "Dec. 3-8" and "June/July" become their first month.
    return re.split(r"[\s/~.,–-]", month)[0] if not month.isdigit() else ""


def _url(fields: Mapping[str, str]) -> str:
    if doi := doi_of(fields.get("doi", "")):
        return f"https://doi.org/{doi}"
    if url := web_address(fields.get("url", "")):
        return url
    arxiv = arxiv_of(fields.get("eprint", ""))
    return f"https://arxiv.org/abs/{arxiv}" if arxiv else ""
