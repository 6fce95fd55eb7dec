"""How steady a version is: what it says of pictures that were blurred, saved anew, cropped or moved."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from concepts.classifier.slices import share
from concepts.classifier.training import check_fingerprint, linear_head
from concepts.encoders.base import Encoder
from concepts.errors import NotEnoughLabelsError
from concepts.jobs import Listener
from concepts.labelling.dataset import ConceptDataset
from concepts.learning.base import Floats, LinearHead
from concepts.learning.fitting import SEED
from concepts.learning.intervals import mean_interval
from concepts.learning.report import Metric
from concepts.library.originals import original
from concepts.view import View
from storage.heads import StoredHead

PICTURES = 100  # that are changed: each is looked at ten times


def _blurred(picture: Image.Image) -> Image.Image:
    """By a hundredth of the shorter side."""
    return picture.filter(ImageFilter.GaussianBlur(min(picture.size) / 100))


def _saved_anew(picture: Image.Image) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=30)
    return Image.open(file).convert("RGB")


def _cropped(picture: Image.Image) -> Image.Image:
    """The middle four fifths of either side."""
    width, height = picture.size
    left, top = width // 10, height // 10
    return picture.crop((left, top, width - left, height - top))


def _moved(picture: Image.Image) -> Image.Image:
    """One pixel to the left and up; the last column and row stay."""
    moved = picture.copy()
    moved.paste(picture, (-1, -1))
    return moved


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "blurred": _blurred,
    "saved at JPEG quality 30": _saved_anew,
    "cropped to the middle 80 %": _cropped,
    "made brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.3),
    "made darker": lambda picture: ImageEnhance.Brightness(picture).enhance(0.7),
    "moved by one pixel": _moved,
    "mirrored": ImageOps.mirror,
}


class Perturbation(View):
    """What one change does: the share of decisions that flip (exact interval), and by how much the
    probability moves on average (an interval that holds for any distribution)."""

    name: str
    flipped: Metric
    moved: Metric  # -1..1, above 0 where the changed picture is likelier to count


class Robustness(View):
    """A version on n pictures and their changed copies; `left_out` have no file that can be read any more."""

    version: int
    threshold: float
    n: int
    left_out: int
    changes: list[Perturbation]
    sentence: str


def robustness(
    dataset: ConceptDataset,
    head: StoredHead,
    listener: Listener,
    pictures: int = PICTURES,
) -> Robustness:
    """Embeds up to `pictures` answered ones, test pictures first, as they are and after each change.

    Raises `NotEnoughLabelsError` where no answered picture can be read, and `FingerprintMismatchError`.
    """
    check_fingerprint(head, dataset.collection)
    chosen = _answered(dataset)[:pictures]
    encoder, linear = dataset.collection.parts.encoder(head.concept_id), linear_head(head)
    listener(0, len(chosen), "")
    said = []
    for done, picture in enumerate(dataset.collection.library.pictures(chosen), 1):
        with original(picture, encoder.decode_size) as found:
            if found:
                said.append(probabilities(found.image, encoder, linear))
        listener(done, len(chosen), "")
    if not said:
        raise NotEnoughLabelsError(
            "No labelled picture can be read any more, so there is nothing to change and look at again."
        )
    changes = changes_of(np.stack(said), head.threshold)
    return Robustness(
        version=head.number,
        threshold=head.threshold,
        n=len(said),
        left_out=len(chosen) - len(said),
        changes=changes,
        sentence=in_words(changes),
    )


def _answered(dataset: ConceptDataset) -> list[str]:
    """Pictures people said yes or no to, one a near-duplicate group, test pictures first."""
    decided = {i: None for i, decision in dataset.decisions.items() if decision.decided}
    ids = [*(i for i in dataset.evaluation if i in decided), *decided]
    first: dict[int, str] = {}
    for picture_id, group in zip(ids, dataset.groups(ids).tolist(), strict=True):
        first.setdefault(group, picture_id)
    return list(first.values())


def probabilities(picture: Image.Image, encoder: Encoder, head: LinearHead) -> Floats:
    """(1 + changes,) of the picture as it is, then after each change."""
    looks = [picture, *(change(picture) for change in CHANGES.values())]
    return head.probabilities(encoder.encode_pictures(np.stack([encoder.prepare(look) for look in looks])))


def changes_of(said: Floats, threshold: float) -> list[Perturbation]:
    """said (n, 1 + changes), n ≥ 1: probabilities as `probabilities` gives them."""
    return [
        Perturbation(
            name=name,
            flipped=share(
                "flipped", int(((changed >= threshold) != (said[:, 0] >= threshold)).sum()), len(said)
            ),
            moved=_moved_by(changed - said[:, 0]),
        )
        for name, changed in zip(CHANGES, said[:, 1:].T, strict=True)
    ]


def _moved_by(differences: Floats) -> Metric:
    low, high = mean_interval(differences, -1, 1, SEED)
    return Metric(name="moved", value=float(differences.mean()), low=low, high=high, n=len(differences))


def in_words(changes: Sequence[Perturbation]) -> str:
    """The worst of them."""
    worst = max(changes, key=lambda change: change.flipped.value or 0)
    found, n = worst.flipped, worst.flipped.n
    low, high = (f"{100 * (bound or 0):.0f}" for bound in (found.low, found.high))
    if not found.value:
        return f"None of {n} decisions changes with any of them: at most {high} of 100 would."
    flipped = round(found.value * n)
    after = f"Least steady when a picture is {worst.name}"
    return f"{after}: {flipped} of {n} decisions change ({low} to {high} of 100)."
