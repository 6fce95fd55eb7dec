"""The groups of commands."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from concepts.cli.declared import made

HELP = """From a sentence to an image classifier that runs anywhere.

The usual order: library add, concept new, concept expand, concept mine, concept annotate, then concept next
and concept labels import until it is good enough, concept train, concept evaluate, concept export, score.
Everything is kept in the folder DISCERN_HOME (default ~/.discern).

With --json a command prints exactly one JSON value on standard output. Where it fails that is an object with
"error" and "what_to_do"; the exit code tells the two apart."""


NESTED = {name: f"concept {name}" for name in ("labels", "version", "prompts")}  # groups within groups


class WithOperations(TyperGroup):
    """A group with the commands that were written by hand, and those made from use cases. They are made
    when somebody asks for one, as that imports every room, which takes a second."""

    def list_commands(self, ctx: Any) -> list[str]:
        self._complete()
        return super().list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.commands:
            self._complete()
        return super().get_command(ctx, cmd_name)

    def _complete(self) -> None:
        name = self.name or ""
        self.commands = {**made(NESTED.get(name, name)), **self.commands}


def _group(help: str) -> typer.Typer:
    return typer.Typer(no_args_is_help=True, help=help, cls=WithOperations)


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help=HELP,
)
library = _group("Your pictures: add, look, search.")
concept = _group("What you want to recognise, from a sentence to a file.")
collection = _group("Collections: sets of pictures with a name, for concepts to look in.")
labels = _group("Labels of pictures: one by one, and in and out of files.")
version = _group("Trained versions: figures, thresholds, guarantees and scores.")
prompts = _group("What models are told when they judge and propose; a concept can have texts of its own.")
job = _group("Long work: what runs, what waits, what happened.")
system = _group("This Discern: its versions, log and costs, and who did what.")
users = _group("Who may log in to the app from other computers.")
bundle = _group("Exported classifiers.")
trash = _group("Pictures, concepts, collections and rules that you put away.")
app.add_typer(library, name="library")
app.add_typer(collection, name="collection")
app.add_typer(concept, name="concept")
concept.add_typer(labels, name="labels")
concept.add_typer(version, name="version")
concept.add_typer(prompts, name="prompts")
app.add_typer(job, name="job")
app.add_typer(system, name="system")
app.add_typer(users, name="users")
app.add_typer(bundle, name="bundle")
app.add_typer(trash, name="trash")
