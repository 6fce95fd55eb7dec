"""Exported classifiers as files: scoring pictures with one, whether it is whole, and which one it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from concepts.cli import groups
from concepts.cli.groups import app
from concepts.cli.output import say, show, table, wait
from concepts.cli.parameters import Json, must_exist, opened
from storage.pictures.sources import require

if TYPE_CHECKING:
    from concepts.bundle.check import BundleCheck


@app.command("score")
def score(
    bundle: Annotated[Path, typer.Argument(help="An exported folder or zip.")],
    out: Annotated[Path, typer.Option(help="A .csv or .parquet file.")],
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Folders, files, zips or lists; without any, the library.")
    ] = None,
    trust_encoder: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Load this encoder for the classifier. Its makers' weights are then used."
        ),
    ] = None,
    digest: Annotated[
        str | None, typer.Option(metavar="D", help="Refuse every bundle but the one with this digest.")
    ] = None,
    accept_changed: Annotated[
        bool, typer.Option("--accept-changed", help="Score even if files differ from SHA256SUMS.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Score new pictures, or the whole library, with an exported classifier. Its files are compared with its
    checksums first."""
    must_exist(bundle)
    require(paths or [])
    from concepts.results.scores import begin_scoring  # it brings numpy and the database

    scoring = begin_scoring(
        opened(),
        bundle,
        paths or [],
        out,
        trust_encoder=trust_encoder,
        digest=digest,
        accept_changed=accept_changed,
    )
    result = wait(scoring, "Scoring", f"{out} was not written.")
    counts = f"{result.yes:,} yes, {result.skipped:,} skipped"
    show(result, as_json, f"{result.rows:,} pictures in {result.out}: {counts}.")


@groups.bundle.command("check")
def bundle_check(
    path: Annotated[Path, typer.Argument(metavar="BUNDLE", help="An exported folder or zip.")],
    as_json: Json = False,
) -> None:
    """What is in an exported classifier, whether its checksums hold, and whether it loads. Ends with 1 where
    something is wrong."""
    must_exist(path)
    from concepts.bundle.check import check_bundle  # it brings numpy and pydantic

    found = check_bundle(path)
    show(found, as_json, _checked)
    if found.problems:
        raise typer.Exit(1)


def _checked(found: BundleCheck) -> None:
    for one in found.concepts:
        version = "their combination" if one.version is None else f"version {one.version}"
        say(f"{one.name}, {version}: yes from {one.threshold:.3f} on.")
    say(f"Encoder {found.encoder} ({found.fingerprint}).")
    table(("file", "bytes", "what"), [(file.name, f"{file.bytes:,}", file.what) for file in found.files])
    if found.checksums is None:
        say("It has no checksums: an older Discern wrote it.")
    else:
        say(f"{found.checksums:,} checksums hold.")
    embeddings = "It scores embeddings; pictures once it is told where the encoder is."
    say("It scores pictures." if found.scores_pictures else embeddings)
    say("\n".join(f"Wrong: {problem}." for problem in found.problems) or "It loads.")


@groups.bundle.command("digest")
def bundle_digest(
    path: Annotated[Path, typer.Argument(metavar="BUNDLE", help="An exported folder or zip.")],
    as_json: Json = False,
) -> None:
    """Print one line that identifies a bundle. Send it by another channel. With --digest, score and serve
    refuse any other bundle."""
    must_exist(path)
    from concepts.bundle.check import bundle_digest  # as above

    digest = bundle_digest(path)
    show({"bundle": str(path), "digest": digest}, as_json, digest)


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
    show(pushed, as_json, f"{pushed.files} files ({pushed.bytes:,} bytes) are at {pushed.address}.")
