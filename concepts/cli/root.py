"""The command `discern` as a whole, and how it ends."""

from __future__ import annotations

import json
import logging
import signal
import sys
from pathlib import Path
from typing import Any

import typer

from concepts import errors
from concepts.cli import (  # noqa: F401  # most of them for the commands they add
    annotators,
    bundles,
    combining,
    concept,
    installation,
    label_files,
    labels,
    library,
    output,
    versions,
    watch,
)
from concepts.cli.groups import app
from concepts.cli.output import harmless
from concepts.settings import default_home
from storage.disk import is_refusal, refused
from storage.memory import give_back_freed

__all__ = ["app", "main"]

log = logging.getLogger(__name__)
FAILED, WRONG_USAGE, STOPPED = 1, 2, 130  # 128 + SIGINT, as shells say it
AGAIN = "Run the same command again to go on."


def main() -> None:
    """Exit codes: 0 done, 1 failed with a one-line reason, 2 wrong usage, 130 stopped with Ctrl-C."""
    give_back_freed()
    as_json = "--json" in sys.argv
    try:
        code = app(standalone_mode=False) or 0
    except errors.DiscernError as error:
        code = fail(error, as_json)
    except typer.TyperException as error:
        code = wrong_usage(error, as_json)
    except typer.Abort:
        code = FAILED
    except output.StoppedError as reason:
        code = stopped(str(reason), as_json)
    except OSError as error:
        if not is_refusal(error):
            log.exception("A command failed.")
            raise
        code = fail(refused(error, Path(error.filename or default_home())), as_json)
    except Exception:
        log.exception("A command failed.")
        raise
    else:
        if code == STOPPED:  # Typer's own answer to Ctrl-C
            code = stopped("Stopped. What was finished is kept.", as_json)
    if code == STOPPED:
        signal.signal(
            signal.SIGINT, signal.SIG_DFL
        )  # threads may still end their step; who can't wait, needn't
    sys.exit(code)


def fail(error: errors.DiscernError, as_json: bool) -> int:
    code = WRONG_USAGE if isinstance(error, errors.WrongUsageError) else FAILED
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
    for number, reason in rows[1 : output.ROWS_SHOWN]:
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
    typer.echo(harmless(line), err=True)
