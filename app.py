"""Process entry: settings → Workbench → web app → serve."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import uvicorn

from concepts.errors import DiscernError
from concepts.settings import load_settings
from concepts.workbench import Workbench
from web.server import create_app


def main() -> None:
    try:
        settings = load_settings()
        workbench = Workbench(settings)
    except DiscernError as error:
        sys.exit(f"discern: {error}")
    workbench.jobs.start()
    print(f"Discern is at http://{settings.host}:{settings.port} (data in {settings.home})", flush=True)
    try:
        uvicorn.run(create_app(workbench), host=settings.host, port=settings.port, log_level="warning")
    finally:
        workbench.jobs.stop()


if __name__ == "__main__":
    main()
