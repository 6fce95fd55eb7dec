"""What a Space with `sdk: gradio` runs: the demo, at the place that the hub says."""

import os
from pathlib import Path

for name, value in {
    "DISCERN_DEMO": "1",
    "DISCERN_HOME": str(Path.home() / "discern"),
    "DISCERN_ALLOWED_ROOTS": "",
    "DISCERN_HOST": os.environ.get("GRADIO_SERVER_NAME", "0.0.0.0"),
    "DISCERN_PORT": os.environ.get("GRADIO_SERVER_PORT", "7860"),
    "DISCERN_FRAMED_BY": "https://huggingface.co",  # only the hub's own page may show it in a frame
}.items():
    os.environ.setdefault(name, value)

from app import main  # noqa: E402  it reads the environment

if __name__ == "__main__":
    main()
