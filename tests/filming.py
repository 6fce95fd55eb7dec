"""Small real videos, filmed by the tests from pictures."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from not_run import not_run
from PIL import Image

RATE = 10  # pictures a second


def film(
    file: Path, scenes: Sequence[Image.Image], seconds: float = 1, size: tuple[int, int] = (128, 96)
) -> Path:
    """Each picture stands still for so long."""
    if find_spec("av") is None:
        not_run("frames of videos", "The extra “video” is not installed.")
    import av

    codec, pixels = {".webm": ("libvpx", "yuv420p"), ".avi": ("mjpeg", "yuvj420p")}.get(
        file.suffix, ("libx264", "yuv420p")
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(file), "w") as container:
        stream = container.add_stream(codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        for scene in scenes:
            picture = scene.convert("RGB").resize(size)
            for _ in range(round(seconds * RATE)):
                container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    return file
