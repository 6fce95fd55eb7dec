"""The command `discern` as a whole, and how it ends."""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path

import typer

from concepts.cli import (  # noqa: F401  # most of them for the commands they add
    annotators,
    browsing,
    bundles,
    collection,
    combining,
    concept,
    failures,
    heat,
    installation,
    jobs,
    label_files,
    labels,
    library,
    output,
    prompts,
    protection,
    review,
    score,
    trash,
    versions,
    walls,
    watch,
    words,
)
from concepts.cli.groups import app
from concepts.errors import DiscernError
from concepts.settings import default_home
from storage.disk import is_refusal, refused

__all__ = ["app", "main"]

log = logging.getLogger(__name__)


def main() -> None:
    """Exit codes: 0 done, 1 failed with a one-line reason, 2 wrong usage, 130 stopped with Ctrl-C."""
    as_json = "--json" in sys.argv
    try:
        code = app(standalone_mode=False) or 0
    except DiscernError as error:
        code = failures.fail(error, as_json)
    except typer.TyperException as error:
        code = failures.wrong_usage(error, as_json)
    except typer.Abort:
        code = failures.FAILED
    except output.StoppedError as reason:
        code = failures.stopped(str(reason), as_json)
    except OSError as error:
        if not is_refusal(error):
            log.exception("A command failed.")
            raise
        code = failures.fail(refused(error, Path(error.filename or default_home())), as_json)
    except Exception:
        log.exception("A command failed.")
        raise
    else:
        if code == failures.STOPPED:  # Typer's own answer to Ctrl-C
            code = failures.stopped("Stopped. What was finished is kept.", as_json)
    if code == failures.STOPPED:
        signal.signal(
            signal.SIGINT, signal.SIG_DFL
        )  # threads may still end their step; who can't wait, needn't
    sys.exit(code)
