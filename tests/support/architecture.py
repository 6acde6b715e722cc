"""The rules of the house, read from the source: who may import whom, and what stays where.

Each check takes the root of a tree (the project's own, or a made-up one) and returns what it
found, one sentence each; an empty list is a clean bill. Nothing is imported or executed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

# From the ground to the roof. Rooms on one floor never import each other.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("core",),
    ("people",),
    ("mail",),
    ("catalog", "auth"),
    ("account", "invitations", "progress", "evidence", "skills", "career"),
    ("readiness",),
    ("journey",),
    ("portfolio", "teams", "reviews", "admin", "notifications"),
    ("dashboard",),
    ("demo", "backup", "jobs"),
    ("api", "cli"),
    ("app",),
    ("server",),
)
# `python -m roadmap.serve` and `python -m roadmap.processes`: what operators start.
ENTRY_POINTS = ("serve", "processes")
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

# Inside a room. What has another name stands where its imports put it.
KINDS = ("rules", "models", "queries", "actions", "forms", "routes")

# Values in, values out. `rules` is pure in every room; these are as well.
PURE = {
    "readiness": (
        *("facts", "policy", "rules", "gates", "explanation", "next_steps", "tally"),
        *("score_breakdown", "messages", "summary"),
    ),
    "portfolio": ("document",),
    "teams": ("matrix",),
}
IMPURE = ("flask", "sqlalchemy", "werkzeug", "wtforms", "jinja2", "alembic", "requests", "os")
CLOCK = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "monotonic"),
    ("time", "localtime"),
}

# The request commits once, in core/web; commands and the start commit for themselves.
MAY_COMMIT = (
    "roadmap/core/web.py",
    "roadmap/core/database.py",
    "roadmap/server/start.py",
    "roadmap/cli/",
)

INLINE = {
    r"\|\s*safe\b": "marks text as safe",
    r"<style\b": "has an inline style sheet",
    r"\sstyle\s*=": "has a style attribute",
    r"<script(?![^>]*\ssrc\s*=)[^>]*>": "has an inline script",
    r"<[^>]*\son[a-z]+\s*=": "has an event handler",
    r"\bhx-on\b": "has an event handler of htmx",
    r"javascript:": "has a script in an address",
    r"autoescape\s+false": "turns escaping off",
}


@dataclass(frozen=True)
class Module:
    """One Python file below roadmap/."""

    root: Path
    path: Path

    @property
    def place(self) -> str:
        return self.path.relative_to(self.root).as_posix()

    @property
    def name(self) -> str:
        """The dotted name: roadmap.evidence.routes."""
        parts = self.path.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def room(self) -> str:
        """The room; what lies directly below roadmap/ belongs to the factory's floor."""
        return room_of(self.name)

    @property
    def stem(self) -> str:
        return self.path.stem

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), filename=str(self.path))

    @cached_property
    def imports(self) -> list[tuple[int, str]]:
        """Line and dotted name of everything imported anywhere in the file, also in functions.

        `from a import b` gives both `a` and `a.b`: b may be a module.
        """
        found: list[tuple[int, str]] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [(node.lineno, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                found += [(node.lineno, f"{base}.{alias.name}") for alias in node.names]
            elif isinstance(node, ast.Call) and _last_name(node.func) == "import_module":
                found += [
                    (node.lineno, argument.value)
                    for argument in node.args
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                ]
        return found

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name.split(".")
        if self.path.stem != "__init__":
            package = package[:-1]
        above = package[: len(package) - (node.level - 1)]
        return ".".join([*above, node.module] if node.module else above)


def room_of(name: str) -> str:
    """The room of a dotted name below roadmap."""
    parts = name.split(".")
    if len(parts) > 1 and parts[1] in ENTRY_POINTS:
        return "server"
    return parts[1] if len(parts) > 1 and parts[1] in FLOOR_OF else "app"


@cache
def modules(root: Path) -> tuple[Module, ...]:
    """Every Python file of the application, in order; each is read and parsed once."""
    return tuple(Module(root, path) for path in sorted((root / "roadmap").rglob("*.py")))


def templates(root: Path) -> list[Path]:
    return sorted((root / "templates").rglob("*.html"))


def _own_imports(module: Module) -> Iterator[tuple[int, str]]:
    """The imports of our own modules; `from roadmap import __version__` asks for a fact alone."""
    for line, name in module.imports:
        if name.partition(".")[0] == "roadmap" and name != "roadmap.__version__":
            yield line, name


def ladder(root: Path) -> list[str]:
    """Imports that do not point down, and rooms that the ladder does not know."""
    wrong = [
        f"roadmap/{folder.name} stands on no floor of the ladder"
        for folder in sorted((root / "roadmap").iterdir())
        if any(folder.glob("*.py")) and folder.name not in FLOOR_OF
    ]
    for module in modules(root):
        for line, name in _own_imports(module):
            other = room_of(name)
            if other == module.room:
                continue
            if FLOOR_OF[other] == FLOOR_OF[module.room]:
                wrong.append(f"{module.place}:{line} imports its neighbour {other} ({name})")
            elif FLOOR_OF[other] > FLOOR_OF[module.room]:
                wrong.append(f"{module.place}:{line} imports upwards from {other} ({name})")
    return wrong


def imported_rooms(root: Path) -> set[tuple[str, str]]:
    """Return each pair of rooms of which the first imports the second."""
    return {
        (module.room, room_of(name))
        for module in modules(root)
        for _line, name in _own_imports(module)
        if room_of(name) != module.room
    }


def _is_routes(stem: str) -> bool:
    return stem == "routes" or stem.startswith("routes_")


def foreign_routes(root: Path) -> list[str]:
    """Imports of another room's routes by anybody but the factory's floor."""
    return [
        f"{module.place}:{line} imports the routes of another room ({name})"
        for module in modules(root)
        if module.room != "app"
        for line, name in _own_imports(module)
        if room_of(name) != module.room and any(_is_routes(part) for part in name.split(".")[2:])
    ]


def _kind(stem: str) -> int | None:
    stem = "routes" if _is_routes(stem) else stem
    return KINDS.index(stem) if stem in KINDS else None


def room_layers(root: Path) -> list[str]:
    """Inside a room: rules < models < queries < actions < forms < routes."""
    wrong = []
    for module in modules(root):
        own = _kind(module.stem)
        for line, name in _own_imports(module):
            parts = name.split(".")
            if own is None or room_of(name) != module.room or len(parts) < 3:
                continue
            other = _kind(parts[2])
            if other is not None and other > own:
                wrong.append(f"{module.place}:{line} imports upwards inside its room ({name})")
    return wrong


def _is_pure(module: Module) -> bool:
    return module.stem == "rules" or module.stem in PURE.get(module.room, ())


def purity(root: Path) -> list[str]:
    """Pure modules that reach a database, Flask or the clock, themselves or through others."""
    by_name = {module.name: module for module in modules(root)}
    wrong: list[str] = []
    for module in by_name.values():
        if not _is_pure(module):
            continue
        seen: set[str] = set()
        queue = [(module, module.place)]
        while queue:
            current, way = queue.pop()
            if current.name in seen:
                continue
            seen.add(current.name)
            wrong += [f"{way}:{line} {what}" for line, what in _impurities(current)]
            for name in {name for _line, name in _own_imports(current)}:
                # `from a import b`: the module is a.b or a.
                below = by_name.get(name) or by_name.get(name.rpartition(".")[0])
                if below is not None and below.stem != "__init__":
                    queue.append((below, f"{way} > {below.place}"))
    return wrong


def _impurities(module: Module) -> Iterator[tuple[int, str]]:
    for line, name in module.imports:
        top = name.partition(".")[0]
        if top in IMPURE or top.startswith("flask_"):
            yield line, f"imports {top}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            holder = _last_name(node.func.value)
            if (holder, node.func.attr) in CLOCK:
                yield node.lineno, f"reads the clock ({holder}.{node.func.attr})"


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _method_calls(module: Module, names: Sequence[str]) -> Iterator[tuple[int, str, ast.expr]]:
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in names
        ):
            yield node.lineno, node.func.attr, node.func.value


def rows_without_access(root: Path) -> list[str]:
    """Routes that load a row past the permission table."""
    wrong = []
    for module in modules(root):
        if not _is_routes(module.stem):
            continue
        cookie = any(name == "flask.session" for _line, name in module.imports)
        for line, method, holder in _method_calls(module, ("get", "get_one")):
            if _last_name(holder) == "session" and not (cookie and isinstance(holder, ast.Name)):
                wrong.append(f"{module.place}:{line} loads a row by session.{method}")
    return wrong


def commits(root: Path) -> list[str]:
    """Commits outside the few places that may."""
    return [
        f"{module.place}:{line} commits"
        for module in modules(root)
        if not module.place.startswith(MAY_COMMIT)
        for line, _name, _holder in _method_calls(module, ("commit",))
    ]


def unsafe_markup(root: Path) -> list[str]:
    """What the content security policy would refuse, and text that escapes its escaping."""
    wrong = []
    for path in templates(root):
        # Comments may speak of it; Jinja's tags inside a tag must not hide its end.
        text = re.sub(r"\{#.*?#\}", _blank, path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for pattern, what in INLINE.items():
            for found in re.finditer(pattern, text, flags=re.IGNORECASE):
                line = text.count("\n", 0, found.start()) + 1
                wrong.append(f"{path.relative_to(root).as_posix()}:{line} {what}")
    return wrong


def _blank(found: re.Match[str]) -> str:
    return "\n" * found.group().count("\n")


def fragments(root: Path) -> list[str]:
    """A fragment's file starts with an underscore, and only a fragment's does."""
    wrong = []
    for path in templates(root):
        place = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        if {"partial", "partials", "fragments"} & set(path.parts):
            wrong.append(f"{place} lies in a folder of fragments: an underscore says it")
        is_page = bool(re.search(r"\{%-?\s*extends\b|<!doctype", text, flags=re.IGNORECASE))
        if is_page == path.name.startswith("_"):
            wrong.append(f"{place} is a {'page' if is_page else 'fragment'} by another's name")
        wrong += [
            f"{place} includes {name}, which is no fragment"
            for name in re.findall(r"""\{%-?\s*(?:include|import|from)\s+["']([^"']+)["']""", text)
            if not name.rpartition("/")[2].startswith("_")
        ]
    return wrong


CHECKS = (
    ladder,
    foreign_routes,
    room_layers,
    purity,
    rows_without_access,
    commits,
    unsafe_markup,
    fragments,
)
