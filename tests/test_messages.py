"""Errors say what is the case; how to go on is said by whoever shows them, in their own words."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from source_code import parsed

from concepts import errors
from docs.build import commands
from web.advice import in_words
from web.http.problems import kind_of, kinds

ROOT = Path(__file__).parents[1]
# Where commands are written down on purpose: the command line itself, and texts to copy or to keep.
TEXTS = (
    "concepts/__main__.py",
    "concepts/bundle/classify.py",
    "concepts/bundle/usage.py",
    "storage/backup.py",
)
MODULES = sorted(
    path
    for folder in ("concepts", "storage")
    for path in (ROOT / folder).rglob("*.py")
    if path.relative_to(ROOT).as_posix() not in TEXTS and not path.is_relative_to(ROOT / "concepts" / "cli")
)

# What an error has for a terminal alone.
IN_TERMINAL = ("in_terminal", "self.option", "options", "self.as_columns", "self.as_example")


@cache
def command_words() -> re.Pattern[str]:
    """Whatever a person would type into a terminal."""
    long = [re.escape(name) for name in commands() if " " in name]
    short = [re.escape(name) for name in commands() if " " not in name]
    shapes = [
        rf"\b({'|'.join(long)})\b",
        rf"\bdiscern ({'|'.join(short)})\b",
        r"\bpython -m\b",
        r"\bpip install\b",
        r"(?<![\w-])--[a-z]",
    ]
    return re.compile("|".join(shapes))


def is_for_a_terminal(node: ast.AST) -> bool:
    """What an error says to do there, and how an operation and its parameters are spelled there."""
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) in IN_TERMINAL
    if isinstance(node, ast.keyword):
        return node.arg in ("command", "in_terminal")
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Flag", "Spread")


def strings(path: Path) -> Iterator[str]:
    """Every string of a module that is no docstring and no advice for a terminal: pieces of f-strings too."""
    tree = parsed(path)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    advice = {id(part) for node in ast.walk(tree) if is_for_a_terminal(node) for part in ast.walk(node)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in docstrings | advice:
            yield node.value


def test_no_message_of_the_domain_names_a_command() -> None:
    pattern = command_words()
    known = ("Add pictures first: library add FOLDER.", "concept next --evaluation", "python -m discern demo")
    assert all(pattern.search(text) for text in known)
    for text in ("Add pictures to the library.", "Choose the next concept.", "low – high", "a -- b"):
        assert not pattern.search(text)
    assert [(path, text) for path in MODULES for text in strings(path) if pattern.search(text)] == []


PLACE = Path("/data")
BUCKET = "s3://pictures/kept"
EXAMPLES = [
    errors.missing_package("open_clip_torch", "openclip"),
    errors.BROKEN_METHOD(
        method="head", name="eager", package="stranger", reason="ImportError: no such module"
    ),
    errors.EMPTY_LIBRARY(),
    errors.NO_CONCEPTS(name="Ball"),
    errors.CONCEPT_IN_TRASH(concept="messy room"),
    errors.NO_VERSION(concept="Ball"),
    errors.NotEnoughLabelsError("No picture has an answer yet.", purpose="evaluation"),
    errors.NOT_ENOUGH_PICTURES(needed=36, there=20),
    errors.UNKNOWN_COLLECTION(said="There is no collection “Rooms”."),
    errors.OTHER_ENCODER(recorded="embedded", asked="auto"),
    errors.FingerprintMismatchError("Version 1", "a", "b"),
    errors.OTHER_PART(version=1),
    errors.NO_FRAME(),
    errors.DamagedIndexError(Path("/data/vectors"), "broken"),
    errors.EngineError("the head is gone"),
    *(case(place=PLACE) for case in (errors.DISK_FULL, errors.READ_ONLY, errors.NO_PERMISSION)),
    *(case(place=BUCKET) for case in (errors.BUCKET_UNUSABLE, errors.BUCKET_REFUSED)),
    *(case(place=BUCKET) for case in (errors.NO_SUCH_BUCKET, errors.BUCKET_UNREACHABLE)),
    errors.DamagedDatabaseError("/data/discern.sqlite", "file is not a database"),
    errors.LOST_DATABASE(place=PLACE),
    *(case(place=PLACE, revision="0033") for case in (errors.EARLIER_DATABASE, errors.NEWER_DATABASE)),
    errors.no_model("annotating"),
    errors.NO_PRICE(model="m"),
    errors.BAD_PRICE(setting="vlm_price", variable="VLM_PRICE", text="cheap"),
    errors.NoUsableRowsError("a.csv", [(2, "neither an id nor a path")]),
    errors.UnknownColumnsError("a.csv", [("file", ["a.png"]), ("verdict", ["messy"])]),
    errors.UnknownWordsError("a.csv", [("clean", 3), ("messy", 2)]),
    errors.BlindModelError("m", "Shown a red 7, it said a blue 3."),
]
# Nothing to do about them: the sentence says it all.
ALL_SAID = [
    errors.NOT_ANSWERED(concept="Ball"),
    errors.UNKNOWN_METHOD(method="head", name="forest", known="auto, lda"),
    errors.OTHER_VARIABLES(name="annotating", wrong="it lacks {{ criteria }}"),
    errors.NO_ARCHIVES(),
    errors.VISITOR_FULL(most=20.0),
]
ONLY_IN_A_TERMINAL = [  # screens take no bundles, and start no other process
    errors.ChangedBundleError("ball.zip", ["README.md is missing"]),
    errors.UNTRUSTED_ENCODER(name="local-dir:/models"),
]


def name_of(error: errors.DiscernError) -> str:
    """What the case is called, or the class."""
    return next((name for name, one in vars(errors).items() if one is error.case), type(error).__name__)


@pytest.mark.parametrize("error", EXAMPLES, ids=name_of)
def test_command_line_and_screens_each_say_what_to_do(error: errors.DiscernError) -> None:
    in_a_terminal, on_screen = error.advice("in_terminal"), in_words(error)
    assert command_words().search(in_a_terminal) or "DISCERN_" in in_a_terminal
    assert on_screen.startswith(str(error))
    assert len(on_screen) > len(str(error))
    assert not command_words().search(on_screen)
    assert "DISCERN_" not in on_screen
    _, begun, command = in_a_terminal.rpartition(": discern ")
    if begun:  # it can be pasted
        assert not command.endswith(".")
        assert "“" not in command
        assert shlex.split(command)


def test_a_misspelt_label_and_a_missing_column_are_named_and_no_other_column_is_offered() -> None:
    misspelt = errors.UnknownWordsError("a.csv", [("noo", 1)]).advice("in_terminal")
    assert "--as noo=no." in misspelt
    missing = errors.UnknownColumnsError("a.csv", [("path", ["a.png"]), ("id", ["0f"])])
    assert str(missing) == "a.csv needs a column “label”. It has: path, id."
    assert missing.advice("in_terminal").endswith(" --column label=HEADING.")


def test_a_command_names_the_concept_as_a_shell_takes_it_and_asks_for_the_kind_that_is_missing() -> None:
    to_measure = errors.NotEnoughLabelsError("None.", purpose="evaluation").advice("in_terminal")
    assert "concept next NAME --evaluation" in to_measure
    assert "--evaluation" not in errors.NotEnoughLabelsError("None.").advice("in_terminal")
    untrained = errors.NO_VERSION(concept="it's messy")
    assert untrained.advice("in_terminal").endswith("""train 'it'"'"'s messy'""")


def test_every_advice_is_for_an_error_that_has_an_example_here() -> None:
    advised = {one for one in every_class() if "in_terminal" in vars(one) or "on_screen" in vars(one)}
    cases = {one for one in vars(errors).values() if isinstance(one, errors.Case)}
    shown = [*EXAMPLES, *ALL_SAID, *ONLY_IN_A_TERMINAL]
    assert {error.case for error in shown if error.case} == cases
    assert {type(error) for error in shown if not error.case} == advised


@pytest.mark.parametrize("error", [*ALL_SAID, *ONLY_IN_A_TERMINAL], ids=name_of)
def test_where_screens_have_nothing_to_advise_they_say_the_case_alone(error: errors.DiscernError) -> None:
    assert in_words(error) == str(error)
    assert bool(error.advice("in_terminal")) == (error in ONLY_IN_A_TERMINAL)


def test_an_error_is_the_problem_over_rest_that_its_case_says() -> None:
    told = {(kind_of(error), error.http_status) for error in (*EXAMPLES, *ALL_SAID)}
    assert {("disk-full", 507), ("storage", 503), ("settings", 422), ("concept-in-trash", 409)} < told
    assert {("unknown-concept", 404), ("unknown-version", 404), ("quota", 403), ("broken-method", 503)} < told
    assert kind_of(errors.UnknownError("There is no job 7.", "job")) == "unknown-job"
    listed = [kind for kind, _, _ in kinds()]
    assert len(listed) == len(set(listed))
    assert {kind for kind, _ in told} <= set(listed)


def every_class(
    above: type[errors.DiscernError] = errors.DiscernError,
) -> Iterator[type[errors.DiscernError]]:
    for below in above.__subclasses__():
        yield below
        yield from every_class(below)
