"""HTML comes from templates alone, which escape what they are given."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from web.render import FOLDER, Notice, render, url

TAG = re.compile(r"</?[a-z][a-z0-9]*(\s[^<>]*)?/?>", re.IGNORECASE)
# Printed as they are: the icons that come with the app, and SVG of figures, which ElementTree has escaped.
SAFE = {
    "screen.html": ["html|safe", "rail|safe", "tabs|safe"],  # what templates made
    "results/card.html": ["markdown|safe"],
    "ui.html": ["icon_svg(name)|safe"],
    "check/chart.html": ["drawing(figure)|safe"],
}
SAFE["check/main.html"] = ["bare_drawing(scores)|safe"]

MODULES = sorted(FOLDER.rglob("*.py"))
TEMPLATES = sorted((FOLDER / "templates").rglob("*.html"))


def strings(tree: ast.AST) -> Iterator[ast.Constant]:
    """Every string of a module that is no docstring: pieces of f-strings too."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_no_module_writes_html_or_escapes_by_hand(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [node.value for node in strings(tree) if TAG.search(node.value)] == []
    called = {
        node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    assert called & {"escape", "Markup", "quoteattr"} == set()


@pytest.mark.parametrize("path", sorted((FOLDER / "screens").glob("*.py")), ids=lambda path: path.stem)
def test_a_screen_names_what_it_changes_and_skips_nothing_by_position(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [node.lineno for node in ast.walk(tree) if getattr(node, "attr", "") == "skip"] == []
    handlers = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and any(a.arg == "request" for a in node.args.args)
    ]
    returned = {ast.unparse(node.returns) for node in handlers if node.returns}
    assert returned <= {"Shown", "str"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(FOLDER / "templates")))
def test_no_template_prints_anything_unescaped_but_icons_and_figures(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(FOLDER / "templates").as_posix()
    assert re.findall(r"[\w.()]+\s*\|\s*safe", text) == SAFE.get(name, [])
    assert "autoescape" not in text
    # An attribute without quotes could be broken out of by a space.
    assert re.findall(r"\s[a-z-]+=\{\{", text) == []


def test_a_picture_is_shown_by_the_one_address_that_protects_it() -> None:
    """Links lead to pages; scripts show pictures by `image` of dom.js."""
    for path in TEMPLATES:
        assert re.findall(r'src="/media', path.read_text(encoding="utf-8")) == [], path
    for path in (FOLDER / "screens").glob("*.py"):
        assert "/media/" not in path.read_text(encoding="utf-8"), path
    scripts = (path for path in sorted((FOLDER / "static").glob("*.js")))
    setting = [path.name for path in scripts if re.search(r"\.src = ", path.read_text(encoding="utf-8"))]
    assert setting == ["dom.js", "protection.js"]


def test_what_is_printed_is_text_in_elements_and_in_attributes() -> None:
    hostile = '<script>alert("1")</script> \' {{7*7}} {% raw %}'
    html = render("notice.html", said=Notice(hostile))
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &#39; {{7*7}} {% raw %}" in html
    html = render("which_concept.html", screen=hostile, what=hostile)
    assert "<script" not in html


def test_a_name_that_nobody_gave_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("notice.html")


def test_addresses_quote_what_people_write() -> None:
    assert url("/label", "Ball & <co>") == "/label?concept=Ball+%26+%3Cco%3E"
    assert url("/library", q="a b", like="") == "/library?q=a+b&like="
    assert url("/library") == "/library"
