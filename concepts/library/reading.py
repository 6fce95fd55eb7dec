"""Reading the words in pictures, by an optional package whose models come along: nothing is fetched."""

from __future__ import annotations

import importlib
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
from PIL import Image

from concepts.errors import missing_package

PACKAGE, EXTRA = "rapidocr", "words"
SIDE = 960  # pixels of the short side to which a picture is shrunk while decoding: small print needs more
LONGEST = 4000  # characters kept of one picture
# Large enough for a line in a photo. What the package takes by itself enlarges every smaller picture to 736
# pixels on its short side, at several times the time.
DETECT_AT = 1280  # pixels of the long side
CORES = 1  # so that whoever works meanwhile doesn't notice


def is_there() -> bool:
    """Whether words can be read here. Looks for the package and imports nothing."""
    return find_spec(PACKAGE) is not None


def load_reader() -> WordReader:
    """Raises `PackageError`. Takes some seconds."""
    if not is_there():
        raise missing_package(PACKAGE, EXTRA)
    return WordReader()


class WordReader:
    """Upright RGB pictures → the words in them, by PP-OCRv6 as RapidOCR carries it (Apache-2.0): Latin
    letters, Chinese and Japanese. `name`: what read them, with its version."""

    def __init__(self) -> None:
        package: Any = importlib.import_module(PACKAGE)  # optional, and heavy: only where it is asked for
        self.name = f"{PACKAGE} {version(PACKAGE)}"
        self._engine = package.RapidOCR(
            params={
                "Global.log_level": "error",
                "Det.limit_type": "max",
                "Det.limit_side_len": DETECT_AT,
                "EngineConfig.onnxruntime.intra_op_num_threads": CORES,
                "EngineConfig.onnxruntime.inter_op_num_threads": CORES,
            }
        )

    def read(self, picture: Image.Image) -> str:
        """The lines as they stand, top to bottom; empty where there are none."""
        found = self._engine(np.ascontiguousarray(np.asarray(picture)[:, :, ::-1]))  # blue first
        lines = (" ".join(line.split()) for line in found.txts or ())
        return "\n".join(line for line in lines if line)[:LONGEST]
