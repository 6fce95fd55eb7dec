"""How much memory this process had at most."""

from __future__ import annotations

from pathlib import Path

from not_run import not_run


def peak_memory(*, begin: bool = False) -> int:
    """Bytes that this process had at most; with `begin` from now on."""
    status = Path("/proc/self/status")
    if not status.exists():
        not_run("what a file takes of memory", "Only Linux says how much a process had at most.")
    if begin:
        Path("/proc/self/clear_refs").write_text("5")
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
