"""The documentation is complete, matches the code and has no broken links."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import click
import pytest
from flask import Flask

from roadmap.catalog.content import Content
from roadmap.catalog.field_types import EvidenceKind
from roadmap.catalog.files import read, shipped
from roadmap.core.config import PREFIX, SETTINGS
from roadmap.evidence import labels
from roadmap.evidence.kinds import KINDS
from roadmap.people.permissions import PERMISSIONS, permission_of
from roadmap.portfolio.formats.registry import FORMATS
from roadmap.readiness.messages import KIND_NAMES
from roadmap.teams.formats import FORMATS as MATRIX_FORMATS
from tests.support.architecture import FLOORS
from tests.support.catalog import GATE_TYPES, SHIPPED_FILE
from tools.draw_architecture import PICTURE, draw

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    path
    for path in (ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md"))
    if path.is_file()
)
# Pages of the site that only include another file.
SITE_ONLY_PAGES = {DOCS / "index.md", DOCS / "changelog.md"}
# Built into Flask.
FLASK_COMMANDS = {"run", "shell", "routes"}
# Images created by `make screenshots`.
SCREENSHOTS = {
    f"docs/images/{name}.png" for name in ("roadmap", "roadmap-dark", "matrix", "matrix-dark")
}
# Created on demand and not in the repository.
GENERATED = {"docs/screenshots", "templates/__pycache__"}
# Permissions by the audience that docs/pages.md names for them.
AUDIENCES = {
    "anyone": {"public"},
    "signed in": {
        *("roadmap.read", "team.list", "market.read", "source.read"),
        *("search.read", "mcp.call"),
    },
    "you, your managers": {"evidence.read", "evidence.comment", "person.read"},
    "managers": {
        *("review.list", "review.read", "evidence.review"),
        *("person.assess", "person.verify"),
    },
    "its managers": {"team.matrix"},
    "its managers, administrators": {"team.members", "team.invite"},
    "its members": {"team.leave"},
    "administrators": {"admin.read", "admin.write"},
}
PERSONAL_RESOURCES = (
    *("account", "archive", "token", "notification", "enrollment", "progress", "evidence"),
    *("skill", "career", "career_plan", "credential", "tool", "offer", "time"),
    *(
        "readiness",
        "portfolio",
        "practice",
        "work_log",
        "absence",
        "forecast",
        "snapshot",
        "endorsement",
        "calendar",
        "activity",
    ),
    "badge",
)
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"\s]+)\"")
BANNED = re.compile(
    r"\bTODO\b|\bFIXME\b|\bXXX\b|coming soon|lorem ipsum"
    # Folders on a developer's machine.
    r"|(?<![\w.])/(?:home|root|tmp|mnt|work|users)/",
    re.IGNORECASE,
)


def relative_path(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def read_text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def without_code(text: str) -> str:
    """Return a page's text without code blocks and inline code."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings
    }


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        elif before + name not in FLASK_COMMANDS:
            yield before + name, command


def test_operators_guide_lists_every_setting() -> None:
    rows = set(re.findall(r"^\| `(ROADMAP_\w+)`", read_text(ROOT / "docs/operators.md"), re.M))
    assert rows == {PREFIX + name for name in SETTINGS}


def test_env_example_lists_every_setting() -> None:
    names = set(re.findall(r"^#?(ROADMAP_\w+)=", read_text(ROOT / ".env.example"), re.M))
    assert names == {PREFIX + name for name in SETTINGS}


def test_operators_guide_lists_every_command_and_option(app: Flask) -> None:
    section = read_text(ROOT / "docs/operators.md").partition("\n## Commands\n")[2]
    rows = re.findall(r"^\| `([^`]+)` \|", section.partition("\n## ")[0], re.M)
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


# A subject is always assigned in this form, as a text to translate.
MAIL_SUBJECT = re.compile(r'\b(?:mail_)?subject ?= ?_l?\(\s*"([^"]+)"')


