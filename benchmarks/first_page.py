"""How long the app takes from its start to a first page, over `python -c "import gradio"` in the same run.

    python -m benchmarks.first_page --times 3 [--home DIR]

Each time: that import, then `python app.py` on a free port with a new data folder (or DIR), asked for its
first page from the moment it starts. A browser with nothing kept opens the same page while the app starts,
and once more when it is ready. Of every figure the smallest of all times counts, which other work disturbs
least; of processor time there is less to disturb.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, sync_playwright

ROOT = Path(__file__).parents[1]
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 180.0  # seconds
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
READY = "#start h1, #start h2"  # what only the screen itself shows
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"

Figures = dict[str, float]


def baseline() -> Figures:
    """Seconds of the import alone."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", "import gradio"], check=True, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"import gradio": time.perf_counter() - begun, "import gradio, processor": used}


def start(home: Path, browser: Any) -> Figures:
    """Seconds of one start, from the process on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    settings = os.environ | {"DISCERN_HOME": str(home), "DISCERN_PORT": str(port)}
    settings["PYTHONDONTWRITEBYTECODE"] = ""  # a person's start finds what an earlier one compiled
    begun = time.perf_counter()
    app = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=settings, stdout=subprocess.DEVNULL)
    try:
        figures = {"first answer": _until(lambda: _status(url + "/") is not None, begun)}
        page = browser.new_context().new_page()
        opened = time.perf_counter() - begun
        _open(page, url, begun)
        page.wait_for_function(f"() => ({PAINTED}) !== null", timeout=PATIENCE * 1000)
        figures["painted while it starts"] = opened + page.evaluate(PAINTED) / 1000
        figures["ready"] = _until(lambda: _status(url + "/healthz") == 200, begun)
        figures["ready, processor"] = _processor_seconds(app.pid)
        page.wait_for_selector(READY, timeout=PATIENCE * 1000)
        figures["the screen itself"] = time.perf_counter() - begun
        page.context.close()
        return figures | opened_once_ready(browser, url)
    finally:
        app.kill()
        app.wait()


def opened_once_ready(browser: Any, url: str) -> Figures:
    """Seconds from opening the page in a browser with an empty cache."""
    page = browser.new_context().new_page()
    begun = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(READY, timeout=PATIENCE * 1000)
    shown, painted = time.perf_counter() - begun, page.evaluate(PAINTED) / 1000
    page.context.close()
    return {"later: painted": painted, "later: the screen itself": shown}


def _open(page: Any, url: str, begun: float) -> None:
    while True:
        try:
            page.goto(url, wait_until="commit")
            return
        except Error:
            assert time.perf_counter() - begun < PATIENCE


def _status(url: str) -> int | None:
    request = urllib.request.Request(url, headers={"Accept": "text/html"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def _until(state: Callable[[], bool], begun: float) -> float:
    while not state():
        assert time.perf_counter() - begun < PATIENCE
        time.sleep(0.02)
    return time.perf_counter() - begun


def _processor_seconds(pid: int) -> float:
    """Of a process of this computer so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--home", type=Path)
    arguments = parser.parse_args()
    runs: list[Figures] = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for n in range(arguments.times):
            runs.append(baseline() | start(arguments.home or Path(folder) / str(n), browser))
        browser.close()
    least = {name: min(run[name] for run in runs) for name in runs[0]}
    print("| | seconds | times the import |\n|---|---|---|")
    for name, seconds in least.items():
        whole = least["import gradio, processor" if "processor" in name else "import gradio"]
        print(f"| {name} | {seconds:.2f} | {seconds / whole:.2f} |")


if __name__ == "__main__":
    main()
