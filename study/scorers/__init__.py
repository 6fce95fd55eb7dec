"""Ways to rank a library that the product does not use.

Zero-shot scorers rank by the words without any answer, and are named apart as well, because others may start
from what they find.
"""

from study.scorers.contrast import Contrast
from study.scorers.descriptions import Descriptions
from study.scorers.name_ensemble import NameEnsemble
from study.scorers.name_only import NameOnly
from study.scorers.real import Real
from study.scorers.zero_shot import ZeroShot
from study.scorers.zpe import ZPE

__all__ = ["ZERO_SHOT"]

ZERO_SHOT: dict[str, type[ZeroShot]] = {
    way.method.name: way for way in (NameOnly, NameEnsemble, ZPE, Descriptions, Contrast, Real)
}
