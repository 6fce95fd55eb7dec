"""Every kind of long work: what it needs to know, which lane it waits in, and what comes of it."""

from __future__ import annotations

from concepts.installation.endpoint import EndpointReport
from concepts.jobs import Job, Lane
from concepts.results.keywords import FilesCopied, KeywordsWritten
from concepts.view import View


class Emptied(View):
    """What is gone, counted. `labels`: what people and machines said of the pictures; `drawn`: pictures that
    measured. `tables`: of vectors that were written anew, so that no older state has them. `scores`: rows in
    score files. `freed`: bytes of files. `in_archives`: those that are in an uploaded archive, which stays,
    because other pictures are in it too. `backups`: names of known ones, which still have them."""

    pictures: int = 0
    places: int = 0
    labels: int = 0
    captions: int = 0
    candidates: int = 0
    drawn: int = 0
    watched: int = 0
    vectors: int = 0
    tables: int = 0
    thumbnails: int = 0
    renditions: int = 0
    uploads: int = 0
    scores: int = 0
    freed: int = 0
    in_archives: int = 0
    refused: bool = False
    backups: tuple[str, ...] = ()


class EmptyTrash(Job[Emptied]):
    """Erases the pictures in the trash; `refuse`: they shall not come in again."""

    kind = "empty bin"  # as older databases call it
    lane = Lane.LONG
    author: str
    refuse: bool = False


class WriteKeywords(Job[KeywordsWritten]):
    """Beside the files of pictures that count; with `remove` nowhere any more."""

    kind = "write keywords"
    lane = Lane.LONG
    concept_id: int
    remove: bool = False
    confined: bool = False  # to where the app may read and write


class CopyFiles(Job[FilesCopied]):
    """Files of pictures that count, or links to them, into a folder."""

    kind = "copy files"
    lane = Lane.LONG
    concept_id: int
    folder: str
    link: bool = False
    confined: bool = False


class LookedAt(View):
    """What a look at a watched folder took in. `unsettled` files were still being written."""

    seen: int
    flagged: int
    asked: int
    skipped: int
    unsettled: int


class LookAtFolder(Job[LookedAt]):
    """Takes in what is new in a watched folder, and says what a version says of it."""

    kind = "watch"
    lane = Lane.WATCHING
    concept_id: int
    watch: int


class ExamineEndpoint(Job[EndpointReport]):
    kind = "test endpoint"
    lane = Lane.SHORT
    address: str
