"""Python with the libraries of other tools, for tests that hand them our files.

FiftyOne and Label Studio's SDK need other versions of libraries than the product, so they are in an
environment of their own: DISCERN_OTHER_TOOLS is its Python. FiftyOne needs a MongoDB that runs here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from not_run import not_run
from patience import PATIENCE

PYTHON = os.environ.get("DISCERN_OTHER_TOOLS", sys.executable)  # read before tests hide DISCERN_…


def in_python_with(library: str, code: str, home: Path, *arguments: object) -> Any:
    """What `code` prints last, as JSON; `sys.argv[1:]` are the arguments."""
    look = f"import importlib.util as u; print(bool(u.find_spec({library!r})))"
    found = subprocess.run([PYTHON, "-c", look], capture_output=True, text=True, check=False)
    if found.stdout.strip() != "True":
        not_run(
            f"Files for {library}", "It isn't installed; DISCERN_OTHER_TOOLS may name a Python that has it."
        )
    environment = os.environ | {
        "HOME": str(home),
        "FIFTYONE_DATABASE_DIR": str(home / "database"),
        "FIFTYONE_CONFIG_PATH": str(home / "config.json"),
        "FIFTYONE_DO_NOT_TRACK": "true",
        "FIFTYONE_DATABASE_VALIDATION": "false",
    }
    done = subprocess.run(
        [PYTHON, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1])
