"""HTML comes from templates alone, which escape what they are given, and from constants of components."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from jinja2 import UndefinedError

from web.render import FOLDER, Notice, _environment, url

TAG = re.compile(r"</?[a-z][a-z0-9]*(\s[^<>]*)?/?>", re.IGNORECASE)
# Printed as they are: constants that a template has itself.
SAFE = {"login.html": ["' target=\"_blank\"'|safe"]}
TEMPLATES = sorted((FOLDER / "templates").rglob("*.html"))
NOTICE = _environment().from_string('{% from "ui.html" import notice %}{{ notice(said) }}')


def strings(tree: ast.AST) -> Iterator[ast.Constant]:
    """Every string of a module that is no docstring and no constant heading: of f-strings the pieces."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    called = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    headings = {id(node.args[0]) for node in called if ast.unparse(node.func) == "gr.HTML" and node.args}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings | headings
        ):
            yield node


def test_no_module_writes_html_or_escapes_by_hand() -> None:
    for path in sorted(FOLDER.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if not path.is_relative_to(FOLDER / "components"):  # whose templates are constants
            assert [node.value for node in strings(tree) if TAG.search(node.value)] == [], path
        called = {
            node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
        }
        assert called & {"escape", "Markup", "quoteattr"} == set(), path


def test_no_template_prints_anything_unescaped_but_constants() -> None:
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(FOLDER / "templates").as_posix()
        assert re.findall(r"(?:'[^']*'|[\w.()]+)\s*\|\s*safe", text) == SAFE.get(name, []), name
        assert "autoescape" not in text, name
        # An attribute without quotes could be broken out of by a space.
        assert re.findall(r"\s[a-z-]+=\{\{", text) == [], name


def test_what_is_printed_is_text_in_elements_attributes_and_addresses() -> None:
    hostile = '<script>alert("1")</script> \' {{7*7}} {% raw %}'
    html = NOTICE.render(said=Notice(hostile))
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &#39; {{7*7}} {% raw %}" in html
    assert url("/label", "Ball & <co>") == "/label?concept=Ball+%26+%3Cco%3E"
    with pytest.raises(UndefinedError):
        NOTICE.render()
