"""Any open_clip checkpoint: `architecture/tag`, `hf-hub:org/name` or `local-dir:/path`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn.functional import normalize

from concepts.encoders import cached_weights, require_hub
from concepts.encoders.base import (
    ENCODERS,
    OPEN_CLIP,
    Fingerprint,
    Pixels,
    Portable,
    Vectors,
    as_stored,
    licence_of,
)
from concepts.encoders.exporting import FromPixels, portable
from concepts.encoders.saliency import WHOLE, Box, Cells
from concepts.errors import EncoderError
from concepts.registry import Method

TEXT_BATCH = 64
PREPROCESSING = ("mean", "std", "interpolation", "resize_mode")  # which open_clip knows by the weights' tag
BARE_WORDS = 4
MEDIUM = re.compile(
    r"\b(photo\w*|picture|image|drawing|painting|sketch|illustration|screenshot|scan)s?\b", re.I
)

# What open_clip's own configurations say about tokenizers, and what would have transformers run code.
TOKENIZER_SETTINGS = {"clean", "strip_sep_token", "language"}
CODE_SETTINGS = {"trust_remote_code", "auto_map", "code_revision"}


@dataclass(frozen=True)
class CheckpointSource:
    """How open_clip wants a name: a model name, and a tag where the name has no scheme."""

    model: str
    tag: str | None


class OpenClipEncoder:
    """One open_clip model with its own preprocessing and tokenizer, in float32.

    Bare words ("lemon", "bridal gown") are encoded as "a photo of …", because the captions that these models
    learned from are seldom one word (Radford et al. 2021, §3.1.4). Sentences, and words that name a medium,
    are left as they are.
    """

    method: ClassVar[Method] = Method(
        name=OPEN_CLIP,
        what="Any open_clip model, which understands words and moods better than the built-in encoder.",
        source="Cherti et al., Reproducible scaling laws for contrastive language-image learning, CVPR 2023",
        licence="that of the model: see its card",
        cost="a download of some hundred megabytes; slow without a GPU for the larger models",
    )

    def __init__(self, name: str) -> None:
        """Raises `EncoderError` with what to do if the model can't be loaded."""
        import open_clip

        self.name = name
        source = find_source(name)
        model, self._transform, self._tokenizer = _load(name, source)
        config: dict[str, Any] = model.visual.preprocess_cfg
        size = _pair(config["size"])
        self.licence = licence_of(name)
        self.decode_size = max(size)
        # Equal for copies of a folder. The configuration says what weights can't: heads, activation.
        described = json.dumps(open_clip.get_model_config(source.model), sort_keys=True)
        label = "open_clip" if source.model.startswith("local-dir:") else name.removeprefix("hf-hub:")
        self.fingerprint = Fingerprint(
            f"{label} {hashlib.sha256(described.encode()).hexdigest()[:12]}",
            weights_sha256(model),
            f"open_clip {json.dumps(config, sort_keys=True)}, Pillow, JPEG draft from {max(size)}",
        )
        self.device = pick_device()
        self.model = model.to(self.device)
        with torch.inference_mode():
            blank = torch.zeros((1, 3, *size), device=self.device)
            self.dimension = int(self.model.encode_image(blank).shape[1])

    @classmethod
    def load(cls, name: str, cache: Path) -> OpenClipEncoder:
        return cls(name)

    def prepare(self, picture: Image.Image) -> Pixels:
        pixels: Pixels = self._transform(picture).numpy()
        return pixels

    def encode_pictures(self, batch: Pixels) -> Vectors:
        with torch.inference_mode():
            pixels = torch.from_numpy(batch).to(self.device)
            return self._finished(self.model.encode_image(pixels))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), TEXT_BATCH):
            prompts = [as_prompt(text) for text in texts[start : start + TEXT_BATCH]]
            with torch.inference_mode():
                tokens = self._tokenizer(prompts).to(self.device)
                vectors[start : start + len(prompts)] = self._finished(self.model.encode_text(tokens))
        return vectors

    def _finished(self, vectors: torch.Tensor) -> Vectors:
        return as_stored(normalize(vectors.float(), dim=1).cpu().numpy())

    def cells(self, pixels: Pixels, weights: NDArray[np.float64]) -> Cells | None:
        """Of a transformer whose vector is the mean of its patches; most have a token for the whole picture
        or pool by attention, and those are no such mean."""
        from open_clip.transformer import VisionTransformer

        visual = self.model.visual
        plain = isinstance(visual, VisionTransformer) and visual.attn_pool is None and visual.proj is not None
        if not (plain and visual.pool_type == "avg" and not visual.final_ln_after_pool):
            return None
        with torch.inference_mode():
            one = torch.from_numpy(pixels[None]).to(self.device)
            tokens = visual.ln_post(visual.transformer(visual._embeds(one)))
            patches = tokens[0, 1:].float() @ visual.proj.float()  # the first is for the whole picture
            length = float(patches.mean(0).double().norm())
            each = patches.double().cpu().numpy() @ weights / (len(patches) * max(length, 1e-12))
        return Cells(each.reshape(visual.grid_size), 0.0, slice(0, self.dimension))

    def seen(self, width: int, height: int) -> Box:
        """The middle where it cuts, everything where it squeezes, and a border beyond where it adds one."""
        config: dict[str, Any] = self.model.visual.preprocess_cfg
        to_height, to_width = _pair(config["size"])
        pick = {"shortest": max, "longest": min}.get(config["resize_mode"])
        if pick is None:
            return WHOLE
        scale = pick(to_width / width, to_height / height)
        across, down = (to_width / scale / width - 1) / 2, (to_height / scale / height - 1) / 2
        return (-across, -down, 1 + across, 1 + down)

    def portable(self) -> Portable:
        model, _, _ = _load(self.name, find_source(self.name))
        config: dict[str, Any] = model.visual.preprocess_cfg
        height, width = _pair(config["size"])
        fit: Any = {"squash": "whole", "shortest": "crop"}.get(config["resize_mode"])
        if fit is None or config["interpolation"] not in ("bicubic", "bilinear") or height != width:
            raise EncoderError(f"its pictures are prepared in an unusual way ({json.dumps(config)})")
        network = FromPixels(model.visual, config["mean"], config["std"])
        return portable(
            network, height, width, fit, f"Weights: {self.name}, by its makers.", config["interpolation"]
        )


