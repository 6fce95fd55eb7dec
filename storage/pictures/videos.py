"""Pictures out of videos: which moments are taken, and the frame of one. Needs PyAV, which is optional."""

from __future__ import annotations

import importlib
import io
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from statistics import median
from time import monotonic
from typing import Any, BinaryIO, Final

from PIL import Image

from storage.errors import BadPictureError

PACKAGE: Final = "av"
EXTRA: Final = "video"
NOT_READ: Final = "This is a video: Discern’s extra “video”, which takes frames from it, is not installed."
SUFFIXES: Final = (".mp4", ".mov", ".mkv", ".webm", ".avi")
PLAYED: Final = {".mp4": "video/mp4", ".webm": "video/webm"}  # by browsers
FIRST: Final = "!/00:00:00.000"  # how the place of a first frame ends

EVENLY, CUTS = 12, 48  # frames of a video at most: at even distances, and where scenes begin
STEP, SMALL = 0.1, 32  # seconds between frames that are compared, pixels a side
CUT, ABOVE_USUAL = 0.1, 2.0  # mean difference, 0 to 1, that begins a scene; times the usual one of late
FADED, STILL = 0.16, 0.15  # the same to ten frames before, once it changes by less than that share of it
WHOLE = 20 * 60  # seconds in which every frame counts; after them key frames alone
LONGEST = 600  # seconds that reading one video takes
SIDE = 1920  # pixels of the long side of a frame that is kept
MOST_PIXELS = 8192 * 4352

_PLACE: Final = re.compile(r"(.+\.(?:mp4|mov|mkv|webm|avi))!/(\d\d+):(\d\d):(\d\d\.\d\d\d)", re.I | re.S)
_CONTAINERS: Final = ((0, b"\x1aE\xdf\xa3", "matroska"), (8, b"AVI ", "avi"), (4, b"", "mov"))


def is_there() -> bool:
    """Whether videos can be read here. Looks for the package and imports nothing."""
    return find_spec(PACKAGE) is not None


