"""Exported classifiers as files: whether one is whole, and which one it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from concepts.cli.groups import Json, app, bundle, must_exist
from concepts.cli.output import say, show, table


@bundle.command("check")
def bundle_check(
    path: Annotated[Path, typer.Argument(metavar="BUNDLE", help="An exported folder or zip.")],
    as_json: Json = False,
) -> None:
    """What is in an exported classifier, whether its checksums hold, and whether it loads. Ends with 1 where
    something is wrong."""
    must_exist(path)
    from concepts.bundle.check import check_bundle  # it brings numpy and pydantic

    found = check_bundle(path)

    def human() -> None:
        for one in found.concepts:
            version = "their combination" if one.version is None else f"version {one.version}"
            say(f"{one.name}, {version}: yes from {one.threshold:.3f} on.")
        say(f"Encoder {found.encoder} ({found.fingerprint}).")
        table(("file", "bytes", "what"), [(file.name, f"{file.bytes:,}", file.what) for file in found.files])
        if found.checksums is None:
            say("It has no checksums: an older Discern wrote it.")
        else:
            say(f"{found.checksums:,} checksums hold.")
        say(
            "It scores pictures."
            if found.scores_pictures
            else "It scores embeddings; pictures once it is told where the encoder is."
        )
        say("\n".join(f"Wrong: {problem}." for problem in found.problems) or "It loads.")

    show(found, as_json, human)
    if found.problems:
        raise typer.Exit(1)


@bundle.command("digest")
def bundle_digest(
    path: Annotated[Path, typer.Argument(metavar="BUNDLE", help="An exported folder or zip.")],
    as_json: Json = False,
) -> None:
    """Print one line that identifies a bundle. Send it by another channel. With --digest, score and serve
    refuse any other bundle."""
    must_exist(path)
    from concepts.bundle.check import bundle_digest  # as above

    digest = bundle_digest(path)
    show({"bundle": str(path), "digest": digest}, as_json, lambda: say(digest))


@app.command("push")
def push(
    path: Annotated[Path, typer.Argument(metavar="BUNDLE", help="An exported folder or zip.")],
    target: Annotated[str, typer.Argument(metavar="hf:USER/NAME", help="A model on the Hugging Face Hub.")],
    licence: Annotated[
        str | None, typer.Option(help="Of what you trained, as the Hub spells it: apache-2.0, cc-by-4.0.")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Only you can see a model that is new.")] = False,
    as_json: Json = False,
) -> None:
    """Publish an exported classifier on the Hugging Face Hub, as who `hf auth login` or HF_TOKEN says."""
    must_exist(path)
    from concepts.bundle.hub import push_bundle

    pushed = push_bundle(path, target, licence=licence, private=private)
    show(
        pushed,
        as_json,
        lambda: say(f"{pushed.files} files ({pushed.bytes:,} bytes) are at {pushed.address}."),
    )
