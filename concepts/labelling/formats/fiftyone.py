"""FiftyOne's own dataset on disk: `samples.json` with a document a picture, and `metadata.json`.

Written is the self-describing form that `fiftyone.types.FiftyOneDataset` loads without the internals of a
version of its database; read is that and what FiftyOne writes today, whose samples look the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Final

from concepts.errors import DiscernError
from concepts.labelling.formats.base import (
    ANOTHER,
    CAPTION,
    LabelledPicture,
    Written,
    about,
    columns_of,
    given_rows,
    object_of,
    objects_in,
    start_of,
    text_of,
    whole_json,
    write_json,
)
from concepts.labelling.rows import BadRow, RawRow
from concepts.registry import Method
from storage.label_queries import VALUES

SAMPLES: Final = "samples.json"
TRUTH, SAID, PREDICTED = "ground_truth", "answers", "predictions"
NO_COLUMNS: Final = {"filepath", "discern_id", "score"}
_CLASSES: Final = ("Classification", "Classifications")


class FiftyOne:
    method: ClassVar[Method] = Method(
        "fiftyone",
        "A FiftyOne dataset on disk, for fiftyone.Dataset.from_dir.",
        "docs.voxel51.com, FiftyOneDataset",
    )
    suffix: ClassVar[str] = ""

    def recognises(self, path: Path) -> bool:
        if path.is_dir():
            return (path / SAMPLES).is_file()
        return path.suffix.lower() == ".json" and start_of(path, 200).replace(" ", "").startswith(
            '{"samples":'
        )

    def read(self, path: Path) -> Iterator[RawRow]:
        samples = object_of(whole_json(path / SAMPLES if path.is_dir() else path)).get("samples")
        if not isinstance(samples, list):
            raise DiscernError(f"{path.name} is no FiftyOne dataset: it has no list of samples. {ANOTHER}")
        for number, sample in enumerate(samples, start=1):
            if not isinstance(sample, dict):
                yield number, BadRow(number, "not a JSON object")
                continue
            place = {"id": text_of(sample.get("discern_id")), "path": text_of(sample.get("filepath"))}
            place |= columns_of(sample, NO_COLUMNS)
            given = list(given_rows(number, place, object_of(sample.get(SAID)).get("classifications")))
            words = given or [(number, place | {"label": word}) for word in _words(sample)]
            yield from words or [(number, place)]

    def write(self, out: Path, pictures: Iterable[LabelledPicture], *, copies: bool = False) -> Written:
        samples = [_sample(picture) for picture in pictures]
        write_json(out / SAMPLES, {"samples": samples})
        info = {"classes": ["yes", "no", "unsure"], "made_by": "Discern"}
        write_json(out / "metadata.json", {"media_type": "image", "info": info})
        return Written(len(samples))


def _words(sample: dict[str, Any]) -> list[str]:
    """Of the field for the truth, or of the first other one that classifies and is no prediction."""
    fields = [
        value
        for name, value in sorted(sample.items(), key=lambda item: item[0] != TRUTH)
        if name != PREDICTED and isinstance(value, dict) and value.get("_cls") in _CLASSES
    ]
    for value in fields:
        several = value.get("classifications")
        labels = objects_in(several) if isinstance(several, list) else [value]
        found = [text_of(one.get("label")) for one in labels]
        if any(found):
            return [word for word in found if word]
    return []


def _sample(picture: LabelledPicture) -> dict[str, Any]:
    sample: dict[str, Any] = {"filepath": picture.path, "tags": [], "discern_id": picture.id}
    sample["metadata"] = {"_cls": "ImageMetadata", "width": picture.width, "height": picture.height}
    if picture.label in VALUES:
        sample[TRUTH] = {"_cls": "Classification", "tags": [], "label": picture.label}
    if picture.answers:
        sample[SAID] = {
            "_cls": "Classifications",
            "classifications": [
                {"_cls": "Classification", "tags": [], "label": answer.value} | about(answer)
                for answer in picture.answers
            ],
        }
    if picture.score is not None:
        sure = picture.score if picture.decision == "yes" else 1 - picture.score
        sample[PREDICTED] = {
            "_cls": "Classification",
            "tags": [],
            "label": picture.decision,
            "confidence": sure,
            "version": picture.version,
        }
        sample["score"] = picture.score
    if picture.captions:
        sample[CAPTION] = "\n".join(picture.captions)
    return sample