def is_video(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def place_of(video: str, seconds: float) -> str:
    """Where a frame is, such as `/clip.mp4!/00:00:12.480`."""
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    return f"{video}!/{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"


def split(place: str) -> tuple[str, float] | None:
    """(video, seconds) of a frame's place; None of another."""
    found = _PLACE.fullmatch(place)
    return (found[1], 3600 * int(found[2]) + 60 * int(found[3]) + float(found[4])) if found else None


def clock(seconds: float) -> str:
    """Such as 0:12, or 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def frames(
    video: str, file: BinaryIO, now: Callable[[], float] = monotonic
) -> tuple[list[tuple[str, bytes]], str]:
    """Place and JPEG of the frames that are taken, the first one last, and what went wrong besides.

    At even distances, and where scenes begin: of either kind every other one goes whenever there are too
    many, so neither memory nor the number grows with the video. Raises `BadPictureError` where there is none.
    """
    evenly, cuts = _Thinned(EVENLY), _Thinned(CUTS)
    moment, length, until, problem = 0.0, 0.0, now() + LONGEST, ""
    compared, second = -STEP, -1
    recent: deque[Any] = deque(maxlen=10)  # of NumPy, which commands that read nothing don't wait for
    usual = deque([0.0], maxlen=10)
    with _opened(file) as (container, stream):
        stream.codec_context.skip_frame = "NONREF"
        length = float(container.duration or 0) / 1_000_000
        for moment, frame in _decoded(container, stream):
            if frame is None:
                problem = "Parts of this video are damaged"
                continue
            if now() > until:
                problem = f"Reading this video took too long, so it ends at {clock(moment)}"
                break
            if moment > WHOLE:
                stream.codec_context.skip_frame = "NONKEY"
            if moment < compared + STEP:
                continue
            pixels = frame.reformat(SMALL, SMALL, "rgb24", interpolation="AREA").to_ndarray()
            small = pixels.astype("float32") / 255
            change = float(abs(small - recent[-1]).mean()) if recent else 0.0
            faded = float(abs(small - recent[0]).mean()) if len(recent) == recent.maxlen else 0.0
            if change > max(CUT, ABOVE_USUAL * median(usual)) or (faded > FADED and change < STILL * faded):
                cuts.offer(moment, frame)
                recent.clear()
            elif int(moment) > second:
                evenly.offer(moment, frame)
            second, compared = max(second, int(moment)), moment
            usual.append(change)
            recent.append(small)
    (_, first), *others = sorted(cuts.kept + evenly.kept) or [(0.0, b"")]
    if not first:
        raise BadPictureError("damaged", f"{problem or 'This video has no frames'}: none was taken.")
    if not problem and moment < 0.9 * length - 1:
        problem = f"This video is cut off at {clock(moment)} of {clock(length)}"
    found = [*((place_of(video, at), data) for at, data in others), (video + FIRST, first)]
    return found, f"{problem}. Frames taken: {len(found)}." if problem else ""


def frame_at(seconds: float, file: BinaryIO) -> bytes:
    """The JPEG of the frame that `frames` took there. Raises `BadPictureError`."""
    with _opened(file) as (container, stream):
        for start in (seconds, 0.0):  # some containers know no exact places, and look behind the frame
            container.seek(int(start / stream.time_base) + (stream.start_time or 0), stream=stream)
            for moment, frame in _decoded(container, stream):
                if frame is not None and moment > seconds - 0.0005:
                    if moment < seconds + 0.0005 or not start:
                        return _jpeg(frame)
                    break
    raise BadPictureError("missing", "The video has no such moment any more.")


class _Thinned:
    """Every n-th of what is offered, from the first on. n doubles whenever there are too many."""

    def __init__(self, most: int) -> None:
        self.kept: list[tuple[float, bytes]] = []
        self._most, self._every, self._offered = most, 1, 0

    def offer(self, moment: float, frame: Any) -> None:
        if self._offered % self._every == 0:
            self.kept.append((moment, _jpeg(frame)))
        self._offered += 1
        if len(self.kept) > self._most:
            self.kept, self._every = self.kept[::2], 2 * self._every


@contextmanager
def _opened(file: BinaryIO) -> Iterator[tuple[Any, Any]]:
    """A container and its video. Which one it is its first bytes say: lists that name further files or
    addresses, which FFmpeg would open, are none."""
    if not is_there():
        raise BadPictureError("video", NOT_READ)
    av: Any = importlib.import_module(PACKAGE)  # optional, and heavy: only where it is asked for
    if not (start := file.read(16)):
        raise BadPictureError("empty", "The file is empty.")
    file.seek(0)
    kind = next(kind for at, mark, kind in _CONTAINERS if start[at:].startswith(mark))
    try:
        with av.open(file, format=kind, buffer_size=2**20) as container:
            stream = container.streams.best("video")
            context = stream and stream.codec_context
            if context is None:
                raise BadPictureError("unsupported", "The file has no video in it that can be decoded.")
            if context.width * context.height > MOST_PIXELS:
                size = f"{context.width:,} × {context.height:,}"
                raise BadPictureError("too-large", f"The video has {size} pixels a frame.")
            context.options = {"max_pixels": str(MOST_PIXELS)}  # also of frames that come later
            context.thread_type, context.thread_count = "AUTO", 2
            yield container, stream
    except (av.FFmpegError, ValueError, ArithmeticError) as error:
        raise BadPictureError("damaged", "The video is damaged, cut off or of an unknown kind.") from error


def _decoded(container: Any, stream: Any) -> Iterator[tuple[float, Any]]:
    """Frames with the seconds since the video begins; None for what is damaged."""
    moment, start = 0.0, float((stream.start_time or 0) * stream.time_base)
    for packet in container.demux(stream):
        try:
            decoded = packet.decode()
        except importlib.import_module(PACKAGE).error.InvalidDataError:
            decoded = [None]
        for frame in decoded:
            if frame is not None and frame.time is not None:
                moment = max(frame.time - start, 0.0)
            yield moment, frame


def _jpeg(frame: Any) -> bytes:
    """Upright. Computed so that it is the same on every machine: its hash is the picture's id."""
    how = importlib.import_module(f"{PACKAGE}.video.reformatter").Interpolation
    exact = how.BICUBIC | how.ACCURATE_RND | how.BITEXACT | how.FULL_CHR_H_INT
    image = Image.fromarray(frame.reformat(format="rgb24", interpolation=exact).to_ndarray())
    image = image.rotate(frame.rotation, expand=True) if frame.rotation else image
    image.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()