def test_operators_guide_lists_every_mail() -> None:
    section = read_text(DOCS / "operators.md").partition("\n## Mails that Cairn sends\n")[2]
    listed = re.findall(r"`([^`]+)`", section.partition("\n## ")[0])
    sent = set()
    for file in (ROOT / "roadmap").rglob("*.py"):
        subjects = MAIL_SUBJECT.findall(read_text(file))
        # The outbox itself, and the notifications, whose kinds have the subjects.
        if file.parent.name != "mail" and file != ROOT / "roadmap/notifications/actions.py":
            senders = re.findall(r"\bOutgoingMail\(|transport\.send\(", read_text(file))
            assert len(subjects) >= len(senders), f"{file}: a mail without a subject in this form"
        sent.update(re.sub(r"%\((\w+)\)s", lambda key: key[1].upper(), each) for each in subjects)
    assert sorted(listed) == sorted(sent)


def test_readme_lists_every_make_target() -> None:
    makefile = read_text(ROOT / "Makefile")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.M))
    listed = set(re.findall(r"^\| `make ([a-z-]+)`", read_text(ROOT / "README.md"), re.M))
    assert listed == targets


def test_documented_make_targets_exist() -> None:
    targets = set(re.findall(r"^\.PHONY: ([a-z-]+)$", read_text(ROOT / "Makefile"), re.M))
    for page in PAGES:
        prose = read_text(page)
        blocks = "\n".join(re.findall(r"^```.*?^```", prose, re.M | re.S))
        named = set(re.findall(r"`make ([a-z-]+)", prose)) | set(
            re.findall(r"^make ([a-z-]+)", blocks, re.M)
        )
        assert named <= targets, f"{relative_path(page)} names make {', '.join(named - targets)}"


@pytest.mark.parametrize("page", PAGES, ids=relative_path)
def test_links_and_anchors_exist(page: Path) -> None:
    for in_text, in_tag in LINK.findall(without_code(read_text(page))):
        target = in_text or in_tag
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if relative_path(file) in SCREENSHOTS and not file.exists():
            maker = ROOT / "tools" / "screenshots.py"
            assert maker.is_file(), f"{target} does not exist and nothing makes it"
            assert file.name in read_text(maker), f"nothing makes {target}"
            continue
        assert file.exists(), f"{relative_path(page)} links to {target}"
        if anchor:
            assert anchor in anchors(read_text(file)), f"{relative_path(page)} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=relative_path)
def test_page_has_no_placeholders_or_exclamations(page: Path) -> None:
    found = BANNED.search(read_text(page))
    assert found is None, f"{relative_path(page)}: {found and found.group()}"
    assert "!" not in re.sub(r"!\[", "[", without_code(read_text(page)).replace("<!--", "")), (
        f"{relative_path(page)} exclaims"
    )


@pytest.mark.parametrize("page", PAGES, ids=relative_path)
def test_named_files_exist(page: Path) -> None:
    folders = "roadmap|tests|tools|migrations|templates|static|bench|docs"
    for name in re.findall(rf"`((?:{folders})/[\w./-]+)`", read_text(page)):
        is_optional = "NAME" in name or name in GENERATED
        assert is_optional or (ROOT / name).exists(), f"{relative_path(page)} names {name}"


def test_evidence_kinds_are_consistent() -> None:
    assert set(get_args(EvidenceKind)) == set(KINDS)
    assert set(labels.KINDS) == set(labels.KIND_HINTS) == set(KIND_NAMES) == set(KINDS)


def test_every_gate_type_has_settings_and_a_module() -> None:
    modules = {path.stem for path in (ROOT / "roadmap/readiness/gates").glob("*.py")}
    assert modules - {"__init__", "gate"} == GATE_TYPES


def linked_pages(page: Path) -> Iterator[Path]:
    """Return the pages that a page links to."""
    for in_text, in_tag in LINK.findall(without_code(read_text(page))):
        target = (in_text or in_tag).partition("#")[0]
        if target.endswith(".md") and ":" not in target:
            yield (page.parent / target).resolve()


