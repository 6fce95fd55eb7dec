"""The licences of weights that open_clip loads, and which allow to pass them on."""

from __future__ import annotations

import re

MAY_BE_PASSED_ON = frozenset({"Apache-2.0", "MIT"})

# Only what is known about exactly these checkpoints. Any other is "unknown", which the model card then says.
LICENCES = (
    (re.compile(r"MobileCLIP|dfn", re.I), "Apple research licence (apple-amlr)"),
    (re.compile(r"^ViT-B-32-256/datacomp_s34b_b86k$", re.I), "MIT"),
    (re.compile(r"^hf-hub:laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K$", re.I), "MIT"),
    (re.compile(r"^(hf-hub:timm/)?ViT-B-32-SigLIP2-256(/webli)?$", re.I), "Apache-2.0"),
    (re.compile(r"^(hf-hub:timm/)?PE-Core-(B-16|L-14-336)(/meta)?$", re.I), "Apache-2.0"),
)


def licence_of(name: str) -> str:
    if name.startswith("local-dir:"):
        return "unknown"  # a folder can be called anything
    return next((licence for pattern, licence in LICENCES if pattern.search(name)), "unknown")
