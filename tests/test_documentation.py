"""The documentation says everything that there is, and leads nowhere that is not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
from flask import Flask

from roadmap.catalog.content import parse
from roadmap.catalog.files import SCHEMA, read, shipped
from roadmap.core.config import PREFIX, SETTINGS
from roadmap.evidence import labels
from roadmap.evidence.words import KINDS
from roadmap.portfolio.formats import FORMATS
from roadmap.readiness.gates import GATE_TYPES
from roadmap.readiness.policy import Policy
from roadmap.readiness.words import KIND_NAMES

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    path
    for path in (ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"))
    if path.is_file()
)
# Flask brings these itself.
NOT_OURS = {"run", "shell", "routes"}
# Pictures that `make screenshots` makes anew.
PICTURES = {"docs/images/roadmap.png", "docs/images/roadmap-dark.png"}
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"\s]+)\"")
BANNED = re.compile(
    r"\bTODO\b|\bFIXME\b|\bXXX\b|coming soon|lorem ipsum"
    # Folders of somebody's own machine.
    r"|(?<![\w.])/(?:home|root|tmp|mnt|work|users)/",
    re.IGNORECASE,
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def without_code(text: str) -> str:
    """The prose and its links, without blocks and pieces of code."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as they are made of their words."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings
    }


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        elif before + name not in NOT_OURS:
            yield before + name, command


def rows_of_targets(text: str) -> set[str]:
    return set(re.findall(r"^\| `make ([a-z-]+)`", text, re.M))


def test_every_setting_is_in_the_operators_guide() -> None:
    rows = set(re.findall(r"^\| `(ROADMAP_\w+)`", text_of(ROOT / "docs/operators.md"), re.M))
    assert rows == {PREFIX + name for name in SETTINGS}


def test_every_command_and_option_is_in_the_operators_guide(app: Flask) -> None:
    rows = re.findall(
        r"^\| `flask --app roadmap ([^`]+)` \|", text_of(ROOT / "docs/operators.md"), re.M
    )
    found = dict(commands(app.cli))
    for name, command in found.items():
        row = next((row for row in rows if row == name or row.startswith(f"{name} ")), None)
        assert row is not None, f"flask --app roadmap {name} is in no row of docs/operators.md"
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.opts[0] in row, f"{name}: {parameter.opts[0]} is not named"
    for row in rows:
        assert any(row == name or row.startswith(f"{name} ") for name in found), (
            f"docs/operators.md names a command that does not exist: {row}"
        )


def test_every_make_target_is_in_the_readme() -> None:
    makefile = text_of(ROOT / "Makefile")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.M))
    assert rows_of_targets(text_of(ROOT / "README.md")) == targets


def test_the_makefile_knows_every_target_that_is_named() -> None:
    targets = set(re.findall(r"^\.PHONY: ([a-z-]+)$", text_of(ROOT / "Makefile"), re.M))
    for page in PAGES:
        prose = text_of(page)
        blocks = "\n".join(re.findall(r"^```.*?^```", prose, re.M | re.S))
        named = set(re.findall(r"`make ([a-z-]+)", prose)) | set(
            re.findall(r"^make ([a-z-]+)", blocks, re.M)
        )
        assert named <= targets, f"{name_of(page)} names make {', '.join(named - targets)}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for in_text, in_tag in LINK.findall(without_code(text_of(page))):
        target = in_text or in_tag
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if name_of(file) in PICTURES and not file.exists():
            maker = ROOT / "tools" / "screenshots.py"
            assert maker.is_file(), f"{target} does not exist and nothing makes it"
            assert file.name in text_of(maker), f"nothing makes {target}"
            continue
        assert file.exists(), f"{name_of(page)} links to {target}"
        if anchor:
            assert anchor in anchors(text_of(file)), f"{name_of(page)} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_nothing_is_promised_or_left_over(page: Path) -> None:
    found = BANNED.search(text_of(page))
    assert found is None, f"{name_of(page)}: {found and found.group()}"
    assert "!" not in re.sub(r"!\[", "[", without_code(text_of(page)).replace("<!--", "")), (
        f"{name_of(page)} exclaims"
    )


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_that_are_named_exist(page: Path) -> None:
    for name in re.findall(r"`((?:roadmap|tests|tools|migrations)/[\w./-]+)`", text_of(page)):
        assert "NAME" in name or (ROOT / name).exists(), f"{name_of(page)} names {name}"


def test_the_kinds_of_evidence_are_the_same_in_every_file_that_names_them() -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))["$defs"]
    assert set(schema["evidence_kind"]["enum"]) == set(KINDS)
    assert set(labels.KINDS) == set(labels.HINTS) == set(KIND_NAMES) == set(KINDS)
    assert set(schema["gate"]["properties"]["type"]["enum"]) == set(GATE_TYPES)


def test_every_page_is_in_an_index() -> None:
    indexes = text_of(ROOT / "docs/README.md") + text_of(ROOT / "docs/decisions/README.md")
    for page in (ROOT / "docs").rglob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in indexes, name_of(page)


def test_the_guide_for_engineers_names_every_kind_and_format() -> None:
    guide = text_of(ROOT / "docs/users.md")
    for label in labels.KINDS.values():
        assert re.search(rf"^\| {label} \|", guide, re.M | re.I), label
    for format_ in FORMATS.values():
        assert re.search(rf"^\| {format_.title} \|", guide, re.M), format_.title


def test_the_page_about_readiness_has_the_shipped_numbers() -> None:
    page = text_of(ROOT / "docs/readiness.md")
    document = read(next(path for path in shipped() if path.stem == "senior-ml-engineer"))
    policy = Policy.parse(document["readiness"])
    for part, weight in policy.weights.items():
        assert f"| {part.capitalize()} | {weight} |" in page
    for stage, weight in policy.stages.items():
        assert re.search(rf"\b{stage}\s+{weight}\b", page), stage
    for requirement in policy.evidence:
        figures = rf"\| {requirement.count} \| {requirement.points} \|"
        row = rf"^\| {re.escape(requirement.title)} \|.*{figures}$"
        assert re.search(row, page, re.M), requirement.title
    for gate in policy.gates:
        assert f"| {gate.title} |" in page
    verdicts = policy.verdicts
    for line in (
        f"| ready | {verdicts.ready_score} points, no gate stands |",
        f"| nearly ready | {verdicts.nearly_score} points, at most two gates stand |",
        f"| under way | {verdicts.under_way_score} points |",
    ):
        assert line in page


def test_the_page_about_content_files_names_every_gate_type_and_key() -> None:
    page = text_of(ROOT / "docs/content-files.md")
    for gate_type in GATE_TYPES:
        assert f"| `{gate_type}` |" in page, gate_type
    document = read(shipped()[0])
    milestone_keys = {
        key
        for stage in document["stages"]
        for objective in stage["objectives"]
        for milestone in objective["milestones"]
        for key in milestone
    }
    for key in milestone_keys:
        assert f"`{key}`" in page, key
    assert f"{len(parse(document).milestones)} milestones" in text_of(ROOT / "CHANGELOG.md")
