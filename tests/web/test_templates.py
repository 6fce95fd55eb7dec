"""HTML comes from templates alone, which escape what they are given."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from jinja2 import UndefinedError

from web.render import FOLDER, Notice, render, url

TAG = re.compile(r"</?[a-z][a-z0-9]*(\s[^<>]*)?/?>", re.IGNORECASE)
# Printed as they are: the icons that come with the app, and SVG of figures, which ElementTree has escaped.
SAFE = {
    "screen.html": ["html|safe", "rail|safe", "tabs|safe"],  # what templates made
    "ui.html": ["icon_svg(name)|safe"],
}
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


def test_no_module_writes_html_or_escapes_by_hand() -> None:
    for path in sorted(FOLDER.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert [node.value for node in strings(tree) if TAG.search(node.value)] == [], path
        called = {
            node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
        }
        assert called & {"escape", "Markup", "quoteattr"} == set(), path


def test_no_template_prints_anything_unescaped_but_icons_and_figures() -> None:
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(FOLDER / "templates").as_posix()
        assert re.findall(r"[\w.()]+\s*\|\s*safe", text) == SAFE.get(name, []), name
        assert "autoescape" not in text, name
        # An attribute without quotes could be broken out of by a space.
        assert re.findall(r"\s[a-z-]+=\{\{", text) == [], name


def test_a_picture_is_shown_by_the_one_address_that_protects_it() -> None:
    """Links lead to pages; scripts show pictures by `image` of dom.js."""
    for path in TEMPLATES:
        assert re.findall(r'src="/media', path.read_text(encoding="utf-8")) == [], path
    for path in (FOLDER / "screens").glob("*.py"):
        assert "/media/" not in path.read_text(encoding="utf-8"), path
    scripts = (path for path in sorted((FOLDER / "static").glob("*.js")))
    setting = [path.name for path in scripts if re.search(r"\.src = ", path.read_text(encoding="utf-8"))]
    assert setting == ["dom.js", "protection.js"]


def test_what_is_printed_is_text_in_elements_attributes_and_addresses() -> None:
    hostile = '<script>alert("1")</script> \' {{7*7}} {% raw %}'
    html = render("notice.html", said=Notice(hostile))
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &#39; {{7*7}} {% raw %}" in html
    assert "<script" not in render("which_concept.html", screen=hostile, what=hostile)
    assert url("/label", "Ball & <co>") == "/label?concept=Ball+%26+%3Cco%3E"
    with pytest.raises(UndefinedError):
        render("notice.html")
