"""Prompts are files in `prompts/`. `{{ variable }}` is filled in strictly; the version is a content hash."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


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
        return _VARIABLE.sub(lambda match: _as_data(values[match[1]]), self.text)


@cache
def load_prompt(name: str) -> Prompt:
    file = Path(__file__).with_name("prompts") / f"{name}.md"
    if not file.is_file():
        raise PromptError(f"There is no prompt {name}.")
    return Prompt(name, file.read_text(encoding="utf-8").strip())


def _as_data(value: str) -> str:
    return value.replace("<", "&lt;").replace(">", "&gt;")
