"""Static checks of the architecture rules: import direction, purity, templates and styles.

Each check takes the root of a source tree (the project or one written by a test) and returns one
message per violation. Nothing is imported or executed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

# From the lowest floor to the highest. Rooms on one floor never import each other.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("core",),
    ("people",),
    ("mail",),
    ("catalog", "auth"),
    ("account", "invitations", "progress"),
    ("career_plans",),
    ("evidence", "endorsements", "skills", "career", "market", "time_budget"),
    ("readiness", "credentials", "practice", "tools", "work_log", "importers", "activity"),
    ("forecast", "momentum"),
    ("journey", "sources", "calendar", "badges"),
    ("portfolio", "teams", "reviews", "admin", "erasure", "notifications"),
    ("dashboard", "search"),
    ("demo", "backup", "jobs", "archive"),
    ("api", "cli"),
    ("server",),
    ("app",),
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

# Layers inside a room, lowest first. Modules with other names belong to no layer.
KINDS = ("rules", "models", "queries", "actions", "forms", "routes")

# Modules that must not use the database, Flask or the clock, in addition to every room's `rules`.
PURE = {
    "readiness": (
        *("facts", "policy", "rules", "gates", "explanation", "next_steps", "tally"),
        *("messages", "summary", "what_if", "no_effect"),
    ),
    "portfolio": ("document", "sections", "profiles"),
    "teams": ("matrix",),
    "market": ("oews_file",),
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

# Decorators that make a function a route: `@something.get("/path")`, `@operation("Tag")`.
ROUTE_DECORATORS = ("get", "post", "put", "patch", "delete", "route")

# `session.get` loads by key without an access check. `permissions.load` calls it and checks access.
# Writes call it under a lock, for rows whose keys their callers have checked.
MAY_LOAD_BY_KEY = ("actions", "listeners")
MAY_LOAD_BY_KEY_TOO = (
    "roadmap/people/permissions.py",
    "roadmap/notifications/kind.py",  # used by the notification listener, like the next entry
    "roadmap/notifications/kinds/",
)

# Middleware and view decorators. Elsewhere below the routes the actor is an argument.
MAY_KNOW_CURRENT_USER = (
    "roadmap/core/i18n.py",
    "roadmap/core/limiter.py",
    "roadmap/auth/sessions.py",
    "roadmap/auth/reauthentication.py",
    "roadmap/api/operation.py",
)

# Decorators that expose a function to templates. Such functions take values and return text.
TEMPLATE_DECORATORS = {
    f"{app}{what}"
    for app in ("", "app_")
    for what in ("template_global", "template_filter", "template_test", "context_processor")
}
DATABASE_IMPORTS = re.compile(
    r"sqlalchemy\b|roadmap\.core\.database\.db$|roadmap\..*\b(queries|actions|loaders|repository)\b"
)

# The application factory's notation for a blueprint: "practice.routes_peer:peer_links".
BLUEPRINT = re.compile(r"\w+\.routes\w*:\w+")

# A request commits once, in core/web. Commands and startup code commit themselves.
MAY_COMMIT = (
    "roadmap/core/web.py",
    "roadmap/core/database.py",
    "roadmap/core/sqlite.py",
    "roadmap/core/migrations.py",
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

# In a template: `row.role == "manager"`, `role in ("member", "mentor")`.
ROLE_COMPARISON = (
    r"""\brole\s*(?:==|!=|(?:not\s+)?in\b)\s*[\["'(]"""
    r"""|["']\s*(?:==|!=)\s*[\w.]*\brole\b"""
)

LONGEST_TEMPLATE_LINE = 120
FIELD = re.compile(r'class="field[ "{]|<select|<textarea')
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
BARE_ELEMENT = re.compile(r"(?<![\w.#-])(?:em|b|i|small|strong|span)(?![\w-])")
CLASS = re.compile(r"\.([a-z][\w-]*)(?=[^{}]*\{)")
# Class names that a template composes or htmx sets.
COMPOSED_CLASSES = ("tone-", "level-", "depth-", "arrow-", "htmx-")


@dataclass(frozen=True)
class Module:
    """A Python file below roadmap/."""

    root: Path
    path: Path

    @property
    def place(self) -> str:
        return self.path.relative_to(self.root).as_posix()

    @property
    def name(self) -> str:
        """The dotted module name, e.g. roadmap.evidence.routes."""
        parts = self.path.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def room(self) -> str:
        """The room. Modules directly below roadmap/ belong to `app`."""
        return room_of(self.name)

    @property
    def stem(self) -> str:
        return self.path.stem

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), filename=str(self.path))

    @cached_property
    def imports(self) -> list[tuple[int, str]]:
        """Line and dotted name of each import in the file, including imports inside functions.

        `from a import b` yields `a.b`, which may be a module or a name defined in `a`.
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
            elif isinstance(node, ast.Constant) and BLUEPRINT.fullmatch(str(node.value)):
                found.append((node.lineno, f"roadmap.{str(node.value).replace(':', '.')}"))
        return found

    @cached_property
    def has_routes(self) -> bool:
        """Whether the file defines a route function or calls `add_url_rule`."""
        return any(
            _is_route_decorator(decorator)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for decorator in node.decorator_list
        ) or any(_method_calls(self, ("add_url_rule",)))

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name.split(".")
        if self.path.stem != "__init__":
            package = package[:-1]
        above = package[: len(package) - (node.level - 1)]
        return ".".join([*above, node.module] if node.module else above)


def room_of(name: str) -> str:
    """Return the room that a dotted module name belongs to."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in FLOOR_OF else "app"


