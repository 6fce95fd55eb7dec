"""Encoders that are worth naming: what each is, and what of it was run here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Run = Literal["yes", "no"]


@dataclass(frozen=True)
class KnownEncoder:
    """millions: parameters of the half that looks at pictures; `run`: whether its own weights were run here.
    Of the others the code was, with weights that learned nothing."""

    name: str
    millions: int
    dimension: int
    licence: str
    good_at: str
    words: bool
    run: Run = "no"


APPLE, META = "Apple research licence (apple-amlr)", "fair-noncommercial-research-license"

KNOWN = (
    KnownEncoder("embedded", 3, 1664, "Apache-2.0", "no download; things and scenes", True, "yes"),
    KnownEncoder("ViT-B-32-256/datacomp_s34b_b86k", 88, 512, "MIT", "quick without a GPU", True),
    KnownEncoder("ViT-B-32-SigLIP2-256/webli", 95, 768, "Apache-2.0", "many languages", True),
    KnownEncoder("ViT-SO400M-16-SigLIP2-384/webli", 428, 1152, "Apache-2.0", "languages, details", True),
    KnownEncoder("PE-Core-B-16/meta", 94, 1024, "Apache-2.0", "words and moods", True),
    KnownEncoder("PE-Core-L-14-336/meta", 317, 1024, "Apache-2.0", "words and moods, with a GPU", True),
    KnownEncoder("MobileCLIP2-S0/dfndr2b", 11, 512, APPLE, "phones; research only", True),
    KnownEncoder("ViT-B-16/dfn2b", 86, 512, APPLE, "words; research only", True),
    KnownEncoder("ViT-H-14-worldwide/metaclip2_worldwide", 632, 1024, "CC-BY-NC-4.0", "300 languages", True),
    KnownEncoder("timm:vit_small_patch16_dinov3.lvd1689m", 22, 384, "dinov3-license", "kinds, quick", False),
    KnownEncoder("timm:vit_base_patch16_dinov3.lvd1689m", 86, 768, "dinov3-license", "details", False),
    KnownEncoder("timm:vit_base_patch16_dinov3_qkvb.eupe_lvd1689m", 86, 768, META, "research only", False),
    KnownEncoder("timm:vit_base_patch14_reg1_tipsv2.webli", 86, 768, "Apache-2.0", "parts", False),
)


def as_table() -> str:
    """In Markdown."""
    lines = [
        "| name | parameters | numbers | licence | good at | words | run here |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in KNOWN:
        words = "yes" if one.words else "no"
        size = f"{one.millions} M | {one.dimension:,}"
        lines.append(f"| `{one.name}` | {size} | {one.licence} | {one.good_at} | {words} | {one.run} |")
    return "\n".join(lines)