def test_every_page_is_reachable_from_the_index() -> None:
    reached: set[Path] = set()
    ahead = [DOCS / "README.md"]
    while ahead:
        page = ahead.pop()
        if page not in reached:
            reached.add(page)
            ahead += linked_pages(page)
    lost = set(PAGES) - reached - SITE_ONLY_PAGES - {ROOT / "README.md"}
    assert not lost, "no page links to " + ", ".join(sorted(map(relative_path, lost)))
    indexes = {*linked_pages(DOCS / "README.md"), *linked_pages(DOCS / "decisions/README.md")}
    for page in set(PAGES) - SITE_ONLY_PAGES:
        if page.parent != ROOT and page.name != "README.md":
            assert page in indexes, f"{relative_path(page)} is in no index"


def test_decision_records_are_numbered_consecutively() -> None:
    numbers = [int(path.name[:4]) for path in sorted((DOCS / "decisions").glob("0*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


# --- Routes ---------------------------------------------------------------------------------------


def routes(app: Flask) -> dict[tuple[str, str], str]:
    """Return each method and rule, in the notation of the documentation, with its permission."""
    return {
        (method, re.sub(r"<\w+:", "<", rule.rule)): permission_of(app, rule.endpoint) or ""
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }


def test_pages_document_lists_every_route_with_its_audience(app: Flask) -> None:
    rows = re.findall(
        r"^\| `([A-Z]+) (/[^`]*)` \| ([^|]+) \| [^|]+ \| [^|]+ \|$",
        read_text(DOCS / "pages.md"),
        re.M,
    )
    listed = {(method, rule): audience for method, rule, audience in rows}
    assert len(listed) == len(rows), "a route is listed twice"
    existing = {
        key: permission for key, permission in routes(app).items() if not key[1].startswith("/api/")
    }
    missing, gone = existing.keys() - listed.keys(), listed.keys() - existing.keys()
    assert not missing, f"docs/pages.md lacks {sorted(missing)}"
    assert not gone, f"docs/pages.md lists routes that do not exist: {sorted(gone)}"
    for key, permission in existing.items():
        audience = next((name for name, group in AUDIENCES.items() if permission in group), "you")
        if key[1] == "/evidence":  # the user's own list; managers see shared evidence in /reviews
            audience = "you"
        assert listed[key] == audience, f"{key} requires {permission}"
        assert audience != "you" or permission.partition(".")[0] in PERSONAL_RESOURCES, permission
    assert set().union(*AUDIENCES.values()) <= PERMISSIONS.keys()


def test_api_guide_lists_every_route(app: Flask) -> None:
    page = read_text(DOCS / "api.md")
    for method, rule in sorted(routes(app)):
        if rule.startswith("/api/v1/"):
            # As in the OpenAPI description, with any parameter name in braces.
            path = re.escape(rule.removeprefix("/api/v1"))
            path = re.sub(r"<\w+>", r"[{<]\\w+[}>]", path)
            assert re.search(rf"`{method} (?:/api/v1)?{path}(?:\?[^`]*)?`", page), (
                f"docs/api.md lacks {method} {rule}"
            )


# --- Commands in code blocks ----------------------------------------------------------------------

# Flask is only installed in the project's environment.
BARE_COMMAND = re.compile(r"(?<![\w./])flask --app")
# A command ends at shell syntax, but not at a line continuation.
COMMAND = re.compile(r"flask --app roadmap ((?:[^\n|;&)]|\\\n)*)")


def test_flask_commands_include_the_environment_path() -> None:
    templates = (ROOT / "templates").rglob("*.html")
    for page in [*PAGES, *templates]:
        assert not BARE_COMMAND.search(read_text(page)), relative_path(page)


@pytest.mark.parametrize("page", PAGES, ids=relative_path)
def test_commands_in_code_blocks_exist_with_their_options(page: Path, app: Flask) -> None:
    found = dict(commands(app.cli))
    for block in re.findall(r"^```.*?^```", read_text(page), re.M | re.S):
        for line in COMMAND.findall(block):
            words = shlex.split(line.replace("\\\n", " "), comments=True)
            name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in found), None)
            assert name, f"{relative_path(page)}: flask --app roadmap {line}"
            known = {option for each in found[name].params for option in each.opts} | {"--help"}
            for word in words:
                option = word.partition("=")[0]
                assert not option.startswith("--") or option in known, f"{name} {option}"


# --- The site -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_site_builds_and_loads_no_external_resources(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "sphinx", "--fail-on-warning", "--quiet", "docs", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    for page in set(PAGES) - {DOCS / "README.md", ROOT / "README.md", ROOT / "CHANGELOG.md"}:
        assert (tmp_path / page.relative_to(DOCS)).with_suffix(".html").is_file(), relative_path(
            page
        )
    index = (tmp_path / "index.html").read_text("utf-8")
    assert "For engineers" in index
    assert "README.md" not in index
    for file in (*tmp_path.rglob("*.html"), *tmp_path.rglob("*.css")):
        text = file.read_text("utf-8")
        # Only resources that the page loads; links may lead anywhere.
        loaded = re.findall(r"(?:src=|<link [^>]*href=)\"([^\"]+)\"|url\(([^)]+)\)", text)
        outside = [a or b for a, b in loaded if re.match(r"[\"']?(?:https?:)?//", a or b)]
        assert not outside, f"{file.name} asks for {outside}"


def test_site_has_the_colours_of_the_application() -> None:
    def tokens(file: Path) -> dict[str, str]:
        return dict(re.findall(r"--([\w-]+): (light-dark\([^)]+\));", read_text(file)))

    ours = tokens(ROOT / "static/css/tokens.css")
    theirs = tokens(DOCS / "_static/cairn.css")
    assert theirs
    assert theirs.items() <= ours.items()


# --- Values in both text and code -----------------------------------------------------------------


def test_architecture_page_has_the_current_ladder() -> None:
    ladder = read_text(DOCS / "architecture.md").partition("## The ladder")[2].partition("## ")[0]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", ladder, re.M)
    assert [tuple(re.findall(r"\w+", row)) for row in rows] == list(FLOORS)


def test_architecture_diagram_matches_the_imports() -> None:
    assert PICTURE.read_text("utf-8") == draw(), "run: python -m tools.draw_architecture"


def test_managers_guide_names_every_matrix_export() -> None:
    guide = read_text(DOCS / "managers.md")
    for format_ in MATRIX_FORMATS.values():
        assert str(format_.title) in guide


def test_engineers_guide_names_every_evidence_kind_and_format() -> None:
    guide = read_text(ROOT / "docs/users.md")
    for label in labels.KINDS.values():
        assert re.search(rf"^\| {label} \|", guide, re.M | re.I), label
    for format_ in FORMATS.values():
        assert re.search(rf"^\| {format_.title} \|", guide, re.M), format_.title


def test_readiness_page_has_the_shipped_numbers() -> None:
    page = read_text(ROOT / "docs/readiness.md")
    document = read(next(path for path in shipped() if path.stem == "senior-ml-engineer"))
    policy = Content.model_validate(document).policy
    for part, weight in policy.weights:
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
        f"| ready | {verdicts.ready.score} points, every gate passed |",
        f"| nearly ready | {verdicts.nearly.score} points, at most two gates not passed |",
        f"| under way | {verdicts.under_way.score} points |",
    ):
        assert line in page


def test_content_files_page_names_every_gate_type_and_key() -> None:
    page = read_text(ROOT / "docs/content-files.md")
    for gate_type in GATE_TYPES:
        assert f"| `{gate_type}` |" in page, gate_type
    document = read(SHIPPED_FILE)
    milestone_keys = {
        key
        for stage in document["stages"]
        for objective in stage["objectives"]
        for milestone in objective["milestones"]
        for key in milestone
    }
    for key in milestone_keys:
        assert f"`{key}`" in page, key
    assert f"{len(Content.model_validate(document).milestones)} milestones" in read_text(
        ROOT / "CHANGELOG.md"
    )
