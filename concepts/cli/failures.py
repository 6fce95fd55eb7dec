"""How a command ends that can't do what was asked: the reason, what to do about it, and the exit code."""

from __future__ import annotations

import json
import sys
from typing import Any

import typer

from concepts import errors

FAILED, WRONG_USAGE, STOPPED = 1, 2, 130  # 128 + SIGINT, as shells say it
AGAIN = "Run the same command again to go on."
ROWS_SHOWN = 20


def fail(error: errors.DiscernError, as_json: bool) -> int:
    code = WRONG_USAGE if isinstance(error, errors.UnknownMethodError) else FAILED
    message, advice = str(error), error.advice("in_terminal")
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
