"""Ways in: commands with their options, REST operations, tools for assistants."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
from typing import NamedTuple

from tools.measure.source import Checkout, File

# In a process of its own, as the product takes long to import, with a home of its own.
ASK = """
import json, pathlib, sys, typer
from discern.__main__ import app

def parameters(command):
    if hasattr(command, "list_commands"):
        command.list_commands(None)  # makes those of operations
    children = getattr(command, "commands", None)
    if children is None:
        yield len([one for one in command.params if one.name != "help"])
    for child in (children or {}).values():
        yield from parameters(child)

counts = list(parameters(typer.main.get_command(app)))

from concepts.settings import load_settings
from concepts.workbench import Workbench
from web.api import create_api

bench = Workbench(load_settings(home=pathlib.Path(sys.argv[1])))
document = create_api(bench).openapi()
bench.close()
verbs = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
operations = [
    len(path.get("parameters", [])) + len(operation.get("parameters", []))
    for path in document["paths"].values()
    for verb, operation in path.items()
    if verb in verbs
]
print(json.dumps([len(counts), sum(counts), len(operations), sum(operations)]))
"""


class Surfaces(NamedTuple):
    """`parameters` of commands are options and arguments without `--help`; those of operations are in the
    path, the query, headers and cookies, without the body's fields."""

    commands: int
    command_parameters: int
    operations: int
    operation_parameters: int


def surfaces(checkout: Checkout) -> Surfaces:
    """Asks the product of this checkout, hidden commands included."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("DISCERN_")}
    with tempfile.TemporaryDirectory() as home:
        asked = subprocess.run(
            [sys.executable, "-c", ASK, home],
            cwd=checkout.root,
            env=own | {"DISCERN_HOME": home},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    return Surfaces(*json.loads(asked.stdout.splitlines()[-1]))


def assistants_tools(checkout: Checkout) -> int:
    """Entries of every list `TOOLS = (Tool(…), …)`, and functions with a decorator `….tool(…)` or
    `operation(…, tool=…)`: read from the text, as the package that serves them is optional."""
    return sum(_tools(file) for file in checkout.product)


def _tools(file: File) -> int:
    listed = [
        len(node.value.elts)
        for node in file.tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Tuple | ast.List)
        and any(isinstance(target, ast.Name) and target.id == "TOOLS" for target in node.targets)
    ]
    decorated = [
        decorator
        for node in file.nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
        and (
            (isinstance(decorator.func, ast.Attribute) and decorator.func.attr == "tool")
            or any(keyword.arg == "tool" for keyword in decorator.keywords)
        )
    ]
    return sum(listed) + len(decorated)
