"""The person's pictures as the domain sees them: files, and vectors of one encoder."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from cachetools import LRUCache, cachedmethod

from concepts.encoders import KINDS, load_encoder, load_named_elsewhere, refuse_parts, resolve_auto
from concepts.encoders.base import GIVEN, Encoder, Vectors, knows_words, registered_as
from concepts.encoders.embedded import are_known
from concepts.encoders.parts import BOXES, PARTS
from concepts.encoders.sentences import SentenceEncoder
from concepts.errors import (
    EMPTY_LIBRARY,
    OTHER_ENCODER,
    BucketError,
    DamagedIndexError,
    DiscernError,
    FingerprintMismatchError,
    UnknownError,
)
from concepts.jobs import Listener
from concepts.jobs.engines import Engine, InProcess
from concepts.library.given_vectors import GivenHandle, VectorTable
from concepts.library.health import (
    Checked,
    Damage,
    HealthCheck,
    make_thumbnail,
    thumbnails_lost,
    vectors_lost,
)
from concepts.library.ingestion import AddReport, Counting, Embedding, EncoderHandle, Ingestion
from concepts.library.parts import Parts
from concepts.library.text_vectors import KeptTexts, TextVectors
from concepts.settings import Settings
from concepts.use_cases import App, service
from concepts.view import View
from storage.blobs import Blobs, blobs_at
from storage.browsing import Browsing
from storage.collections import NamedCollections
from storage.database import Database, once_a_moment
from storage.frames import AsItWas, ConceptFrames, Frame, members_at
from storage.library import Library, LibraryEncoder
from storage.outside import OutsidePictures
from storage.pictures.files import Within
from storage.pictures.thumbnails import ThumbnailStore
from storage.places import Places
from storage.removed import Removed
from storage.vectors.ids import PictureIds
from storage.vectors.reader import VectorReader
from storage.vectors.stored import PurgedVectors, StoredIndex, tables_in
from storage.vectors.tables import BucketTables

THUMBNAILS_KEPT = 3000  # of a bucket, in memory: sixty pages of the library, some 30 MB


class LibraryInfo(View):
    pictures: int
    sources: int
    bytes: int
    exact_duplicates: int
    near_duplicates: int
    bad_files: int
    pending: int
    in_bin: int
    encoder: str | None
    fingerprint: str | None
    encoder_note: str  # what the encoder is, and what would improve on it
    home: str
    damage: str  # what is missing below SQL, in words; empty where all seems well
    database: str = ""  # how that is damaged, in words


class Collection:
    """Pictures, thumbnails and vectors of one data folder. The encoder is loaded when first needed.

    The sets of pictures that people name, and also call collections, are `named`."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        load: Callable[..., Encoder] = load_encoder,
        thumbnails: Blobs | None = None,
        engine: Engine | None = None,
        root: str = "",
    ) -> None:
        """`load` is called as `load_encoder` is. `thumbnails`: where they are kept, if not in a folder of the
        home or in the store of the settings. `engine`: where pictures are looked at, if not in this
        process. `root` as of `Library`."""
        self._settings = settings
        self._bucket = BucketTables(f"{settings.store}/vectors", database.alone) if settings.store else None
        self._load_encoder = load
        self.engine = engine or InProcess()
        self._database = database
        self.library = Library(database, root)
        self.outside = OutsidePictures(database)
        self.named = NamedCollections(database)
        self.frames = Frames(database, self.index)
        self.parts = Parts(database, self)
        self.removed = Removed(database)
        self.places = Places(database)
        self.browsing = Browsing(database)
        self.thumbnails = ThumbnailStore(thumbnails or blobs_at(settings.home, settings.store, "thumbnails"))
        self._small: LRUCache[str, bytes] = LRUCache(THUMBNAILS_KEPT if settings.store else 0)
        self._small_lock = threading.Lock()
        self._loading = threading.RLock()  # apart, so that a page of vectors waits for no model
        self._texts: TextVectors | None = None
        self.damage = Damage()  # what a look saw last
        self.on_damage: Callable[[], None] = lambda: None
        self._whole = ""  # the version of the index that was last seen to have all
        self._opening = threading.Lock()
        self._indexes: dict[str, StoredIndex] = {}
        self._shown: VectorReader | None = None  # to leave some ids out of a million takes milliseconds

    # The encoder and its vectors

    @property
    def cache(self) -> Path:
        """The folder of what can be computed again."""
        return self._settings.cache

    def encoder(self) -> Encoder:
        """The encoder of this library; for a library without pictures, the one the settings name.

        Raises `FingerprintMismatchError` where the encoder on this computer isn't the one the vectors
        are from (other weights under the same name, say).
        """
        return self.words().encoder

    def recorded(self) -> LibraryEncoder:
        """Raises `DiscernError`."""
        recorded = self.library.encoder()
        if recorded is None:
            raise EMPTY_LIBRARY()
        return recorded

    def encoder_like(self, name: str, fingerprint: str, trust: str | None) -> Encoder:
        """The encoder a bundle asks for: this library's where it is the same, else loaded for the purpose.

        Raises `FingerprintMismatchError` and, where nobody here has chosen that encoder,
        `EncoderError`.
        """
        refuse_parts(fingerprint)
        recorded = self.library.encoder()
        if recorded and recorded.fingerprint == fingerprint:
            return self.encoder()
        if recorded and not trust and recorded.name == name:
            raise FingerprintMismatchError("This classifier", recorded.fingerprint, fingerprint)
        chosen = {self._settings.encoder, *([recorded.name] if recorded else [])}
        return load_named_elsewhere(name, fingerprint, cache=self._settings.cache, trust=trust, chosen=chosen)

    def index(self) -> VectorReader:
        """The vectors as they are now, without those of pictures in the trash. Nothing is written or copied
        when a picture goes there or comes back.

        Looks whether there are all whenever they have changed: what is missing is made again. Raises
        `DamagedIndexError` where they can't be read or there are none.
        """
        stored = self.stored()
        self._look_at(stored)
        hidden = self.removed.hidden()  # first: of what is purged meanwhile there is no vector
        whole = stored.snapshot()
        if not hidden.ids:
            self._shown = None
            return whole
        shown, version = self._shown, f"{whole.version}-{hidden.version}"
        if shown is None or shown.version != version:
            shown = self._shown = whole.without(hidden.ids, version)
        return shown

    def stored(self) -> StoredIndex:
        """The vectors on disk, those in the trash too, to be written. Raises `DiscernError`."""
        recorded = self.recorded()
        return self._index_of(recorded.fingerprint, recorded.dimension)

    def parts_index(self, fingerprint: str) -> StoredIndex:
        """Of parts of pictures, those of one picture side by side."""
        return self._index_of(fingerprint, len(BOXES) * self.recorded().dimension)

    def embed_parts(self, encoder: Encoder, listener: Listener) -> None:
        """Embeds the parts of every picture that has no vectors of them yet."""
        index = self.parts_index(str(encoder.fingerprint))
        told = Embedding("parts of pictures", self._ask_for_missing(index, count=False))
        self._ingestion(index, self.handle(encoder)).embed_pending(listener, told)

    def vectors_for(self, concept_id: int) -> VectorReader:
        """The vectors, as they are now, of the pictures that a concept looks in: it knows of no others."""
        return self.frames.within(self.parts.seen(concept_id)[1], self.frames.now(concept_id))

    def count_for(self, concept_id: int) -> int:
        """How many pictures a concept looks in."""
        return self.count_in(self.frames.now(concept_id))

    def count_in(self, frame: Frame) -> int:
        """How many pictures a frame has, each counted once."""
        return self.library.counts().pictures if frame.is_whole else len(self.frames.ids(frame))

    def text_vectors(self, texts: Sequence[str]) -> Vectors:
        """(n, d), unit length. Loads the encoder only for a text that never was encoded here."""
        return self.words().encode_texts(texts)

    def hardly_knows(self, texts: Sequence[str]) -> list[bool]:
        """Of which words the encoder has hardly an idea: vectors from elsewhere of all. Of others than the
        built-in one that is not known, so of none."""
        recorded = self.library.encoder()
        if recorded is not None and not knows_words(recorded.name):
            return [True] * len(texts)
        if recorded is None or recorded.name != "embedded" or not texts:
            return [False] * len(texts)
        known = are_known(self.text_vectors(texts)[:, -SentenceEncoder.dimension :])
        return [not one for one in known.tolist()]

    # Adding and re-embedding

    def require_words(self) -> None:
        """Raises `DiscernError` where texts mean nothing to the library's encoder."""
        recorded = self.library.encoder()
        if recorded is not None and not knows_words(recorded.name):
            raise DiscernError(
                "This library’s encoder is picture-only. Search with a picture, or in captions."
            )

    def add(
        self,
        paths: Sequence[Path],
        encoder: str | None,
        listener: Listener,
        within: Within | None = None,
        given: VectorTable | None = None,
    ) -> AddReport:
        """Adds pictures, of links those that stay `within`. `encoder` chooses one for the first pictures of
        a library. `given` are their vectors: checked, where an encoder is named, else kept as they are.

        Raises `EncoderError` where the library has another one already, and `DiscernError` where the
        vectors don't fit.
        """
        recorded = self.library.encoder()
        if encoder and recorded and encoder not in (recorded.name, "auto"):
            raise OTHER_ENCODER(recorded=recorded.name, asked=encoder)
        if given is not None:
            encoder = encoder or (recorded.name if recorded else f"{GIVEN}:{given.dimension}")
        elif recorded and registered_as(recorded.name) == GIVEN:
            raise DiscernError(
                "This library uses your own vectors. Add pictures with their vectors, or change the encoder "
                "first."
            )
        counting = Counting(paths, within)
        loaded = counting.during(lambda: self._encoder_for(encoder, recorded, given), listener)
        handle = self.handle(loaded) if given is None else GivenHandle(loaded, self.cache, given)
        index = self._index_of(str(loaded.fingerprint), loaded.dimension)
        self._ask_for_missing(index)
        report = self._ingestion(index, handle).add(paths, listener, counting, within)
        self.parts.keep_up(listener)
        self.named.follow()
        return report

    def _encoder_for(
        self, chosen: str | None, recorded: LibraryEncoder | None, given: VectorTable | None
    ) -> Encoder:
        """The library's, or for its first pictures the one that is chosen."""
        with self._loading:
            if recorded is None:  # anew: a model may have come since a text was encoded
                self._texts = self._texts_of(self._load(chosen or self._settings.encoder))
            loaded = self.encoder()
            if given is not None:
                given.check(loaded)
            if recorded is None:
                self.library.set_encoder(_record_of(loaded))
            return loaded

    def reembed(self, name: str, listener: Listener) -> int:
        """Embeds every picture with another encoder, then makes the library use it.

        Until then, and where it is stopped half-way, the library works with the old one.
        """
        if name == "auto":
            name = resolve_auto().name
        encoder = self._load(name)
        record = _record_of(encoder)
        index = self._index_of(record.fingerprint, record.dimension)
        self._ask_for_missing(index, count=False)
        embedded = self._ingestion(index, self.handle(encoder)).embed_pending(listener)
        with self._loading:
            self.library.set_encoder(record)
            self._texts = self._texts_of(encoder)
        return embedded

    def _ingestion(self, index: StoredIndex, handle: EncoderHandle) -> Ingestion:
        return Ingestion(self.library, self.removed, index, self.thumbnails, handle, self.engine)

    def handle(self, encoder: Encoder) -> EncoderHandle:
        """As it goes along to where pictures are looked at."""
        return EncoderHandle(encoder, self.cache, self._load_encoder)

    # What lies below SQL

    def look(self) -> None:
        """A quick look at what must be there; `damage` says what was seen."""
        try:
            with contextlib.suppress(DamagedIndexError):
                self._look_at(self.stored())
            if lost := thumbnails_lost(self.library, self.thumbnails):
                self._notice(thumbnails=lost)
        except BucketError as error:  # nothing is lost by that, and nothing could be mended now
            self.damage = replace(self.damage, vectors=str(error))

    def check(self, listener: Listener, *, repair: bool) -> Checked:
        """Looks at everything that SQL says there is, and makes again what is missing."""
        index = self.stored()
        checking = HealthCheck(self.library, index, self.thumbnails, self._settings.home)
        report = checking.look(listener)
        if not repair:
            return report

        def embed_pending() -> int:
            if not self.library.adding.pending(index.fingerprint, 1):
                return 0
            return self._ingestion(index, self.handle(self.encoder())).embed_pending(listener)

        report = checking.repair(embed_pending, listener)
        self.parts.keep_up(listener)
        self.is_mended()
        return report

    def is_mended(self) -> None:
        """What was seen before is old; the next look sees what is left."""
        self.damage, self._whole = Damage(), ""

    def purge_vectors(self, ids: Sequence[str]) -> PurgedVectors:
        """Of every encoder that this library ever had. Nobody waits for them from here on, so that no look
        takes them for lost."""
        purged = PurgedVectors()
        recorded = self.library.encoder()
        for fingerprint, dimension in tables_in(self._settings.home / "vectors", self._bucket):
            index = self._index_of(fingerprint, dimension)
            if recorded and fingerprint == recorded.fingerprint:
                self.library.adding.add_pending(ids, fingerprint)
            there = index.purge(ids)
            purged.tables += bool(there)
            purged.vectors += there
        return purged

    def thumbnail(self, picture_id: str) -> bytes:
        """WebP bytes; made again where it is lost. Raises `UnknownError`.

        Those in a bucket are asked for once and then held in memory, as long as the library has the picture:
        whoever takes it away for good may be another process.
        """
        if picture_id in self._small and not self.library.known([picture_id]):
            with self._small_lock:
                self._small.pop(picture_id, None)
        return self._thumbnail(picture_id)

    @cachedmethod(lambda self: self._small, lambda _, picture_id: picture_id, lambda self: self._small_lock)
    def _thumbnail(self, picture_id: str) -> bytes:
        try:
            return self.thumbnails.read(picture_id)
        except UnknownError:
            if not make_thumbnail(self.library, self.thumbnails, picture_id):
                raise
            self._notice(thumbnails="Thumbnails are missing.")
            return self.thumbnails.read(picture_id)

    def _look_at(self, index: StoredIndex) -> None:
        try:
            version = index.version
            if version == self._whole:
                return
            # Whoever asks for the index reads it, so what is read is looked at.
            lost = vectors_lost(self.library, index.fingerprint, lambda: len(index.ids))
            if lost and not len(index.ids):
                place = self._bucket.uri if self._bucket else self._settings.home / "vectors"
                raise DamagedIndexError(place, "all its vectors are gone")
        except DamagedIndexError as error:
            self._notice(vectors=str(error))
            raise
        if lost:
            self._notice(vectors=lost)
        else:
            self.damage, self._whole = replace(self.damage, vectors=""), version

    def _ask_for_missing(self, index: StoredIndex, *, count: bool = True) -> int:
        """Puts pictures whose vector is missing into the outbox, and says how many; without `count` it is not
        asked first whether as many vectors are there as there must be. What can't be read is made anew."""
        try:
            if count and not vectors_lost(self.library, index.fingerprint, index.count):
                return 0
            missing = index.missing(self.library.all_ids(in_bin=True))
        except DamagedIndexError:
            index.remake()
            missing = index.missing(self.library.all_ids(in_bin=True))
        self.library.adding.add_pending(missing, index.fingerprint)
        return len(missing)

    def _notice(self, **seen: str) -> None:
        self.damage = replace(self.damage, **seen)
        self.on_damage()

    # Looking

    def info(self, *, wait: bool = True) -> LibraryInfo:
        """Without `wait` it doesn't look up what the encoder of a library without pictures would be."""
        counts = self.library.counts()
        recorded = self.library.encoder()
        return LibraryInfo(
            **vars(counts),
            exact_duplicates=counts.exact_duplicates,
            encoder=recorded.name if recorded else None,
            fingerprint=recorded.fingerprint if recorded else None,
            encoder_note=self._encoder_note(recorded, wait),
            home="" if self._settings.demo else str(self._settings.home),
            damage=" ".join(filter(None, (self.damage.vectors, self.damage.thumbnails))),
            database=str(self._database.damage or ""),
        )

    def paths(self, picture_ids: Sequence[str]) -> dict[str, str]:
        """Picture id → the first place it is at."""
        found = self.library.pictures(picture_ids)
        return {picture.id: picture.sources[0] for picture in found if picture.sources}

    # Inside

    def words(self) -> TextVectors:
        """Texts in the space of this library; anew where another process has re-embedded it meanwhile."""
        with self._loading:
            recorded = self.library.encoder()
            if recorded is None and self._texts is None:
                self._texts = self._texts_of(self._load(self._settings.encoder))
            elif recorded and (self._texts is None or self._texts.fingerprint != recorded.fingerprint):
                name = recorded.name
                self._texts = self._text_vectors(
                    recorded.fingerprint, recorded.dimension, lambda: self._load(name)
                )
            assert self._texts is not None
            return self._texts

    def _texts_of(self, encoder: Encoder) -> TextVectors:
        return self._text_vectors(str(encoder.fingerprint), encoder.dimension, lambda: encoder)

    def _text_vectors(self, fingerprint: str, dimension: int, load: Callable[[], Encoder]) -> TextVectors:
        kept = KeptTexts(self._settings.cache, fingerprint, dimension)
        return TextVectors(fingerprint, dimension, load, kept)

    def _load(self, name: str) -> Encoder:
        if name.endswith(PARTS):
            raise DiscernError(f"There is no encoder “{name}”.")
        return self._load_encoder(name, cache=self._settings.cache)

    def _index_of(self, fingerprint: str, dimension: int) -> StoredIndex:
        with self._opening:
            if fingerprint not in self._indexes:
                self._indexes[fingerprint] = StoredIndex(
                    self._settings.home / "vectors", fingerprint, dimension, self._bucket
                )
            return self._indexes[fingerprint]

    def _encoder_note(self, recorded: LibraryEncoder | None, wait: bool) -> str:
        if recorded is None:
            if (name := self._settings.encoder) != "auto":
                return f"{name} is used, as DISCERN_ENCODER says."
            return resolve_auto().why if wait else "Which one is decided when you add the first pictures."
        if recorded.name == "embedded":
            return (
                "The built-in encoder: good for things and scenes, weaker for words and moods. An open_clip "
                "model understands words better."
            )
        if registered_as(recorded.name) == GIVEN:
            return "Your own vectors, without text search. New pictures need vectors of their own."
        return f"{KINDS.get(registered_as(recorded.name), 'An encoder of your own')}."


