"""Small real videos, filmed by the tests from pictures."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from drawing import draw
from not_run import not_run

RATE = 10  # pictures a second
CODECS = {".webm": ("libvpx", "yuv420p"), ".avi": ("mjpeg", "yuvj420p")}


def film(file: Path, shapes: Sequence[str], seed: int = 900, seconds: float = 1) -> Path:
    """A drawing of each shape stands still for so long; “black” is none."""
    if find_spec("av") is None:
        not_run("frames of videos", "The extra “video” is not installed.")
    import av

    file.parent.mkdir(parents=True, exist_ok=True)
    codec, pixels = CODECS.get(file.suffix, ("libx264", "yuv420p"))
    with av.open(str(file), "w") as container:
        stream = container.add_stream(codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 480, 360, pixels
        for place, shape in enumerate(shapes):
            scene = draw(shape.replace("black", "line"), seed + 7 * place).resize((480, 360))
            scene = scene.point(lambda value: 0) if shape == "black" else scene
            for _ in range(round(seconds * RATE)):
                container.mux(stream.encode(av.VideoFrame.from_image(scene)))
        container.mux(stream.encode())
    return file
