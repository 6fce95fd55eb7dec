"""Prompts are files in `prompts/`. `{{ variable }}` is filled in strictly; the version is a content hash.

Those that judge and propose can have a text of a concept's own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from concepts.errors import OTHER_VARIABLES, UnknownError
from concepts.language.base import Message

_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_FOLDER = Path(__file__).with_name("prompts")

# What judges and proposes for a concept. The others speak of JSON and test endpoints.
_EDITABLE = ("annotate.", "differ.", "doubt.", "reword.", "scope.")


class PromptError(ValueError):
    """A prompt file is missing, or was given other variables than it names: a mistake in the code."""


@dataclass(frozen=True)
class Prompt:
    name: str
    text: str

    @property
    def version(self) -> str:
        """Changes with any character of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    @property
    def variables(self) -> set[str]:
        return set(_VARIABLE.findall(self.text))

    def render(self, **values: str) -> str:
        """Fills in every variable. Raises `PromptError` where one is missing or not used.

        Values are what people and models wrote: angle brackets in them are escaped, so no value can close
        the `<tag>` that the prompt puts around it and pass for an instruction.
        """
        if missing := self.variables - values.keys():
            raise PromptError(f"Prompt {self.name} needs {', '.join(sorted(missing))}.")
        if unused := values.keys() - self.variables:
            raise PromptError(f"Prompt {self.name} doesn't use {', '.join(sorted(unused))}.")
        escaped = {name: value.replace("<", "&lt;").replace(">", "&gt;") for name, value in values.items()}
        return _VARIABLE.sub(lambda match: escaped[match[1]], self.text)


@cache
def load_prompt(name: str) -> Prompt:
    file = _FOLDER / f"{name}.md"
    if not file.is_file():
        raise PromptError(f"There is no prompt {name}.")
    return Prompt(name, file.read_text(encoding="utf-8").strip())


@dataclass(frozen=True)
class PromptFiles:
    """The prompts of one concept: its `own` texts by name, and for all others the files."""

    own: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Prompt:
        return Prompt(name, self.own[name]) if name in self.own else load_prompt(name)

    def messages(self, name: str, /, *pictures: bytes, **values: str) -> list[Message]:
        """What is sent by `name`.system and `name`.user, which is filled in and has the JPEGs with it."""
        system, user = self[f"{name}.system"], self[f"{name}.user"]
        return [Message("system", system.render()), Message("user", user.render(**values), pictures)]


DEFAULTS = PromptFiles()


@cache
def editable() -> tuple[str, ...]:
    """The names of those that can be edited, in order."""
    names = (file.stem for file in _FOLDER.glob("*.md"))
    return tuple(sorted(name for name in names if name.startswith(_EDITABLE)))


def default(name: str) -> Prompt:
    """The file of one that can be edited. Raises `UnknownError`."""
    if name not in editable():
        said = f"There is no prompt “{name}” to edit. There are: {', '.join(editable())}."
        raise UnknownError(said, "prompt")
    return load_prompt(name)


def checked(name: str, text: str) -> Prompt:
    """A text in place of the file of this name. Raises `UnknownError`, and `DiscernError` where its variables
    are not those of the file."""
    prompt, wanted = Prompt(name, text.strip()), default(name).variables
    if prompt.variables != wanted:
        lacks, other = _listed(wanted - prompt.variables), _listed(prompt.variables - wanted)
        wrong = [f"it lacks {lacks}"] if lacks else []
        wrong += [f"it has {other}, which nothing fills in"] if other else []
        raise OTHER_VARIABLES(name=name, wrong="; ".join(wrong))
    return prompt


def _listed(variables: set[str]) -> str:
    return ", ".join(f"{{{{ {name} }}}}" for name in sorted(variables))