def _record_of(encoder: Encoder) -> LibraryEncoder:
    return LibraryEncoder(encoder.name, str(encoder.fingerprint), encoder.dimension)


COLLECTIONS_KEPT = 24  # in memory: 64 bytes a picture
TOGETHER_KEPT = 4  # frames of several collections: 64 bytes a picture
READERS_KEPT = 16  # 8 bytes a picture of the frame each


class Frames:
    """Members of collections and readers of frames, kept until one of them changes: of a million pictures
    none is asked for again as long as nothing has changed."""

    def __init__(self, database: Database, whole: Callable[[], VectorReader]) -> None:
        """`whole`: the vectors of the library as they are now."""
        self.concepts = ConceptFrames(database)
        self._named = NamedCollections(database)
        self._whole = whole
        self._lock = threading.Lock()  # of these
        self._members: LRUCache[tuple[int, int], PictureIds] = LRUCache(COLLECTIONS_KEPT)
        self._together: LRUCache[str, PictureIds] = LRUCache(TOGETHER_KEPT)
        self._readers: LRUCache[tuple[str, str], VectorReader] = LRUCache(READERS_KEPT)

    def now(self, concept_id: int) -> Frame:
        return once_a_moment((self, concept_id), lambda: self.concepts.now(concept_id))

    def common(self, concept_ids: Iterable[int]) -> VectorReader:
        """The vectors of what all of these concepts look in."""
        found = self._whole()
        for frame in {self.now(concept_id).key: self.now(concept_id) for concept_id in concept_ids}.values():
            found = self.within(found, frame)
        return found

    def within(self, whole: VectorReader, frame: Frame) -> VectorReader:
        """Those of the pictures of a frame."""
        return whole if frame.is_whole else self._reader(whole, frame)

    @cachedmethod(
        lambda self: self._readers,
        lambda _, whole, frame: (whole.version, frame.key),
        lambda self: self._lock,
    )
    def _reader(self, whole: VectorReader, frame: Frame) -> VectorReader:
        known = whole.ids
        rows = np.unique(np.concatenate([self._ids(one).rows_of(known) for one in frame.collections]))
        return whole.within(known.only(rows), frame.key)

    def ids(self, frame: Frame) -> PictureIds:
        """Of the pictures of a frame of named collections, those without a vector too."""
        if len(frame.collections) == 1:
            return self._ids(frame.collections[0])
        return self._all_ids(frame)

    @cachedmethod(lambda self: self._together, lambda _, frame: frame.key, lambda self: self._lock)
    def _all_ids(self, frame: Frame) -> PictureIds:
        return PictureIds.together([self._ids(one) for one in frame.collections])

    def among(self, concept_id: int, picture_ids: Iterable[str]) -> list[str]:
        """Those of these pictures that the concept looks at."""
        given = list(picture_ids)
        inside = self.has(self.now(concept_id), given)
        return [picture for picture, is_in in zip(given, inside, strict=True) if is_in]

    def has(self, frame: Frame, picture_ids: Sequence[str]) -> list[bool]:
        """Whether each picture is, or was, in a frame."""
        if frame.is_whole:
            return [True] * len(picture_ids)
        there = np.zeros(len(picture_ids), dtype=bool)
        for one in frame.collections if picture_ids else ():
            there |= self._ids(one).places(picture_ids) >= 0
        return [bool(is_in) for is_in in there]

    # By no name: a rename changes no picture.
    @cachedmethod(lambda self: self._members, lambda _, one: (one.id, one.change), lambda self: self._lock)
    def _ids(self, one: AsItWas) -> PictureIds:
        return PictureIds.of(self._named.ids(members_at(one)))


@service
def collection_of(app: App) -> Collection:
    """The pictures of an app's data folder."""
    shared = app.shared
    load = shared.load or load_encoder
    return Collection(app.settings, app.database, load, shared.thumbnails, app.engine, shared.root)
