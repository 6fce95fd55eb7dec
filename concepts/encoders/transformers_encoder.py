"""Models of transformers that embed pictures and words in one space, such as TIPSv2."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch

from concepts.encoders import cached_weights, require_hub
from concepts.encoders.base import TRANSFORMERS, Portable
from concepts.encoders.exporting import FromPixels, portable
from concepts.encoders.openclip import WithWords, not_loaded
from concepts.errors import EncoderError
from concepts.registry import Method

INTERPOLATIONS: dict[Any, Literal["bicubic", "bilinear"]] = {2: "bilinear", 3: "bicubic"}  # as Pillow counts
ANYWHERE = ("_name_or_path", "transformers_version")  # of a configuration: no part of what the network does


class TransformersEncoder(WithWords):
    """`transformers:organisation/name` or `transformers:local-dir:/path`.

    Pictures are prepared by Pillow as the model's configuration says, in place of transformers' own classes,
    so that an exported file does the same. Never in float16, in which some of these models give NaN.
    """

    method: ClassVar[Method] = Method(
        name=TRANSFORMERS,
        what="A model of transformers that embeds pictures and words apart, such as TIPSv2.",
        source="Wolf et al., Transformers: state-of-the-art natural language processing, EMNLP 2020 demos",
        licence="that of the model: see its card",
        cost="a download of some hundred megabytes",
    )

    @classmethod
    def load(cls, name: str, cache: Path, precision: str) -> TransformersEncoder:
        """Raises `EncoderError` with what to do if the model can't be loaded."""
        network, words, way = _load(name)
        kept = {key: value for key, value in network.config.to_dict().items() if key not in ANYWHERE}
        digest = hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()
        return cls(
            name,
            _Halves(network),
            way.transform(),
            words,
            (way.height, way.width),
            f"transformers {network.config.model_type} {digest[:12]}",
            f"transformers {way}, Pillow",
            cache,
            precision,
        )

    def portable(self) -> Portable:
        network, _, way = _load(self.name)
        network.text_model = None  # the words' half would double the file
        if way.height != way.width:
            raise EncoderError(f"its pictures are prepared in an unusual way ({way})")
        notice = f"Weights: {self.name}, by its makers."
        visual = FromPixels(_Halves(network), way.mean, way.std)
        return portable(visual, way.height, way.width, way.fit, notice, way.interpolation)


class _Halves(torch.nn.Module):
    """A network of transformers, as `WithWords` and `FromPixels` call theirs."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network: Any = network

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.encode_image(pixels)

    def encode_image(self, pixels: torch.Tensor) -> torch.Tensor:
        vectors: torch.Tensor = self.network.get_image_features(pixel_values=pixels).pooler_output
        return vectors

    def encode_text(self, tokens: Mapping[str, torch.Tensor]) -> torch.Tensor:
        vectors: torch.Tensor = self.network.get_text_features(**tokens).pooler_output
        return vectors


@dataclass(frozen=True)
class _Prepared:
    """What is done to a picture, as `Portable` says it. mean and std of each colour from 0 to 1."""

    height: int
    width: int
    fit: Literal["whole", "crop"]
    interpolation: Literal["bicubic", "bilinear"]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def read(cls, name: str, said: Mapping[str, Any]) -> _Prepared:
        """Of preprocessor_config.json. Raises `EncoderError` where it says something else."""
        size, crop = dict(said.get("size") or {}), dict(said.get("crop_size") or {})
        cuts = bool(said.get("do_center_crop"))
        sides = crop if cuts else size
        usual = said.get("do_resize", True) and abs(said.get("rescale_factor", 1 / 255) * 255 - 1) < 1e-6
        usual &= said.get("do_rescale", True) and not said.get("do_pad")
        usual &= {*sides} == {"height", "width"} and said.get("resample") in INTERPOLATIONS
        if cuts:
            usual &= size.get("shortest_edge") == sides.get("height") == sides.get("width")
        if not usual:
            raise EncoderError(f"{name} can't be used: its pictures are prepared in an unusual way.")
        plain = not said.get("do_normalize")
        mean, std = ((0.0,) * 3, (1.0,) * 3) if plain else (said["image_mean"], said["image_std"])
        fit: Literal["whole", "crop"] = "crop" if cuts else "whole"
        interpolation = INTERPOLATIONS[said["resample"]]
        return cls(int(sides["height"]), int(sides["width"]), fit, interpolation, tuple(mean), tuple(std))

    def transform(self) -> Any:
        from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Normalize, Resize, ToTensor

        crops = self.fit == "crop"
        size = self.height if crops else (self.height, self.width)
        steps = [Resize(size, InterpolationMode(self.interpolation)), *([CenterCrop(self.height)] * crops)]
        return Compose([*steps, ToTensor(), Normalize(self.mean, self.std)])


def _load(name: str) -> tuple[Any, Any, _Prepared]:
    """The network, its tokenizer as it is called with texts, and what is done to pictures."""
    import transformers

    transformers.utils.logging.disable_progress_bar()  # a job has its own
    wanted = name.removeprefix(f"{TRANSFORMERS}:")
    if wanted.startswith("local-dir:"):
        wanted = str(Path(wanted.removeprefix("local-dir:")).expanduser().absolute())
    advice = "Its files come from the Hugging Face hub; without a network, use transformers:local-dir:/path."
    try:
        if not Path(wanted).is_dir() and not cached_weights(wanted, ["config.json"]):
            require_hub(name, advice)
        # No code and no pickle of whoever made it.
        model = transformers.AutoModel.from_pretrained(
            wanted, trust_remote_code=False, use_safetensors=True, dtype=torch.float32
        )
        if not (hasattr(model, "get_image_features") and hasattr(model, "get_text_features")):
            raise EncoderError(
                f"{name} can't be used: it has no half for pictures beside one for words, as "
                "CLIP, SigLIP and TIPSv2 have."
            )
        words = partial(
            transformers.AutoTokenizer.from_pretrained(wanted, trust_remote_code=False),
            padding="max_length",
            truncation=True,
            max_length=int(model.config.text_config.max_position_embeddings),
            return_tensors="pt",
        )
        pictures = transformers.AutoImageProcessor.from_pretrained(wanted, trust_remote_code=False).to_dict()
    except EncoderError:
        raise
    except Exception as error:  # transformers and the hub client raise whatever they met
        raise not_loaded(name, error, advice) from error
    return model.eval(), words, _Prepared.read(name, pictures)
