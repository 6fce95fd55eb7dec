"""An encoder as it can leave this program: one network from a picture's pixels to its vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:  # a command that only names an export needn't wait for it
    import torch


@dataclass(frozen=True)
class Portable:
    """`network`: uint8 pictures (n, 3, height, width) → float32 (n, dimension), in float32 on the processor.
    Normalisation, unit length and the rounding to float16 are inside: it gives the encoder's vectors.

    `fit` says how Pillow gives an upright RGB picture that size: `whole` stretches all of it, `crop` makes
    its shorter side fit and cuts the middle out.
    """

    network: torch.nn.Module
    height: int
    width: int
    fit: Literal["whole", "crop"]
    notice: str  # whose the weights are, as their licences want it said to whoever gets them
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"
    # The same function with the batch norms that `network` has folded away: they remember what was seen in
    # training. None where it has folded none.
    unfolded: torch.nn.Module | None = None


@runtime_checkable
class PortableEncoder(Protocol):
    def portable(self) -> Portable:
        """A new float32 copy, whatever precision the encoder itself works in.

        Raises `EncoderError` where its preprocessing is of a kind that `Portable` can't say.
        """