@cache
def modules(root: Path) -> tuple[Module, ...]:
    """Return all Python files of the application, sorted. Each is parsed only once."""
    return tuple(Module(root, path) for path in sorted((root / "roadmap").rglob("*.py")))


@cache
def _by_name(root: Path) -> dict[str, Module]:
    return {module.name: module for module in modules(root)}


def _imported_modules(root: Path, module: Module) -> Iterator[tuple[int, Module]]:
    """Yield line and module of each internal import: `from a import b` imports a.b, or else a."""
    known = _by_name(root)
    for line, name in _own_imports(module):
        found = known.get(name) or known.get(name.rpartition(".")[0])
        if found is not None and found is not module:
            yield line, found


def _is_route_decorator(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id == "operation"
    return isinstance(node.func, ast.Attribute) and node.func.attr in ROUTE_DECORATORS


def templates(root: Path) -> list[Path]:
    return sorted((root / "templates").rglob("*.html"))


def _own_imports(module: Module) -> Iterator[tuple[int, str]]:
    """Yield imports of roadmap modules, except `from roadmap import __version__`."""
    for line, name in module.imports:
        if name.partition(".")[0] == "roadmap" and name != "roadmap.__version__":
            yield line, name


def ladder(root: Path) -> list[str]:
    """Find imports that do not point down the ladder, and rooms missing from it."""
    wrong = [
        f"roadmap/{folder.name} is missing from FLOORS"
        for folder in sorted((root / "roadmap").iterdir())
        if any(folder.glob("*.py")) and folder.name not in FLOOR_OF
    ]
    for module in modules(root):
        for line, name in _own_imports(module):
            other = room_of(name)
            if other == module.room:
                continue
            if FLOOR_OF[other] == FLOOR_OF[module.room]:
                wrong.append(f"{module.place}:{line} imports from its own floor: {other} ({name})")
            elif FLOOR_OF[other] > FLOOR_OF[module.room]:
                wrong.append(f"{module.place}:{line} imports upwards from {other} ({name})")
    return wrong


def imported_rooms(root: Path) -> set[tuple[str, str]]:
    """Return pairs (importing room, imported room)."""
    return {
        (module.room, room_of(name))
        for module in modules(root)
        for _line, name in _own_imports(module)
        if room_of(name) != module.room
    }


def foreign_routes(root: Path) -> list[str]:
    """Find imports of another room's routes outside the application factory."""
    return [
        f"{module.place}:{line} imports the routes of another room ({other.name})"
        for module in modules(root)
        if module.place != "roadmap/app.py"
        for line, other in _imported_modules(root, module)
        if other.room != module.room and other.has_routes
    ]


def import_cycles(root: Path) -> list[str]:
    """Find modules that import each other, directly or indirectly.

    Imports inside functions and under TYPE_CHECKING count too: they hide the cycle from Python,
    but a reader still has to understand all the modules together.
    """
    graph = {
        module.name: {other.name for _line, other in _imported_modules(root, module)}
        for module in modules(root)
    }
    wrong = []
    # A module that nothing imports, or that imports nothing, is in no cycle. Remove such modules
    # until only cycles and the paths between them remain.
    while graph:
        imported = set().union(*graph.values())
        loose = {name for name, others in graph.items() if not others or name not in imported}
        if not loose:
            cycle = _find_cycle(graph)
            wrong.append(f"{cycle[0]} is in an import cycle: {' > '.join(cycle)}")
            graph[cycle[0]].discard(cycle[1])
        graph = {name: others - loose for name, others in graph.items() if name not in loose}
    return wrong


def _find_cycle(graph: dict[str, set[str]]) -> list[str]:
    """Return one cycle of a graph in which every node has a successor."""
    path = [min(graph)]
    while path.count(path[-1]) == 1:
        path.append(min(graph[path[-1]]))
    cycle = path[path.index(path[-1]) : -1]
    first = cycle.index(min(cycle))
    return [*cycle[first:], *cycle[: first + 1]]


def _kind(module: Module) -> int | None:
    stem = "routes" if module.has_routes else module.stem
    return KINDS.index(stem) if stem in KINDS else None


def room_layers(root: Path) -> list[str]:
    """Find upward imports inside a room: rules < models < queries < actions < forms < routes."""
    wrong = []
    for module in modules(root):
        own = _kind(module)
        for line, imported in _imported_modules(root, module):
            other = _kind(imported)
            if own is None or other is None or imported.room != module.room:
                continue
            if other > own:
                name = imported.name
                wrong.append(f"{module.place}:{line} imports upwards inside its room ({name})")
    return wrong


def _is_pure(module: Module) -> bool:
    pure = {"rules", *PURE.get(module.room, ())}
    return module.stem in pure or module.path.parent.name in pure


def purity(root: Path) -> list[str]:
    """Find pure modules that use a database, Flask or the clock, directly or indirectly."""
    wrong: list[str] = []
    for module in modules(root):
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
            queue += [
                (below, f"{way} > {below.place}")
                for _line, below in _imported_modules(root, current)
                if below.stem != "__init__"
            ]
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
    """Find rows loaded by primary key without an access check.

    In a module that imports `session` from Flask, a bare `session` is the cookie session.
    """
    wrong = []
    for module in modules(root):
        if module.place.startswith(MAY_LOAD_BY_KEY_TOO) or (
            module.stem in MAY_LOAD_BY_KEY and not module.has_routes
        ):
            continue
        cookie = any(name == "flask.session" for _line, name in module.imports)
        for line, method, holder in _method_calls(module, ("get", "get_one")):
            if _last_name(holder) == "session" and not (cookie and isinstance(holder, ast.Name)):
                wrong.append(f"{module.place}:{line} loads a row by session.{method}")
    return wrong


def ambient_actor(root: Path) -> list[str]:
    """Find modules below the routes that use `current_user` instead of an actor argument."""
    return [
        f"{module.place}:{line} uses current_user"
        for module in modules(root)
        if not module.has_routes and module.place not in MAY_KNOW_CURRENT_USER
        for line, name in module.imports
        if name == "flask_login.current_user"
    ]


def querying_templates(root: Path) -> list[str]:
    """Find modules that expose functions or values to templates and import query code.

    `tests/support/rendering.py` fails a test whose template actually runs a query.
    """
    return [
        f"{module.place}:{line} serves templates and imports {name}"
        for module in modules(root)
        if _serves_templates(module)
        for line, name in module.imports
        if DATABASE_IMPORTS.match(name)
    ]


def _serves_templates(module: Module) -> bool:
    decorators = (
        _last_name(decorator.func if isinstance(decorator, ast.Call) else decorator)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
    )
    return bool(TEMPLATE_DECORATORS & set(decorators)) or any(
        isinstance(node, ast.Attribute)
        and node.attr in ("globals", "filters", "tests")
        and _last_name(node.value) == "jinja_env"
        for node in ast.walk(module.tree)
    )


def commits(root: Path) -> list[str]:
    """Find commits outside `MAY_COMMIT`."""
    return [
        f"{module.place}:{line} commits"
        for module in modules(root)
        if not module.place.startswith(MAY_COMMIT)
        for line, _name, _holder in _method_calls(module, ("commit",))
    ]


def unsafe_markup(root: Path) -> list[str]:
    """Find markup that the content security policy would block, and unescaped text."""
    wrong = []
    for path in templates(root):
        # Comments may mention such markup.
        text = re.sub(r"\{#.*?#\}", _blank, path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for pattern, what in INLINE.items():
            for found in re.finditer(pattern, text, flags=re.IGNORECASE):
                line = text.count("\n", 0, found.start()) + 1
                wrong.append(f"{path.relative_to(root).as_posix()}:{line} {what}")
    return wrong


def _blank(found: re.Match[str]) -> str:
    return "\n" * found.group().count("\n")


def fragments(root: Path) -> list[str]:
    """Find fragments whose names do not start with an underscore, and pages whose names do."""
    wrong = []
    for path in templates(root):
        place = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        if {"partial", "partials", "fragments"} & set(path.parts):
            wrong.append(f"{place} is in a folder of fragments: use an underscore")
        is_page = bool(re.search(r"\{%-?\s*extends\b|<!doctype", text, flags=re.IGNORECASE))
        if is_page == path.name.startswith("_"):
            wrong.append(
                f"{place} is a page with an underscore"
                if is_page
                else f"{place} is a fragment without an underscore"
            )
        wrong += [
            f"{place} includes {name}, whose name has no underscore"
            for name in re.findall(r"""\{%-?\s*(?:include|import|from)\s+["']([^"']+)["']""", text)
            if not name.rpartition("/")[2].startswith("_")
        ]
    return wrong


def role_comparisons(root: Path) -> list[str]:
    """Find comparisons of a role with a string literal; people/roles.py defines capabilities."""
    wrong = []
    for module in modules(root):
        if module.place == "roadmap/people/roles.py":
            continue
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Compare):
                continue
            operands = [node.left, *node.comparators]
            if any(map(_is_role, operands)) and any(map(_has_string, operands)):
                wrong.append(f"{module.place}:{node.lineno} compares a role with a string")
    for path in templates(root):
        text = path.read_text(encoding="utf-8")
        for found in re.finditer(ROLE_COMPARISON, text):
            line = text.count("\n", 0, found.start()) + 1
            place = path.relative_to(root).as_posix()
            wrong.append(f"{place}:{line} compares a role with a string")
    return wrong


def _is_role(node: ast.expr) -> bool:
    """Whether the expression is named role: `role`, `row.role`, `data["role"]`, `get("role")`."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value == "role"
    if isinstance(node, ast.Call):
        return any(isinstance(each, ast.Constant) and each.value == "role" for each in node.args)
    return _last_name(node).rpartition("_")[2] == "role"


def _has_string(node: ast.expr) -> bool:
    parts = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    return any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in parts)


def team_tree_walks(root: Path) -> list[str]:
    """Find recursive queries outside people/reach.py, the only module that walks the team tree."""
    return [
        f"{module.place}:{node.lineno} has a recursive query"
        for module in modules(root)
        if module.place != "roadmap/people/reach.py"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.keyword) and node.arg == "recursive"
    ]


def password_entry_times(root: Path) -> list[str]:
    """Find code outside `auth` that sets when a user last entered their password."""
    return [
        f"{module.place}:{node.lineno} sets the time of a password entry"
        for module in modules(root)
        if not module.place.startswith("roadmap/auth/")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.keyword) and node.arg == "fresh_at"
    ]


def long_template_lines(root: Path) -> list[str]:
    """Find template and style sheet lines over `LONGEST_TEMPLATE_LINE` characters."""
    return [
        f"{path.relative_to(root).as_posix()}:{number} has {len(line)} characters"
        for path in (*templates(root), *style_sheets(root))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > LONGEST_TEMPLATE_LINE
    ]


def fields_without_macro(root: Path) -> list[str]:
    """Find form fields written by hand instead of with a macro from `_ui.html`."""
    return [
        f"{path.relative_to(root).as_posix()}:{number} has a field without a macro"
        for path in templates(root)
        if path.name != "_ui.html"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if FIELD.search(line)
    ]


def methods_in_urls(root: Path) -> list[str]:
    """Find templates that put `_method` into a URL, where it would stay after a rejected form."""
    return [
        f"{path.relative_to(root).as_posix()} has _method in a URL"
        for path in templates(root)
        if re.search(r"[?&]_method=", path.read_text(encoding="utf-8"))
    ]


def style_sheets(root: Path) -> list[Path]:
    return sorted((root / "static/css").glob("*.css"))


def bare_element_selectors(root: Path) -> list[str]:
    """Find selectors for elements without meaning (`em`, `span`), where a class would name one."""
    return [
        f"{path.relative_to(root).as_posix()} styles a bare {element}"
        for path in style_sheets(root)
        for selector in re.findall(r"([^{};]+)\{", COMMENT.sub("", path.read_text("utf-8")))
        for element in BARE_ELEMENT.findall(selector)
    ]


def unused_styles(root: Path) -> list[str]:
    """Find styled classes that no template, module or script uses."""
    places = (*root.glob("templates/**/*.html"), *root.glob("roadmap/**/*.py"))
    used = {
        word
        for path in (*places, *root.glob("static/*.js"))
        for word in re.findall(r"[\w-]+", path.read_text(encoding="utf-8"))
    }
    return [
        f"{path.relative_to(root).as_posix()} styles .{name}, which is unused"
        for path in style_sheets(root)
        for name in sorted(set(CLASS.findall(COMMENT.sub("", path.read_text("utf-8")))))
        if name not in used and not name.startswith(COMPOSED_CLASSES)
    ]


CHECKS = (
    ladder,
    foreign_routes,
    import_cycles,
    room_layers,
    purity,
    rows_without_access,
    ambient_actor,
    querying_templates,
    commits,
    unsafe_markup,
    fragments,
    long_template_lines,
    fields_without_macro,
    methods_in_urls,
    bare_element_selectors,
    unused_styles,
    role_comparisons,
    team_tree_walks,
    password_entry_times,
)