def as_prompt(text: str) -> str:
    """`lemon` → `a photo of lemon`; anything longer than four words or naming a medium is left alone."""
    bare = len(text.split()) <= BARE_WORDS and not MEDIUM.search(text)
    return f"a photo of {text.strip()}" if bare else text


def find_source(name: str) -> CheckpointSource:
    """Checks what can be checked without loading anything. Raises `EncoderError`."""
    scheme, colon, rest = name.partition(":")
    if colon and scheme == "local-dir":
        folder = Path(rest).expanduser().absolute()
        if not folder.is_dir():
            raise EncoderError(
                f"There is no folder {folder}. local-dir: needs the path of an open_clip model folder."
            )
        config = folder / "open_clip_config.json"
        if not config.is_file():
            raise EncoderError(
                f"{folder} has no open_clip_config.json, so the right preprocessing is unknown. "
                "Copy it from where the weights came from."
            )
        if not any(file.suffix in (".safetensors", ".bin", ".pth") for file in folder.iterdir()):
            raise EncoderError(
                f"{folder} has no weights. Put open_clip_model.safetensors beside open_clip_config.json."
            )
        return CheckpointSource(f"local-dir:{folder}", None)
    if colon and scheme == "hf-hub":
        if rest.count("/") != 1:
            raise EncoderError(f"{name} is not a Hugging Face model. Write hf-hub:organisation/name.")
        return CheckpointSource(name, None)

    import open_clip

    model, _, tag = name.rpartition("/")
    model = model.replace("/", "-")  # ViT-B/32 is ViT-B-32
    if model not in open_clip.list_models():
        close = [m for m in open_clip.list_models() if m.lower().startswith((model or name).lower()[:5])]
        others = [one for one in ENCODERS if one != OPEN_CLIP]
        raise EncoderError(
            f"Encoder {name!r} is unknown. Write {', '.join(others)}, architecture/tag (for example "
            f"ViT-B-32-256/datacomp_s34b_b86k), hf-hub:organisation/name or local-dir:/path."
            + (f" Architectures like it: {', '.join(close[:8])}." if close else "")
        )
    # Only known tags: open_clip would take a file of that name too, with the wrong preprocessing.
    tags = open_clip.list_pretrained_tags_by_model(model)
    if tag.lower().replace("-", "_") not in tags:
        raise EncoderError(f"{model} has no weights called {tag!r}. Known: {', '.join(tags) or 'none'}.")
    return CheckpointSource(model, tag)


