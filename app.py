"""Process entry: settings → a page that waits → App → web app → serve.

`demo` is the page for whoever launches it as Gradio does, `from app import demo; demo.launch()`, with the
same guard and the same REST. It is made when it is first asked for.
"""

from __future__ import annotations

import argparse
import atexit
import errno
import gc
import os
import signal
import socket
import sys
from collections.abc import Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # waiting threads sleep instead of spinning

import uvicorn
from starlette.types import ASGIApp

from concepts.errors import DiscernError, SettingsError
from concepts.settings import Settings, load_settings
from storage.memory import give_back_freed
from web.http import connections
from web.http.connections import BoundedConnection
from web.http.sign_in import check_exposure
from web.http.starting import Quiet, Stopgap, starting

if TYPE_CHECKING:
    from concepts.use_cases import App
    from concepts.visitors import Sandboxes
    from web.blocks import Page

OPEN_STREAMS_SECONDS = 3  # a browser's open event stream doesn't keep the process alive


def main() -> None:
    give_back_freed()
    gc.disable()  # while all that comes is there to stay
    # uvicorn stops on these and then raises them again, which by default would end us before jobs are left.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        settings = load_settings()
        check_exposure(settings)
        listening = listen(settings)
        stopgap = Stopgap(configuration(starting(settings.framed_by), settings), listening)
        app, sandboxes = open_home(settings)
    except DiscernError as error:
        sys.exit(" ".join(filter(None, (f"discern: {error}", error.advice("in_terminal")))))
    try:
        serve(app, settings, listening, sandboxes, stopgap)
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        (sandboxes or app).close()
    # All that is worth keeping is kept. Python itself would wait for threads that load a model or hear out
    # an endpoint; a process that is killed in the middle of that loses nothing either.
    sys.stdout.flush()
    os._exit(0)


def open_home(settings: Settings) -> tuple[App, Sandboxes | None]:
    """Raises `DiscernError`."""
    from concepts.installation.jobs import keep_log
    from concepts.rooms import open_app
    from concepts.visitors import Sandboxes  # these take a second to import: the address answers by then

    sandboxes = Sandboxes(settings) if settings.demo else None
    app = sandboxes.base if sandboxes else open_app(settings)
    keep_log(app)
    return app, sandboxes


def serve(
    app: App,
    settings: Settings,
    listening: socket.socket,
    sandboxes: Sandboxes | None,
    stopgap: Stopgap,
) -> None:
    """Until the process is told to stop."""
    from concepts.results.library import warm_up_library
    from web.server import create_app  # and with it Gradio, which takes seconds

    served = create_app(app, sandboxes)
    # Whoever answers waits for the interpreter after each statement while others train, and who trains after
    # each product while others answer: a tenth as long.
    sys.setswitchinterval(0.0005)
    # Nothing so far is looked through for garbage again: each time would have every thread wait .15 seconds.
    gc.freeze()
    # The old is looked through a hundred times less often than by default. Sessions of the page, old soon,
    # hold a million objects and no cycles: to look through those stops every thread for half a second.
    gc.set_threshold(*gc.get_threshold()[:2], 1000)
    gc.enable()
    begin(app, sandboxes)
    quiet = Quiet(served, page_opened=app.jobs.precedence.pressed)
    stopgap.end()
    quiet.then(partial(warm_up_library, app))
    print(f"Discern is at http://{settings.host}:{settings.port} (data in {settings.home})", flush=True)
    uvicorn.Server(configuration(quiet, settings)).run(sockets=[listening])


def begin(app: App, sandboxes: Sandboxes | None) -> None:
    """What works beside the page."""
    from concepts.results.watcher import watcher_of

    if sandboxes:
        sandboxes.start()
    else:
        app.jobs.start()
        watcher_of(app).start()


def __getattr__(name: str) -> Any:
    if name == "demo":
        return _demo()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _demo() -> Page:
    settings = load_settings()
    check_exposure(settings)
    return page(settings)


def page(settings: Settings) -> Page:
    """The page over a data folder, to be launched; the folder is closed when the process ends. Raises
    `DiscernError`."""
    from web.server import create_page

    app, sandboxes = open_home(settings)
    atexit.register((sandboxes or app).close)
    begin(app, sandboxes)
    return create_page(app, sandboxes)


def configuration(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """Addresses that a proxy tells of are believed of proxies that were set, and of no others."""
    proxies = settings.trusted_proxies
    return uvicorn.Config(
        app,
        http=BoundedConnection,
        log_level="warning",
        timeout_graceful_shutdown=OPEN_STREAMS_SECONDS,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
    )


def listen(settings: Settings) -> socket.socket:
    """Takes the port before the data folder is opened. Raises `SettingsError` where it can't be had."""
    try:
        return connections.listen(settings.host, settings.port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SettingsError(
                f"Port {settings.port} is taken; perhaps Discern is running already. Open "
                f"http://{settings.host}:{settings.port}, or choose another port with DISCERN_PORT."
            ) from error
        raise SettingsError(
            f"Discern can't listen on {settings.host}:{settings.port} ({error.strerror or error}). "
            "Check DISCERN_HOST and DISCERN_PORT."
        ) from error


def check_arguments(given: Sequence[str]) -> None:
    """Ends the process, with the usage for --help and with what to do for anything else."""
    parser = argparse.ArgumentParser(
        prog="python app.py",
        description="Serves Discern at http://127.0.0.1:7860 until it is stopped with Ctrl-C.",
        epilog="It takes no arguments and is set by environment variables: DISCERN_HOST and DISCERN_PORT say "
        "where it listens, DISCERN_HOME where its data is; “Settings” in docs/using.md has more. Everything "
        "else is done by the command discern: see discern --help.",
    )
    _, unknown = parser.parse_known_args(given)
    if unknown:
        parser.error(
            f"it takes no arguments, but got {' '.join(unknown)}. Start it without any, as in "
            "DISCERN_PORT=8000 python app.py; python app.py --help says more."
        )


if __name__ == "__main__":
    check_arguments(sys.argv[1:])
    main()
