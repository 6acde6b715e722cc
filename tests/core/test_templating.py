"""Compiled templates on disk."""

from __future__ import annotations

import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import LazyString
from jinja2 import Environment
from markupsafe import Markup

from roadmap import compile as compile_all
from roadmap.core.config import ROOT
from roadmap.core.templating import TemplateEnvironment, store_compiled_templates, unbroken


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one template."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "page.html").write_text("Hello {{ name }}")
    return tmp_path


def render(site: Path, *, trim_blocks: bool = True) -> str:
    """Render the template as a new process does."""
    app = Flask("site", template_folder=str(site))
    app.jinja_environment = TemplateEnvironment
    app.jinja_env.trim_blocks = trim_blocks
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    store_compiled_templates(app)
    return app.jinja_env.get_template("page.html").render(name="Alice")


def compiled(site: Path) -> list[Path]:
    return list((site / "__pycache__").iterdir())


def test_next_process_uses_compiled_template(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert render(site) == "Hello Alice"
    monkeypatch.setattr(TemplateEnvironment, "compile", None)
    assert render(site) == "Hello Alice"


def test_changed_template_is_compiled_again(site: Path) -> None:
    render(site)
    (site / "page.html").write_text("Good morning {{ name }}")
    assert render(site) == "Good morning Alice"
    assert len(compiled(site)) == 1


def test_changed_option_of_the_environment_compiles_again(site: Path) -> None:
    (site / "page.html").write_text("{% if name %}\nHello{% endif %}")
    assert render(site) == "Hello"
    assert render(site, trim_blocks=False) == "\nHello"


@pytest.mark.parametrize("length", [0, 10, 40, 100])
def test_truncated_file_is_replaced(site: Path, length: int) -> None:
    render(site)
    [file] = compiled(site)
    good = file.read_bytes()
    file.write_bytes(good[:length])
    assert render(site) == "Hello Alice"
    assert file.read_bytes() == good


def test_template_renders_without_a_writable_folder(site: Path) -> None:
    (site / "__pycache__").write_text("not a folder")
    assert render(site) == "Hello Alice"


def test_compiled_template_is_not_stored_if_bytecode_is_disabled(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert render(site) == "Hello Alice"
    assert not (site / "__pycache__").exists()


def test_installation_compiles_all_modules_and_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make install`, for services that cannot write to the code."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    compile_all.main()
    modules = [*ROOT.glob("roadmap/**/*.py"), *ROOT.glob("migrations/*.py")]
    assert not [file for file in modules if not Path(cache_from_source(str(file))).exists()]
    stored = list((ROOT / "templates" / "__pycache__").iterdir())
    assert len(stored) >= len(list(ROOT.glob("templates/**/*.html")))


class Shape:
    def __html__(self) -> str:
        return "<svg></svg>"


@pytest.mark.parametrize(
    "value",
    [
        '<b title="x">\'&amp;</b>',
        Markup("<b>&amp;</b>"),
        Shape(),
        LazyString(lambda: "<lazy>"),
        LazyString(lambda: Markup("<i>lazy</i>")),
        7,
        None,
    ],
)
@pytest.mark.parametrize(
    "source",
    [
        "<p>{{ value }}</p>",
        "{% macro p(x) %}{{ x }}{{ caller() }}{% endmacro %}{% call p(value) %}.{% endcall %}",
        "{% set text %}{{ value }}{% endset %}{{ text }}",
        "{{ value ~ '<br>' }}{{ value|string|upper }}{{ missing }}",
        "{% autoescape flag %}{{ value }}{% endautoescape %}",
    ],
    ids=["output", "macro", "set", "concatenation", "volatile"],
)
def test_values_are_escaped_as_in_jinja(source: str, value: object) -> None:
    for flag in (True, False):
        expected = Environment(autoescape=True).from_string(source).render(value=value, flag=flag)
        environment = TemplateEnvironment(Flask("site"), autoescape=True)
        assert environment.from_string(source).render(value=value, flag=flag) == expected


def test_hyphenated_words_of_a_heading_stay_whole() -> None:
    for heading, html in {
        "A <b> of Wei-Lin": 'A &lt;b&gt; of <span class="whole">Wei-Lin</span>',
        "A – B, -1 and c-": "A – B, -1 and c-",
        Markup('<i class="a-b">x</i>'): '<i class="a-b">x</i>',
    }.items():
        assert unbroken(heading) == html
