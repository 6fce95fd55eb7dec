"""Errors say what is the case; how to go on is said by whoever shows them, in their own words."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from concepts import errors
from concepts.library.parts import NoFrameError, OtherPartError
from docs.build import commands
from web.advice import in_words

ROOT = Path(__file__).parents[1]
# Where commands are written down on purpose: the command line itself, and texts to copy or to keep.
COMMAND_LINE = ("concepts/__main__.py",)
TEXTS = ("concepts/bundle/classify.py", "concepts/bundle/usage.py", "storage/backup.py")
MODULES = sorted(
    path
    for folder in ("concepts", "storage")
    for path in (ROOT / folder).rglob("*.py")
    if path.relative_to(ROOT).as_posix() not in COMMAND_LINE + TEXTS
    and not path.is_relative_to(ROOT / "concepts" / "cli")
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
        return node.arg == "command"
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Flag", "Spread")


def strings(path: Path) -> Iterator[str]:
    """Every string of a module that is no docstring and no advice for a terminal: pieces of f-strings too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
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
    assert [(path, text) for path in MODULES for text in strings(path) if pattern.search(text)] == []


def test_the_pattern_knows_a_command_when_it_sees_one() -> None:
    pattern = command_words()
    for text in (
        "Add pictures first: library add FOLDER.",
        "concept next --evaluation",
        "python -m discern demo",
    ):
        assert pattern.search(text)
    for text in ("Add pictures to the library.", "Choose the next concept.", "low – high", "a -- b"):
        assert not pattern.search(text)


EXAMPLES = [
    errors.MissingPackageError("open_clip_torch", "openclip"),
    errors.EmptyLibraryError(),
    errors.NoConceptError("Ball"),
    errors.ConceptInTrashError("messy room"),
    errors.NoVersionError("Ball"),
    errors.NotEnoughLabelsError("No picture has an answer yet.", purpose="evaluation"),
    errors.NotEnoughPicturesError(36, 20),
    errors.UnknownCollectionError("There is no collection “Rooms”."),
    errors.OtherEncoderError("embedded", "auto"),
    errors.FingerprintMismatchError("Version 1", "a", "b"),
    OtherPartError(1),
    NoFrameError(),
    errors.DamagedIndexError(Path("/data/vectors"), "broken"),
    errors.EngineError("the head is gone"),
    errors.DiskFullError(Path("/data")),
    errors.ReadOnlyError(Path("/data")),
    errors.NoPermissionError(Path("/data")),
    errors.BucketError("s3://pictures/kept"),
    errors.BucketRefusedError("s3://pictures/kept"),
    errors.NoSuchBucketError("s3://pictures/kept"),
    errors.BucketUnreachableError("s3://pictures/kept"),
    errors.DamagedDatabaseError("/data/discern.sqlite", "file is not a database"),
    errors.LostDatabaseError(Path("/data/discern.sqlite")),
    errors.EarlierDatabaseError("/data/discern.sqlite", "0033"),
    errors.NewerDatabaseError("/data/discern.sqlite", "9999"),
    errors.BrokenMethodError("head", "eager", "stranger", "ImportError: no such module"),
    errors.NoModelError("annotating"),
    errors.NoPriceError("m"),
    errors.BadPriceError("vlm_price", "cheap"),
    errors.NoUsableRowsError("a.csv", [(2, "neither an id nor a path")]),
    errors.UnknownColumnsError("a.csv", [("file", ["a.png"]), ("verdict", ["messy"])]),
    errors.UnknownWordsError("a.csv", [("clean", 3), ("messy", 2)]),
    errors.BlindModelError("m", "Shown a red 7, it said a blue 3."),
]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_command_line_and_screens_each_say_what_to_do(error: errors.DiscernError) -> None:
    in_a_terminal, on_screen = error.advice("in_terminal"), in_words(error)
    assert command_words().search(in_a_terminal) or "DISCERN_" in in_a_terminal
    assert on_screen.startswith(str(error))
    assert len(on_screen) > len(str(error))
    assert not command_words().search(on_screen)
    assert "DISCERN_" not in on_screen


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_a_command_that_ends_an_advice_can_be_pasted(error: errors.DiscernError) -> None:
    _, begun, command = error.advice("in_terminal").rpartition(": discern ")
    if begun:
        assert not command.endswith(".")
        assert "“" not in command
        assert shlex.split(command)


def test_a_misspelt_label_and_a_missing_column_are_named_and_no_other_column_is_offered() -> None:
    misspelt = errors.UnknownWordsError("a.csv", [("noo", 1)]).advice("in_terminal")
    assert "--as noo=no." in misspelt
    missing = errors.UnknownColumnsError("a.csv", [("path", ["a.png"]), ("id", ["0f"])])
    assert str(missing) == "a.csv needs a column “label”. It has: path, id."
    assert missing.advice("in_terminal").endswith(" --column label=HEADING.")


def test_a_name_stands_in_a_command_as_a_shell_takes_it() -> None:
    assert errors.NoVersionError("it's messy").advice("in_terminal").endswith("""train 'it'"'"'s messy'""")


def test_the_command_line_asks_for_answers_of_the_kind_that_is_missing() -> None:
    to_measure = errors.NotEnoughLabelsError("None.", purpose="evaluation")
    assert "concept next NAME --evaluation" in to_measure.advice("in_terminal")
    assert "--evaluation" not in errors.NotEnoughLabelsError("None.").advice("in_terminal")


def test_every_advice_is_for_an_error_that_has_an_example_here() -> None:
    kinds = {type(error) for error in EXAMPLES}
    # screens take no bundles, and start no other process
    only_in_a_terminal = {
        errors.ChangedBundleError,
        errors.UntrustedEncoderError,
    }
    for_terminal, for_screen = (
        {one for one in every_class() if place in vars(one)} for place in ("in_terminal", "on_screen")
    )
    assert for_terminal - only_in_a_terminal == for_screen == kinds


def every_class(
    above: type[errors.DiscernError] = errors.DiscernError,
) -> Iterator[type[errors.DiscernError]]:
    for below in above.__subclasses__():
        yield below
        yield from every_class(below)
