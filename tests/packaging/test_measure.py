"""What `python -m tools.measure` counts, on trees made up for it."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

from tools.measure import forwarding, patches, rooms, size, surfaces, twice, words
from tools.measure.figures import grown, read_limits
from tools.measure.source import FUNCTIONS, Checkout, File, Function
from tools.measure.suites import run_suite

HARD_LINES = """
def áé(x: int = 0x_ff, *, y=1_000.5e-3j, **kw) -> "str":
    a = b"\\"#" + rb\'\'\'no # comment " \'\'\' + 'it\\'s' + "\\
"
    x //= 2 ** 3 if x != .5 else 1.  # a comment with "quotes"
    if (n := x >> 1) <= ~x: return a[..., 1:2] @ {**kw}["b"]
"""
BY_PYTHON = {tokenize.NAME, tokenize.NUMBER, tokenize.STRING, tokenize.OP}


def checkout(root: Path, files: dict[str, str]) -> Checkout:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "-q", root], check=True)
    subprocess.run(["git", "add", "."], cwd=root, check=True)
    return Checkout(root)


def function(text: str) -> Function:
    found = next(node for node in ast.walk(ast.parse(text)) if isinstance(node, FUNCTIONS))
    assert isinstance(found, FUNCTIONS)
    return found


# Sizes


def test_tokens_are_those_of_python_itself() -> None:
    theirs = [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(HARD_LINES).readline)
        if token.type in BY_PYTHON
    ]
    assert [token[0] for token in File("a.py", HARD_LINES).python_tokens()] == theirs


def test_comments_and_docstrings_are_no_tokens() -> None:
    told = '"""One."""\n# said\nclass A:\n    """A class."""\n    def f(self):\n        "ä"; return 1  # 1\n'
    bare = "class A:\n    def f(self):\n        return 1\n"
    assert File("a.py", told).tokens == File("a.py", bare).tokens + 1  # the semicolon


def test_a_string_that_is_no_docstring_is_a_token() -> None:
    assert File("a.py", 'x = 1\n"""said"""\n').tokens == 4


def test_an_f_string_is_one_token_on_every_python() -> None:
    assert File("a.py", "f\"{a + 'b'} and {c}\"").tokens == 1


def test_only_tracked_files_are_measured_by_folder_and_kind(tmp_path: Path) -> None:
    tree = checkout(tmp_path, {"web/a.py": "x = 1\n", "web/b.html": "<p>\n</p>\n", "c.toml": "a = 1\n"})
    (tmp_path / "web" / "left.py").write_text("y = 2\n")
    sizes = size.by_folder(tree)
    assert sizes["web"] == {"HTML": size.Size(1, 2, 7), "Python": size.Size(1, 1, 3)}
    assert list(sizes) == [".", "web"]


def test_migrations_and_tests_are_no_product(tmp_path: Path) -> None:
    empty = ("storage/migrations/versions/0001.py", "storage/a.py", "tests/b.py", "app.py", "tools/c.py")
    assert [file.path for file in checkout(tmp_path, dict.fromkeys(empty, "")).product] == [
        "app.py",
        "storage/a.py",
    ]


def test_a_function_is_as_long_as_from_its_def_to_its_end() -> None:
    text = '@decorated\ndef f():\n    """Said."""\n\n    def g():\n        return 1\n    return g\n'
    assert size.function_lengths([File("a.py", text)]) == [2, 6]


# Rooms


def test_floors_are_the_longest_chain_of_rooms_and_arrows_count_once(tmp_path: Path) -> None:
    tree = checkout(
        tmp_path,
        {
            "house/__init__.py": "",
            "house/roof/a.py": "from house.hall import b\nfrom house import cellar\n",
            "house/roof/c.py": "def late():\n    import house.hall.b\n",
            "house/hall/b.py": "from ..cellar import thing\nfrom . import other\n",
            "house/hall/other.py": "",
            "house/cellar.py": "import json\n",
            "house/shed.py": "",
        },
    )
    assert rooms.house(tree, "house") == rooms.House(rooms=4, floors=3, arrows=3)


# What only passes on


@pytest.mark.parametrize(
    "body",
    [
        "return self._context.jobs.recent(limit)",
        "self._store.rooms.end(name, now=now)",
        "'Says it.'\n        return self._jobs.submit(Train(self._context.concept(name).id, 3))",
        "return await self._context.jobs.recent(limit)",
    ],
)
def test_a_method_that_only_forwards_is_found(body: str) -> None:
    assert forwarding.only_forwards(function(f"class A:\n    async def f(self):\n        {body}\n"))


@pytest.mark.parametrize(
    "body",
    [
        "return view(self._context.jobs.recent(limit))",
        "return self._context.jobs.recent(limit)[0]",
        "return self._context.jobs.recent(limit + 1)",
        "return self._context.jobs.recent(own(limit))",
        "return self.recent(limit)",
        "self._context.check(limit); return self._context.jobs.recent(limit)",
    ],
)
def test_a_method_that_does_more_is_not(body: str) -> None:
    assert not forwarding.only_forwards(function(f"class A:\n    def f(self):\n        {body}\n"))


def test_methods_of_the_workbench_are_the_public_ones() -> None:
    text = (
        "class A:\n    def f(self): return self.x.f()\n    def g(self): return 1\n"
        "    def h(self):\n        a = 1\n        return a\n    def _i(self): return self.x.f()\n"
    )
    files = [File("concepts/workbench/a.py", text), File("concepts/other/a.py", text)]
    assert forwarding.workbench_methods(files) == forwarding.Methods(3, 2, 1)


def test_routes_of_one_call_are_counted_without_those_of_the_scorer() -> None:
    text = (
        "@router.get('/a')\ndef a(): return bench.a()\n"
        "@router.post('/b')\ndef b():\n    x = 1\n    return bench.b(x)\n"
        "@functools.cache\ndef c(): return bench.c()\n"
    )
    assert forwarding.route_functions([File("web/api/a.py", text), File("web/scorer/a.py", text)]) == (2, 1)


def test_concepts_looked_up_by_name_are_counted() -> None:
    text = "self._context.concept(a)\nbench.context.concept(b)\nself.definitions.concept(c)\nconcept(d)\n"
    assert forwarding.concept_lookups([File("a.py", text)]) == 2


def test_tools_for_assistants_are_counted_from_a_list_or_from_decorators(tmp_path: Path) -> None:
    listed = "TOOLS = (Tool(a), Tool(b))\n"
    decorated = "@server.tool()\ndef c(): ...\n\n@server.other()\ndef d(): ...\n"
    assert surfaces.assistants_tools(checkout(tmp_path, {"web/a.py": listed, "web/b.py": decorated})) == 3


# What stands twice

ONE = """
def total(orders, rate):
    found = [order.price for order in orders if order.paid]
    if not found:
        raise NoOrdersError(rate)
    mean = sum(found) / len(found)
    return mean * rate + FEES[len(found)]
