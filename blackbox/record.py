"""Records the job anew: `python -m blackbox.record`.

For a commit of its own that says which promised figure changed, and why it may.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from blackbox.job import RECORDED, by_commands, exact, near


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        (cache := Path(folder) / "cache").mkdir()
        job = by_commands(Path(folder) / "job", cache)
        kept = {"exact": exact(job), "near": near(job)}
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"Recorded in {RECORDED}. Commit it alone, with the reason.")


if __name__ == "__main__":
    main()
