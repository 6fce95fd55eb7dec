"""The process that serves the tools for assistants: settings → App → MCP server → serve."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from importlib.util import find_spec

from concepts.errors import missing_package
from concepts.installation.jobs import keep_log
from concepts.installation.users import role_of
from concepts.results.library import warm_up_library
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App

PACKAGE = "mcp"  # optional: what serves is imported once it is known to be there


def over_stdio(user: str, role: str) -> None:
    """Until standard input is closed. Raises `PackageError` and `SettingsError`."""
    _require_package()
    from web.mcp.door import Door
    from web.mcp.server import create_server

    door = Door(open_app(load_settings()), user, role_of(role))
    _serve(door.app, lambda: create_server(door).run("stdio"))


def over_http(port: int) -> None:
    """Until the process is told to stop. Raises `PackageError` and `SettingsError`."""
    _require_package()
    import uvicorn

    from app import configuration, listen
    from web.http.sign_in import check_exposure
    from web.mcp.server import PATH, http_app

    settings = load_settings(port=port)
    check_exposure(settings)
    listening = listen(settings)
    app = open_app(settings)

    class Server(uvicorn.Server):
        """Says where it is once it can be reached there."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(f"Discern's tools are at http://{settings.host}:{settings.port}{PATH}", flush=True)

    server = Server(configuration(http_app(app), settings))
    _serve(app, lambda: server.run(sockets=[listening]))


def _require_package() -> None:
    if find_spec(PACKAGE) is None:
        raise missing_package(PACKAGE)


def _serve(app: App, serve: Callable[[], None]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    keep_log(app)
    app.jobs.start()
    warm_up_library(app)
    try:
        serve()
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        app.close()
    sys.stdout.flush()
    os._exit(0)  # as the app ends: no thread that loads or waits holds the process