def _load(name: str, source: CheckpointSource) -> tuple[Any, Any, Any]:
    import open_clip

    advice = (
        "Check that the weights and open_clip_config.json in the folder belong together."
        if source.model.startswith("local-dir:")
        else "Its files come from the Hugging Face hub; without a network, use local-dir:/path or the "
        "embedded encoder."
    )
    try:
        here = _from_here(source)
        if here is None:
            require_hub(name, advice)
        wanted, weights = here or (source.model, {"pretrained": source.tag})
        arguments = _code_refused(name, open_clip.get_model_config(wanted))
        model, transform = open_clip.create_model_from_pretrained(wanted, **weights, weights_only=True)
        tokenizer = open_clip.get_tokenizer(wanted, **arguments)
    except EncoderError:
        raise
    except Exception as error:  # open_clip and the hub client raise whatever they met
        raise not_loaded(name, error, advice) from error
    return model.eval(), transform, tokenizer


def _from_here(source: CheckpointSource) -> tuple[str, dict[str, Any]] | None:
    """The model's name and further arguments for open_clip, where its weights are on this computer.

    By its own name open_clip would ask the hub first, and download what is newer there.
    """
    import open_clip

    scheme, _, rest = source.model.partition(":")
    if scheme == "local-dir":
        return source.model, {}
    if scheme == "hf-hub":
        path = cached_weights(rest)
        return (f"local-dir:{Path(path).parent}", {}) if path else None
    config = open_clip.get_pretrained_cfg(source.model, source.tag)
    path = cached_weights(config["hf_hub"].rstrip("/")) if config.get("hf_hub", "").endswith("/") else None
    preprocessing = {f"image_{key}": config.get(key) for key in PREPROCESSING}
    return (source.model, {"pretrained": path} | preprocessing) if path else None


def not_loaded(name: str, error: Exception, advice: str) -> EncoderError:
    """With the first line of what a library said."""
    lines = str(error).strip().splitlines()
    return EncoderError(f"{name} can't be loaded: {lines[0] if lines else type(error).__name__}. {advice}")


def _code_refused(name: str, config: Any) -> dict[str, Any]:
    """Arguments for the tokenizer that keep it from running Python that comes with the model.

    open_clip hands what a configuration says about the tokenizer on to transformers, which would run files of
    the model's folder for `trust_remote_code`, and asks at the terminal where nothing is said. Raises
    `EncoderError` for a configuration that asks for it, and for what open_clip's own never say.
    """
    text = config.get("text_cfg", {}) if isinstance(config, dict) else {}
    unusual = set(text.get("tokenizer_kwargs") or {}) - TOKENIZER_SETTINGS
    if unusual or not CODE_SETTINGS.isdisjoint(_keys(config)):
        raise EncoderError(
            f"{name} is not loaded: its configuration wants to run code of its own or sets "
            f"{', '.join(sorted(unusual | (CODE_SETTINGS & set(_keys(config)))))}, which Discern never does. "
            "Choose a model without it."
        )
    if not (text.get("hf_tokenizer_name") or text.get("hf_model_name")):
        return {}
    from transformers import dynamic_module_utils

    dynamic_module_utils.TIME_OUT_REMOTE_CODE = 0  # refuse at once where it would ask at the terminal
    return {"trust_remote_code": False} if text.get("hf_tokenizer_name") else {}


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(item)


def pick_device() -> torch.device:
    # Batches run in as many threads as there are cores, each on one: threads inside a network wait for
    # each other at every layer, and on a busy machine that costs more than they gain.
    torch.set_num_threads(1)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def weights_sha256(model: torch.nn.Module) -> str:
    """Of what was really loaded: name, type, shape and values of every tensor, in the order of names."""
    digest = hashlib.sha256()
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(f"{key} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _pair(size: int | Sequence[int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])
