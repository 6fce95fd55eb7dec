"""Use cases of the words in pictures: read behind other work, kept with the picture, found by a search."""

from __future__ import annotations

from concepts.errors import MissingPackageError
from concepts.jobs import Listener, Progress
from concepts.library.originals import original
from concepts.library.reading import EXTRA, PACKAGE, SIDE, is_there, load_reader
from concepts.view import View
from concepts.workbench.context import Context
from concepts.workbench.jobs import ReadWords, WordsRead
from storage.picture_columns import WORDS, PictureColumn

AT_ONCE = 8  # pictures: what a killed process reads again


class WordsState(View):
    """`possible`: the package that reads is there. Words were looked for in so many of the library's
    pictures, and so many are left."""

    possible: bool
    looked_at: int
    left: int


class Words:
    """The words in pictures."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.jobs.register(ReadWords, self._read)

    def state(self) -> WordsState:
        """Counts nothing where nothing can be read: every page of the library asks."""
        possible = is_there()
        looked = self._context.columns.were_read() if possible else 0
        pictures = self._context.collection.library.counts().pictures
        return WordsState(possible=possible, looked_at=looked, left=max(0, pictures - looked))

    def read(self, listener: Listener | None = None) -> WordsRead:
        """Reads in every picture in which nobody has yet, and waits until it is done. A run that is stopped
        goes on where it was. Raises `MissingPackageError`."""
        return self._context.jobs.run(ReadWords(), listener)

    def submit(self) -> int:
        """The same in the background; returns the job's id. From then on what is added is read, too."""
        if not is_there():
            raise MissingPackageError(PACKAGE, EXTRA)
        return self._context.jobs.submit(ReadWords())

    def _read(self, job: ReadWords, progress: Progress) -> WordsRead:
        reader, after = load_reader(), ""
        total = self.state().left
        pictures = words = gone = 0
        progress.report(0, total, "reading the words in pictures")
        while ids := self._context.columns.unread(AT_ONCE, after):
            kept = []
            for picture in self._context.collection.library.pictures(ids):
                decoded = original(picture, SIDE)
                if decoded is None:
                    gone += 1  # to be looked at again once a file is back
                    continue
                said = reader.read(decoded.image)
                kept.append(PictureColumn(picture_id=picture.id, name=WORDS, value=said, file=reader.name))
                words += bool(said)
            self._context.columns.add(kept)
            pictures += len(kept)
            after = ids[-1]
            progress.report(pictures + gone, max(total, pictures + gone), "")
        return WordsRead(pictures=pictures, words=words, gone=gone)
