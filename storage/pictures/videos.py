"""Pictures out of videos: which moments are taken, and the frame of one. Needs PyAV, which is optional."""

from __future__ import annotations

import importlib
import io
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from statistics import median
from time import monotonic
from typing import Any, BinaryIO, Final, NoReturn

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from storage.errors import BadPictureError

PACKAGE: Final = "av"
EXTRA: Final = "video"
NOT_READ: Final = "This is a video: Discern’s extra “video”, which takes frames from it, is not installed."
SUFFIXES: Final = (".mp4", ".mov", ".mkv", ".webm", ".avi")
PLAYED: Final = {".mp4": "video/mp4", ".webm": "video/webm"}  # by browsers
FIRST: Final = "00:00:00.000"

EVENLY, CUTS = 12, 48  # frames of a video at most: at even distances, and where scenes begin
STEP, SMALL = 0.1, 32  # seconds between frames that are compared, pixels a side
CUT, ABOVE_USUAL = 0.1, 2.0  # mean difference, 0 to 1, that begins a scene; times the usual one of late
FADED, STILL = 0.16, 0.15  # the same to ten frames before, once it changes by less than that share of it
WHOLE = 20 * 60  # seconds in which every frame counts; after them key frames alone
LONGEST = 600  # seconds that reading one video takes
SIDE = 1920  # pixels of the long side of a frame that is kept
MOST_PIXELS = 8192 * 4352

_Small = NDArray[np.float32]
_PLACE: Final = re.compile(
    rf"(.+\.(?:{'|'.join(one[1:] for one in SUFFIXES)}))!/(\d\d+):(\d\d):(\d\d\.\d\d\d)", re.I | re.S
)
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
    if not (found := _PLACE.fullmatch(place)):
        return None
    video, hours, minutes, seconds = found.groups()
    return video, 3600 * int(hours) + 60 * int(minutes) + float(seconds)


def clock(seconds: float) -> str:
    """Such as 0:12, or 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def frames(video: str, file: BinaryIO) -> tuple[list[tuple[str, bytes]], str]:
    """Place and JPEG of the frames that are taken, the first one last, and what went wrong besides.

    At even distances, and where scenes begin: of either kind every other one goes whenever there are too
    many, so neither memory nor the number grows with the video. Raises `BadPictureError` where there is none.
    """
    evenly, cuts = _Thinned(EVENLY), _Thinned(CUTS)
    moment, length, until, problem = 0.0, 0.0, monotonic() + LONGEST, ""
    compared, second = -STEP, -1
    recent: deque[_Small] = deque(maxlen=10)
    usual = deque([0.0], maxlen=10)
    with _opened(file) as (container, stream):
        stream.codec_context.skip_frame = "NONREF"
        length = float(container.duration or 0) / 1_000_000
        for moment, frame in _decoded(container, stream):
            if frame is None:
                problem = "Parts of this video are damaged"
                continue
            if monotonic() > until:
                problem = f"Reading this video took too long, so it ends at {clock(moment)}"
                break
            if moment > WHOLE:
                stream.codec_context.skip_frame = "NONKEY"
            if moment < compared + STEP:
                continue
            small = _small(frame)
            change = float(np.abs(small - recent[-1]).mean()) if recent else 0.0
            faded = float(np.abs(small - recent[0]).mean()) if len(recent) == recent.maxlen else 0.0
            if change > max(CUT, ABOVE_USUAL * median(usual)) or (faded > FADED and change < STILL * faded):
                cuts.offer(moment, frame)
                recent.clear()
            elif int(moment) > second:
                evenly.offer(moment, frame)
            second = max(second, int(moment))
            usual.append(change)
            recent.append(small)
            compared = moment
    taken = dict(sorted([*cuts.kept, *evenly.kept]))
    if not taken:
        raise BadPictureError("damaged", f"{problem or 'This video has no frames'}: none was taken.")
    if not problem and moment < 0.9 * length - 1:
        problem = f"This video is cut off at {clock(moment)} of {clock(length)}"
    first, *others = taken.values()
    places = [place_of(video, at) for at in list(taken)[1:]]
    found = [*zip(places, others, strict=True), (f"{video}!/{FIRST}", first)]
    return found, f"{problem}: {len(found)} frames were taken." if problem else ""


def frame_at(seconds: float, file: BinaryIO) -> bytes:
    """The JPEG of the frame that `frames` took there. Raises `BadPictureError`."""
    with _opened(file) as (container, stream):
        for start in (seconds, 0.0):
            container.seek(int((start + _start(stream)) / stream.time_base), stream=stream)
            for moment, frame in _decoded(container, stream):
                if frame is None or moment < seconds - 0.0005:
                    continue
                if moment > seconds + 0.0005 and start and seconds:
                    break  # it looked behind the frame: some containers know no exact places
                return _jpeg(frame)
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
    """A container and its video. Which one it is its first bytes say, and no other file is opened: lists that
    name further files or addresses are read by nobody."""
    if not is_there():
        raise BadPictureError("video", NOT_READ)
    av: Any = importlib.import_module(PACKAGE)  # optional, and heavy: only where it is asked for
    start = file.read(16)
    if not start:
        raise BadPictureError("empty", "The file is empty.")
    file.seek(0)
    kind = next(kind for at, mark, kind in _CONTAINERS if start[at:].startswith(mark))
    try:
        with av.open(file, format=kind, io_open=_no_other, buffer_size=2**20) as container:
            stream = container.streams.best("video")
            context = stream and stream.codec_context
            if context is None:
                raise BadPictureError("unsupported", "The file has no video in it that can be decoded.")
            if context.width * context.height > MOST_PIXELS:
                raise BadPictureError(
                    "too-large", f"The video has {context.width:,} × {context.height:,} pixels a frame."
                )
            context.options = {"max_pixels": str(MOST_PIXELS)}  # also of frames that come later
            context.thread_type, context.thread_count = "AUTO", 2
            yield container, stream
    except (av.FFmpegError, ValueError, ArithmeticError) as error:
        raise BadPictureError("damaged", "The video is damaged, cut off or of a kind not known.") from error


def _no_other(url: str, *about: object) -> NoReturn:
    raise BadPictureError("unsupported", "The video refers to another file.")


def _start(stream: Any) -> float:
    return float((stream.start_time or 0) * stream.time_base)


def _decoded(container: Any, stream: Any) -> Iterator[tuple[float, Any]]:
    """Frames with the seconds since the video begins; None for one that is damaged."""
    av: Any = importlib.import_module(PACKAGE)
    moment, start = 0.0, _start(stream)
    for packet in container.demux(stream):
        try:
            decoded = packet.decode()
        except av.error.InvalidDataError:
            yield moment, None
            continue
        for frame in decoded:
            moment = moment if frame.time is None else max(frame.time - start, 0.0)
            yield moment, frame


def _small(frame: Any) -> _Small:
    """(SMALL, SMALL, 3) of 0 to 1."""
    pixels = frame.reformat(SMALL, SMALL, "rgb24", interpolation="AREA").to_ndarray()
    return np.asarray(pixels, np.float32) / np.float32(255)


def _jpeg(frame: Any) -> bytes:
    """Upright. Computed so that it is the same on every machine: its hash is the picture's id."""
    reformatter = importlib.import_module(f"{PACKAGE}.video.reformatter")
    how = reformatter.Interpolation
    exact = how.BICUBIC | how.ACCURATE_RND | how.BITEXACT | how.FULL_CHR_H_INT
    image = Image.fromarray(frame.reformat(format="rgb24", interpolation=exact).to_ndarray())
    image = image.rotate(frame.rotation, expand=True) if frame.rotation else image
    image.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()
