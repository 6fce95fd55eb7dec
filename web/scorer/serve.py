"""Serves bundles until the process is told to stop: `discern serve`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from concepts.errors import DiscernError, SettingsError
from concepts.settings import is_loopback
from storage.memory import give_back_freed
from web.http.connections import BoundedConnection, listen
from web.scorer.app import create_scorer
from web.scorer.served import load_all

TOKEN = "DISCERN_SCORER_TOKEN"
INSECURE = "DISCERN_INSECURE"


def serve(
    bundles: Sequence[Path], *, host: str, port: int, names: Sequence[str], digests: Sequence[str] = ()
) -> None:
    """Raises `DiscernError` for a bundle that can't answer or has none of the `digests`, and `SettingsError`
    where the port can't be had or where other computers could reach a server that asks nobody for a token."""
    token = os.environ.get(TOKEN, "")
    if not token and not is_loopback(host) and os.environ.get(INSECURE, "") not in ("1", "true"):
        raise SettingsError(
            f"Everyone who can reach {host} could use it. Set {TOKEN}, which requests then have to bring, or "
            f"say {INSECURE}=1 where something else keeps strangers out."
        )
    give_back_freed()
    try:
        listening = listen(host, port)
    except OSError as error:
        raise DiscernError(
            f"{host}:{port} can't be listened on: {error.strerror}. Use another --port."
        ) from error
    app = create_scorer(load_all(bundles, digests), token=token, hosts=names)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    listening.listen()  # whoever reads the next line may ask at once
    print(f"Answers at http://{host}:{listening.getsockname()[1]}/v1/classify", flush=True)
    config = uvicorn.Config(app, http=BoundedConnection, log_level="warning", timeout_graceful_shutdown=3)
    server, code = uvicorn.Server(config), 0
    try:
        server.run(sockets=[listening])
        code = int(not server.started)
    except KeyboardInterrupt:
        pass
    except SystemExit as ended:
        code = int(ended.code or 0)
    os._exit(code)  # Python itself would wait for threads that are in the middle of a large picture
