"""How a command ends that can't do what was asked: the reason, what to do about it, and the exit code."""

from __future__ import annotations

import json
import shlex
import sys
from typing import Any

import typer

from concepts import errors

FAILED, WRONG_USAGE, STOPPED = 1, 2, 130  # 128 + SIGINT, as shells say it
AGAIN = "Run the same command again to go on."
ROWS_SHOWN = 20

# What to do about an error here. The most special class of an error decides.
ADVICE: dict[type[errors.DiscernError], str] = {
    errors.EmptyLibraryError: "Add pictures first: discern library add FOLDER.",
    errors.UnknownCollectionError: "See discern collection list, or make it: discern collection new.",
    errors.NoConceptError: "Begin one: discern concept new NAME --description SENTENCE.",
    errors.ArchivedConceptError: "Bring it back: discern concept restore “{error.concept}”.",
    errors.NoVersionError: "Train one: discern concept train “{error.concept}”.",
    errors.NotEnoughLabelsError: "Answer some: discern concept next NAME --out answers.csv, then discern "
    "concept labels import NAME answers.csv.",
    errors.NotEnoughPicturesError: "Add pictures: discern library add PATH, or take a lower --at-least.",
    errors.NoUsableRowsError: "Mend these rows, then import them again (discern concept labels import): "
    "nothing was taken.",
    errors.UnknownWordsError: "Say it of each and run the same command again, such as {as_example}; it may "
    "mean {can_mean}, unsure, skip or leave-out, and “*” is all others.",
    errors.UnknownColumnsError: "Say which of its columns is what: {as_columns}; label is the answer, path "
    "the picture.",
    errors.OtherEncoderError: "Leave out the encoder, or change it for all pictures: discern library reembed "
    "{error.asked}.",
    errors.UntrustedEncoderError: "Where you trust those who made that encoder, run it again with "
    "--trust-encoder “{error.name}”, or with local-dir:FOLDER for a copy of it.",
    errors.ChangedBundleError: "Copy or export it again. To use it as it is all the same: discern score "
    "--accept-changed.",
    errors.FingerprintMismatchError: "Embed the library with that encoder (discern library reembed), or "
    "train again with this one (discern concept train).",
    errors.EngineError: "See that Ray runs there, then run the same command again: it goes on where it was. "
    "Without DISCERN_ENGINE this computer does the work itself.",
    errors.DamagedIndexError: "Make it again: discern library check --repair.",
    errors.DiskFullError: "Free some space and run the same command again, or point DISCERN_HOME to "
    "another disk.",
    errors.ReadOnlyError: "Have it mounted for writing, or point DISCERN_HOME to another folder.",
    errors.NoPermissionError: "Give that user the right to read and write it, or point DISCERN_HOME to "
    "another folder.",
    errors.BucketRefusedError: "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, and that this "
    "key may list and read there, and below DISCERN_STORE write and delete; then run the same command again.",
    errors.NoSuchBucketError: "Check the name (DISCERN_STORE, or the place that was named) and "
    "AWS_ENDPOINT_URL, or make it, then run the same command again. What was kept in one that is lost "
    "is made again from the pictures: discern library check --repair.",
    errors.BucketUnreachableError: "Check AWS_ENDPOINT_URL and the network, then run the same command again. "
    "Without DISCERN_STORE everything is kept in the data folder.",
    errors.BucketError: "Check DISCERN_STORE, AWS_ENDPOINT_URL, AWS_REGION and the service's own log, then "
    "run the same command again.",
    errors.DamagedDatabaseError: "Restore it from what discern backup wrote. To start anew, move the whole "
    "data folder away or point DISCERN_HOME to another one.",
    errors.NewerDatabaseError: "Update Discern, or point DISCERN_HOME or DISCERN_DATABASE_URL elsewhere.",
    errors.MissingPackageError: "Install it: pip install 'discern[{error.extra}]', or in a "
    "checkout pip install -r requirements-{error.extra}.txt.",
    errors.BrokenMethodError: "Mend or remove it: pip install --force-reinstall {error.package}, or pip "
    "uninstall {error.package}.",
    errors.NoModelError: "Set OPENAI_BASE_URL or OPENAI_API_KEY, and DISCERN_{role}_MODEL.",
    errors.BadPriceError: "Set DISCERN_{setting} to USD per million tokens, input/output, such as 0.15/0.60.",
    errors.BlindModelError: "Name one that sees in DISCERN_VLM_MODEL, or label with the built-in encoder: "
    "discern concept annotate NAME --annotator builtin.",
    errors.NoPriceError: "Set DISCERN_LLM_PRICE (words) or DISCERN_VLM_PRICE (pictures) to USD per million "
    "tokens, input/output, for example 0.15/0.60; 0/0 where it costs nothing. DISCERN_PRICES takes them "
    "by the names of models.",
}


def what_to_do(error: errors.DiscernError) -> str:
    """Advice in the words of the command line; empty where the message says it all."""
    advice = next((ADVICE[kind] for kind in type(error).__mro__ if kind in ADVICE), "")
    if isinstance(error, errors.NotEnoughLabelsError) and error.purpose == "evaluation":
        advice = advice.replace("concept next NAME", "concept next NAME --evaluation")
    names = {name: getattr(error, name, "").upper() for name in ("role", "setting")}
    if isinstance(error, errors.UnknownWordsError):
        meant = zip((word for word, _ in error.words[:2]), error.answers, strict=False)
        names["can_mean"] = ", ".join(error.answers)
        names["as_example"] = " ".join(f"--as {shlex.quote(f'{word}={what}')}" for word, what in meant)
    if isinstance(error, errors.UnknownColumnsError):
        headings = zip(("path", "label"), (name for name, _ in error.columns), strict=False)
        said = (f"--column {shlex.quote(f'{ours}={heading}')}" for ours, heading in headings)
        names["as_columns"] = " ".join(said) or "--column label=HEADING"
    return advice.format(error=error, **names)


def fail(error: errors.DiscernError, as_json: bool) -> int:
    code = WRONG_USAGE if isinstance(error, errors.UnknownMethodError) else FAILED
    message, advice = str(error), what_to_do(error)
    rows = error.rows if isinstance(error, errors.NoUsableRowsError) else []
    if as_json:  # many messages say themselves what to do, behind their first sentence
        more: dict[str, Any] = {}
        if rows:
            more = {"bad_rows": [{"row": number, "reason": reason} for number, reason in rows]}
        if isinstance(error, errors.UnknownWordsError):
            more = {"words": [{"word": word, "rows": count} for word, count in error.words]}
        return _as_json(code, message, advice or message.partition(". ")[2], **more)
    _warn(" ".join(filter(None, (f"discern: {message}", advice))))
    for number, reason in rows[1:ROWS_SHOWN]:
        _warn(f"  row {number}: {reason}")
    return code


def wrong_usage(error: typer.TyperException, as_json: bool) -> int:
    if not as_json:
        error.show()  # type: ignore[attr-defined]  # of the class in between, which Typer doesn't export
        return WRONG_USAGE
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "discern"
    return _as_json(WRONG_USAGE, error.format_message(), f"{command} --help")


def stopped(reason: str, as_json: bool) -> int:
    if as_json:
        return _as_json(STOPPED, reason, AGAIN)
    _warn(f"{reason} {AGAIN}")
    return STOPPED


def _as_json(code: int, error: str, advice: str, **more: Any) -> int:
    value = {"error": error, "what_to_do": advice} | more
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
    return code


def _warn(line: str) -> None:
    typer.echo(line, err=True)