"""
RENAMED = ONE.replace("order", "room").replace("found", "kept").replace("price", "width").replace("rate", "x")
OTHER = """
def total(orders, rate):
    with opened(orders) as stream:
        for line in stream:
            rate += float(line)
    while rate > 100:
        rate = rate / 2
    return {"rate": rate, "orders": orders}
"""


def test_two_functions_alike_with_other_names_are_one_pair() -> None:
    runs = twice.runs_twice([File("a.py", ONE), File("b.py", "\n\nX = 1\n" + RENAMED)])
    assert runs == [twice.Run("a.py", 2, 7, "b.py", 5, 10)]
    assert twice.pairs(runs) == 1


def test_two_functions_that_do_something_else_are_none() -> None:
    assert twice.runs_twice([File("a.py", ONE), File("b.py", OTHER)]) == []


def test_two_that_stand_twice_in_one_file_are_a_pair_too() -> None:
    assert len(twice.runs_twice([File("a.py", ONE + "\n\n" + RENAMED)])) == 1


def test_comments_docstrings_and_imports_stand_nowhere() -> None:
    text = (
        '"""\n'
        + "a said line of words\n" * 9
        + '"""\n'
        + "import a, b, c, d, e, f\n" * 9
        + "# a comment\n" * 9
    )
    assert twice.runs_twice([File("a.py", text), File("b.py", text)]) == []


