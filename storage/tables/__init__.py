"""SQL tables. SQL is the truth; the vector index and the thumbnails can be rebuilt from it.

To import one is to know them all: foreign keys lead from room to room.
"""

from storage.tables.answers import (
    MEASURED,
    AnnotationRow,
    CandidateRow,
    CertifyingDrawRow,
    EvaluationPictureRow,
    EvaluationWaveRow,
    KeptFigureRow,
    LabelEventRow,
    OutsidePictureRow,
    WallRow,
)
from storage.tables.base import (
    BY_BYTES,
    Base,
    UtcDateTime,
    now,
)
from storage.tables.collections import (
    CollectionChangeRow,
    CollectionPictureRow,
    ConceptFrameRow,
    NamedCollectionRow,
)
from storage.tables.concepts import (
    AnnotatorChoiceRow,
    ConceptRow,
    DefinitionRow,
    DeliberationRow,
    FormerNameRow,
    PromptTextRow,
    RewordingDecisionRow,
    RewordingRow,
)
from storage.tables.library import (
    PURGED,
    SORTED_BY,
    UNDATED,
    UNREAD,
    BadFileRow,
    FolderRow,
    LibraryCountRow,
    LibraryRow,
    PendingVectorRow,
    PictureColumnRow,
    PictureRow,
    RefusedPictureRow,
    RemovalRow,
    SourceRow,
)
from storage.tables.people import (
    AuditRow,
    EndedSessionRow,
    ProtectionRow,
    TakenRow,
)
from storage.tables.versions import (
    CombinationRow,
    EvaluationRow,
    HeadRow,
)
from storage.tables.watching import (
    DeliveryRow,
    WatchedPictureRow,
    WatchRow,
)
from storage.tables.work import (
    JobRow,
    ModelAnswerRow,
    ModelCallRow,
)

__all__ = [
    "BY_BYTES",
    "MEASURED",
    "PURGED",
    "SORTED_BY",
    "UNDATED",
    "UNREAD",
    "AnnotationRow",
    "AnnotatorChoiceRow",
    "AuditRow",
    "BadFileRow",
    "Base",
    "CandidateRow",
    "CertifyingDrawRow",
    "CollectionChangeRow",
    "CollectionPictureRow",
    "CombinationRow",
    "ConceptFrameRow",
    "ConceptRow",
    "DefinitionRow",
    "DeliberationRow",
    "DeliveryRow",
    "EndedSessionRow",
    "EvaluationPictureRow",
    "EvaluationRow",
    "EvaluationWaveRow",
    "FolderRow",
    "FormerNameRow",
    "HeadRow",
    "JobRow",
    "KeptFigureRow",
    "LabelEventRow",
    "LibraryCountRow",
    "LibraryRow",
    "ModelAnswerRow",
    "ModelCallRow",
    "NamedCollectionRow",
    "OutsidePictureRow",
    "PendingVectorRow",
    "PictureColumnRow",
    "PictureRow",
    "PromptTextRow",
    "ProtectionRow",
    "RefusedPictureRow",
    "RemovalRow",
    "RewordingDecisionRow",
    "RewordingRow",
    "SourceRow",
    "TakenRow",
    "UtcDateTime",
    "WallRow",
    "WatchRow",
    "WatchedPictureRow",
    "now",
]
