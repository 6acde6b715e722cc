"""The Jinja environment, and its compiled templates on disk."""

from __future__ import annotations

import contextlib
import hashlib
import re
import sys
from collections import ChainMap
from collections.abc import MutableMapping
from importlib.metadata import version
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import jinja2
import markupsafe
from flask import Flask
from flask.templating import Environment
from jinja2 import FileSystemBytecodeCache, Template
from jinja2.bccache import Bucket
from markupsafe import Markup


def escape(value: object) -> str:
    """Return the HTML of a template's expression, as MarkupSafe does, but not as `Markup`.

    The template joins it with other text, so a thousand objects a page would be thrown away.
    """
    if type(value) is str:
        return markupsafe._escape_inner(value)  # type: ignore[attr-defined]  # in no stub
    return value if type(value) is Markup else markupsafe.escape(value)


_HYPHENATED = re.compile(r"\S*\w-\w\S*")


def unbroken(heading: object) -> str:
    """Return a heading in which hyphenated words, such as names, are only split if too long."""
    if hasattr(heading, "__html__"):
        return escape(heading)
    html = escape(str(heading))
    return Markup(_HYPHENATED.sub(r'<span class="whole">\g<0></span>', html))  # noqa: S704 - escaped


class FastTemplate(Template):
    """Jinja's template, with the `escape` of this module."""

    @classmethod
    def _from_namespace(
        cls,
        environment: jinja2.Environment,
        namespace: MutableMapping[str, Any],
        globals: MutableMapping[str, Any],  # noqa: A002 - Jinja's name
    ) -> Template:
        namespace["escape"] = escape
        return super()._from_namespace(environment, namespace, globals)


class TemplateEnvironment(Environment):
    """Flask's environment, with faster escaping and shared globals.

    Jinja gives each template a `ChainMap` and reads all of it for each include and import, of which
    a page has a dozen. Reading a plain dictionary takes a tenth of the time, so templates without
    globals of their own share the environment's.
    """

    template_class = FastTemplate

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return a template's globals. `d` are its own."""
        return ChainMap(d, self.globals) if d else self.globals


class CompiledTemplates(FileSystemBytecodeCache):
    """Compiled templates in a `__pycache__` folder, as Python stores compiled modules.

    Jinja compares a template's source and the Python version. Everything else that changes the
    compiled code is in the file name.
    """

    def __init__(self, folder: Path, environment: Environment) -> None:
        attributes = sorted(vars(environment).items())
        options = (
            version("jinja2"),
            [each for each in attributes if isinstance(each[1], bool | str)],
            sorted(environment.extensions),
            environment.policies["ext.i18n.trimmed"],
        )
        digest = hashlib.sha256(repr(options).encode()).hexdigest()[:8]
        super().__init__(str(folder), f"%s.{digest}.jinja")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a compiled template. One that cannot be read is compiled again."""
        with contextlib.suppress(OSError, UnpicklingError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write a compiled template, unless the folder cannot be written, as Python does."""
        if sys.dont_write_bytecode:
            return
        with contextlib.suppress(OSError):
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)


def store_compiled_templates(app: Flask) -> None:
    """Let processes share compiled templates. Call this when the environment has all its options.

    Compiling takes longer than rendering, and what it allocates stays in the memory of a worker.
    """
    folder = Path(app.root_path, app.template_folder or "templates", "__pycache__")
    app.jinja_env.bytecode_cache = CompiledTemplates(folder, app.jinja_env)