def test_templates_alike_but_for_their_words_are_a_pair() -> None:
    row = '<li class="row"><a href="{}">{}</a> <b>{}</b></li>\n'
    one, two = ("".join(row.format(f"/{w}{n}", w * n, w) for n in range(1, 8)) for w in ("a", "b"))
    assert len(twice.runs_twice([File("a.html", one), File("b.html", two)])) == 1


# Other people's libraries


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("from gradio.routes import App\nApp.create_app = None", patches.SWAPPED),
        ("import gradio as gr\nsetattr(gr.Blocks, 'run', None)", patches.SWAPPED),
        ("import typer.main\nmonkeypatch.setattr(typer.main, 'get_command', None)", patches.SWAPPED),
        ("import typer\nmock.patch('typer.main.get_command')", patches.SWAPPED),
        ("import sys\nsys.modules['mcp'] = None", patches.HOOKED),
        ("import sys\nsys.meta_path.insert(0, finder)", patches.HOOKED),
        ("from importlib.abc import MetaPathFinder\nclass Lean(MetaPathFinder): ...", patches.HOOKED),
        ("import gradio as gr\ndef f(blocks: gr.Blocks): return blocks._queue", patches.PRIVATE),
        ("def f(x): return x._nobody_here_has_that", patches.PRIVATE),
        ("from gradio._simple import thing", patches.PRIVATE),
    ],
)
def test_a_change_to_a_library_is_found(tmp_path: Path, text: str, kind: str) -> None:
    own = "class Own:\n    def __init__(self):\n        self._queue = 1\n"
    found = patches.patches(checkout(tmp_path, {"web/a.py": text, "web/b.py": own}))
    assert [(patch.path, patch.kind) for patch in found] == [("web/a.py", kind)]


@pytest.mark.parametrize(
    "text",
    [
        "from web import b\nb.answer = None",
        "from web.b import Own\nmonkeypatch.setattr(Own, 'f', None)",
        "import time\nmonkeypatch.setattr(time, 'sleep', None)",
        "class A:\n    def __init__(self): self._mine = 1\n\ndef f(a): return a._mine",
        "import sys\nis_there = 'torch' in sys.modules\nsys._getframe()",
        "import torch\ntotal = torch.zeros(3)\ntotal += 1",
        "def f(row): return row._asdict()",
    ],
)
def test_what_changes_no_library_is_not(tmp_path: Path, text: str) -> None:
    own = "class Own:\n    f = 1\n"
    assert patches.patches(checkout(tmp_path, {"web/a.py": text, "web/b.py": own})) == []


# Words


def test_words_have_letters_or_digits_and_are_not_a_persons_own() -> None:
    shown = ["Train · 20 pictures", "holiday-01.JPG", "Messy   room, version 2", "messy roomette →"]
    assert words.words(shown, ["Messy room"]) == 3 + 2 + 2


# Limits


def test_what_has_grown_is_named_and_what_has_shrunk_passes(tmp_path: Path) -> None:
    limits = tmp_path / "limits.toml"
    limits.write_text("[product]\nfiles = 10\ntokens = 2000\n[screens.label]\nfolded = 150\n")
    figures = {"product.files": 9, "product.tokens": 2001}
    assert grown(figures, read_limits(limits)) == ["product.tokens is 2,001, and at most 2,000 is allowed."]
    assert grown(figures | {"product.tokens": 2000}, read_limits(limits)) == []


def test_a_limit_of_nothing_that_is_measured_is_named() -> None:
    assert grown({}, {"product.rooms": 3}) == ["product.rooms has a limit, and is no figure."]


# Suites


def test_a_suite_tells_its_seconds_and_its_longest_files(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(
        "import pytest\ndef test_one(): ...\ndef test_two(): ...\n@pytest.mark.skip\ndef test_three(): ...\n"
    )
    suite = run_suite(tmp_path, [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "test_a.py"])
    assert (suite.tests, suite.skipped) == (3, 1)
    assert suite.seconds >= suite.working
    assert [name for _, name in suite.longest] == ["test_a"]


def test_a_suite_that_fails_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("def test_one(): assert False\n")
    with pytest.raises(RuntimeError, match="failed with 1"):
        run_suite(tmp_path, [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "test_a.py"])


def test_a_suite_without_a_report_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="left no report"):
        run_suite(tmp_path, [sys.executable, "-c", ""])
