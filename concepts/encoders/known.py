"""Encoders that are worth naming: what each is, and what of it was run here."""

from __future__ import annotations

from dataclasses import dataclass

from concepts.encoders.base import (
    ELSEWHERE,
    OPEN_CLIP,
    TIMM,
    knows_words,
    licence_of,
    registered_as,
)

# What those are called to people that aren't named below.
KINDS = {
    OPEN_CLIP: "An open_clip model",
    TIMM: "A timm model, picture-only",
}


@dataclass(frozen=True)
class KnownEncoder:
    """millions: parameters of the half that looks at pictures."""

    name: str
    millions: int
    dimension: int
    good_at: str

    @property
    def licence(self) -> str:
        return licence_of(self.name)

    @property
    def words(self) -> bool:
        return knows_words(self.name)

    @property
    def was_run(self) -> bool:
        """Whether its own weights were run here: no others could be had."""
        return registered_as(self.name) not in ELSEWHERE


# name, millions of parameters, numbers of a vector, what it is good at
TABLE = """
embedded | 3 | 1664 | no download; things and scenes
ViT-B-32-256/datacomp_s34b_b86k | 88 | 512 | quick without a GPU
ViT-B-32-SigLIP2-256/webli | 95 | 768 | many languages
ViT-SO400M-16-SigLIP2-384/webli | 428 | 1152 | languages, details
PE-Core-B-16/meta | 94 | 1024 | words and moods
PE-Core-L-14-336/meta | 317 | 1024 | words and moods, with a GPU
MobileCLIP2-S0/dfndr2b | 11 | 512 | phones
ViT-B-16/dfn2b | 86 | 512 | words
ViT-H-14-worldwide/metaclip2_worldwide | 632 | 1024 | 300 languages
timm:vit_small_patch16_dinov3.lvd1689m | 22 | 384 | kinds, quick
timm:vit_base_patch16_dinov3.lvd1689m | 86 | 768 | details
timm:vit_base_patch16_dinov3_qkvb.eupe_lvd1689m | 86 | 768 | several tasks
timm:vit_base_patch14_reg1_tipsv2.webli | 86 | 768 | parts
"""
ROWS = (line.split(" | ") for line in TABLE.split("\n") if line)
KNOWN = tuple(KnownEncoder(name, int(size), int(numbers), good) for name, size, numbers, good in ROWS)
