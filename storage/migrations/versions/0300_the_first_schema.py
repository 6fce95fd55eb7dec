"""The first schema that is promised: of 0.3.0"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0300"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
BY_BYTES = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "answered",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_answered_until", "answered", ["until"])

    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=60), nullable=False),
        sa.Column("what", sa.String(length=60), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audit_created", "audit", ["created"])

    op.create_table(
        "bad_files",
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("seen", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("uri"),
    )

    op.create_table(
        "collections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("removed", MOMENT, nullable=True),
        sa.Column("followed", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )

    op.create_table(
        "combinations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("expression", sa.JSON(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key", "number"),
    )

    op.create_table(
        "concepts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("deleted", MOMENT, nullable=True),
        sa.Column("seed", sa.String(length=120), server_default="", nullable=False),
        sa.Column("scale", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("protection", sa.String(length=20), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )

    op.create_table(
        "ended_sessions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("ended", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_ended_sessions_ended", "ended_sessions", ["ended"])

    op.create_table(
        "folders",
        sa.Column("path", BY_BYTES, nullable=False),
        sa.Column("parent", BY_BYTES, nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("path"),
    )
    op.create_index("folders_by_parent", "folders", ["parent", "path"])

    op.create_table(
        "library",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("encoder", sa.String(length=500), nullable=False),
        sa.Column("fingerprint", sa.String(length=80), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )

    op.create_table(
        "library_counts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("groups", sa.Integer(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )

    op.create_table(
        "model_answers",
        sa.Column("prompt_hash", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("prompt_hash"),
    )

    op.create_table(
        "pictures",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("perceptual_hash", sa.String(length=16), nullable=True),
        sa.Column("near_group", sa.String(length=64), nullable=False),
        sa.Column("added", MOMENT, nullable=False),
        sa.Column("name", BY_BYTES, server_default="", nullable=False),
        sa.Column("taken", sa.BigInteger(), server_default="-4611686018427387904", nullable=False),
        sa.Column("removed", MOMENT, nullable=True),
        sa.Column("copied", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("alike", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_pictures_near_group", "pictures", ["near_group"])
    op.create_index("pictures_alike", "pictures", ["alike", "added", "id"], **_only("alike = TRUE"))
    op.create_index("pictures_by_added", "pictures", ["added", "id"])
    op.create_index("pictures_by_bytes", "pictures", ["bytes", "id"])
    op.create_index("pictures_by_format", "pictures", ["format", "added", "id"])
    op.create_index("pictures_by_name", "pictures", ["name", "id"])
    op.create_index("pictures_by_pixels", "pictures", [sa.text("(width * height)"), "id"])
    op.create_index("pictures_by_taken", "pictures", ["taken", "id"])
    op.create_index("pictures_copied", "pictures", ["copied", "added", "id"], **_only("copied = TRUE"))
    op.create_index("pictures_removed", "pictures", ["removed", "id"], **_only("removed IS NOT NULL"))

    op.create_table(
        "protection",
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("shown_as", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=1), nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )

    op.create_table(
        "refused_pictures",
        sa.Column("picture_id", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("picture_id"),
    )

    op.create_table(
        "taken",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_taken_key", "taken", ["key"])
    op.create_index("ix_taken_until", "taken", ["until"])

    op.create_table(
        "annotations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("picture_id", sa.String(length=64), nullable=False),
        sa.Column("definition_number", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=200), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("raw", sa.Double(), nullable=True),
        sa.Column("verbalised", sa.Double(), nullable=True),
        sa.Column("same_as", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.ForeignKeyConstraint(["picture_id"], ["pictures.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("concept_id", "picture_id", "definition_number", "fingerprint"),
    )

    op.create_table(
        "annotator_choices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("annotator", sa.String(length=60), nullable=False),
        sa.Column("large", sa.Boolean(), nullable=False),
        sa.Column("examples", sa.Boolean(), nullable=False),
        sa.Column("repeats", sa.Boolean(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_annotator_choices_concept_id", "annotator_choices", ["concept_id"])

    op.create_table(
        "candidates",
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("picture_id", sa.String(length=64), nullable=False),
        sa.Column("brought_by", sa.JSON(), nullable=False),
        sa.Column("definition_number", sa.Integer(), nullable=False),
        sa.Column("added", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.ForeignKeyConstraint(["picture_id"], ["pictures.id"]),
        sa.PrimaryKeyConstraint("concept_id", "picture_id"),
    )
    op.create_index("candidates_by_picture", "candidates", ["picture_id", "concept_id"])

    op.create_table(
        "certifying_draws",
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("head_number", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=3), server_default="yes", nullable=False),
        sa.Column("at_least", sa.Double(), nullable=False),
        sa.Column("floor", sa.Double(), nullable=False),
        sa.Column("frame", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("looks_in", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.PrimaryKeyConstraint("concept_id", "attempt"),
    )

    op.create_table(
        "collection_changes",
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("deed", sa.String(length=10), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["collection_id"], ["collections.id"]),
        sa.PrimaryKeyConstraint("collection_id", "number"),
    )

    op.create_table(
        "collection_pictures",
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("picture_id", sa.String(length=64), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["collection_id"], ["collections.id"]),
        sa.ForeignKeyConstraint(["picture_id"], ["pictures.id"]),
        sa.PrimaryKeyConstraint("collection_id", "picture_id", "since"),
    )
    op.create_index("collection_pictures_by_picture", "collection_pictures", ["picture_id", "collection_id"])
    op.create_index(
        "collection_pictures_now", "collection_pictures", ["collection_id", "until", "picture_id"]
    )

    op.create_table(
        "concept_frames",
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("collections", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.PrimaryKeyConstraint("concept_id", "number"),
    )

    op.create_table(
        "definitions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("concept_id", "number"),
    )

    op.create_table(
        "deliberations",
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ambiguity", sa.String(length=200), nullable=False),
        sa.Column("pictures", sa.JSON(), nullable=False),
        sa.Column("definition_number", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.PrimaryKeyConstraint("concept_id", "number"),
    )

    op.create_table(
        "evaluation_pictures",
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("picture_id", sa.String(length=64), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.String(length=10), nullable=False),
        sa.Column("added", MOMENT, nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.ForeignKeyConstraint(["picture_id"], ["pictures.id"]),
        sa.PrimaryKeyConstraint("concept_id", "picture_id"),
    )
    op.create_index("evaluation_pictures_by_drawn", "evaluation_pictures", ["concept_id", "drawn"])
    op.create_index(
        "evaluation_pictures_by_picture", "evaluation_pictures", ["picture_id", "concept_id", "drawn"]
    )

    op.create_table(
        "evaluation_waves",
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("label_sequence", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=80), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=True),
        sa.Column("bias", sa.Double(), nullable=False),
        sa.Column("prototypes", sa.LargeBinary(), nullable=True),
        sa.Column("boundaries", sa.JSON(), nullable=False),
        sa.Column("frame", sa.Integer(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("looks_in", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.PrimaryKeyConstraint("concept_id", "number"),
    )

    op.create_table(
        "focuses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("encoder", sa.String(length=80), nullable=False),
        sa.Column("parts", sa.String(length=80), nullable=False),
        sa.Column("fingerprint", sa.String(length=80), nullable=False),
        sa.Column("direction", sa.LargeBinary(), nullable=True),
        sa.Column("last_frame", sa.Integer(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_focuses_concept_id", "focuses", ["concept_id"])

    op.create_table(
        "former_names",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("renamed", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.PrimaryKeyConstraint("key"),
    )

    op.create_table(
        "framed_parts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("picture_id", sa.String(length=64), nullable=False),
        sa.Column("box", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.ForeignKeyConstraint(["picture_id"], ["pictures.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_framed_parts_concept_id", "framed_parts", ["concept_id"])

    op.create_table(
        "heads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("fingerprint", sa.String(length=80), nullable=False),
        sa.Column("definition_number", sa.Integer(), nullable=False),
        sa.Column("label_sequence", sa.Integer(), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.Column("bias", sa.Double(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("classes", sa.LargeBinary(), nullable=True),
        sa.Column("prototypes", sa.LargeBinary(), nullable=True),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("concept_id", "number"),
    )

    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("memory", sa.JSON(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("worker", sa.String(length=100), nullable=False),
        sa.Column("lease", sa.Integer(), server_default="0", nullable=False),
        sa.Column("heartbeat", MOMENT, nullable=True),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("started", MOMENT, nullable=True),
        sa.Column("finished", MOMENT, nullable=True),
        sa.Column("concept_id", sa.Integer(), nullable=True),
        sa.Column("details", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_jobs_kind", "jobs", ["kind"])
    op.create_index("ix_jobs_state", "jobs", ["state"])
    op.create_index("jobs_by_concept", "jobs", ["concept_id", "kind"])

    op.create_table(
        "kept_figures",
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("follows", sa.Text(), nullable=False),
        sa.Column("removal", sa.Integer(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.PrimaryKeyConstraint("concept_id", "what"),
    )

    op.create_table(
        "label_events",
        sa.Column("sequence", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("picture_id", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=10), nullable=False),
        sa.Column("given", sa.String(length=120), nullable=True),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("author_kind", sa.String(length=10), nullable=False),
        sa.Column("definition_number", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=True),
        sa.Column("in_view", sa.Boolean(), nullable=False),
        sa.Column("repeat", sa.Boolean(), nullable=False),
        sa.Column("taken_from", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.ForeignKeyConstraint(["picture_id"], ["pictures.id"]),
        sa.ForeignKeyConstraint(["undoes"], ["label_events.sequence"]),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_label_events_undoes", "label_events", ["undoes"])
    op.create_index("label_events_by_picture", "label_events", ["picture_id", "concept_id"])
    op.create_index("label_events_by_sequence", "label_events", ["concept_id", "sequence"])

    op.create_table(
        "outside_pictures",
        sa.Column("picture_id", sa.String(length=64), nullable=False),
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("perceptual_hash", sa.String(length=16), nullable=True),
        sa.Column("rendition", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.String(length=80), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("added", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.PrimaryKeyConstraint("picture_id", "concept_id"),
    )

    op.create_table(
        "pending_vectors",
        sa.Column("picture_id", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["picture_id"], ["pictures.id"]),
        sa.PrimaryKeyConstraint("picture_id", "fingerprint"),
    )

    op.create_table(
        "picture_columns",
        sa.Column("picture_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=True),
        sa.Column("file", sa.String(length=200), nullable=False),
        sa.Column("added", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["picture_id"], ["pictures.id"]),
        sa.PrimaryKeyConstraint("picture_id", "name", "digest"),
    )
    op.create_index("ix_picture_columns_name", "picture_columns", ["name"])

    op.create_table(
        "prompt_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_prompt_texts_concept_id", "prompt_texts", ["concept_id"])

    op.create_table(
        "removals",
        sa.Column("sequence", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("picture_id", sa.String(length=64), nullable=False),
        sa.Column("deed", sa.String(length=10), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["picture_id"], ["pictures.id"]),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_index("ix_removals_picture_id", "removals", ["picture_id"])

    op.create_table(
        "rewording_decisions",
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("rewording", sa.Integer(), nullable=False),
        sa.Column("deed", sa.String(length=10), nullable=False),
        sa.Column("candidate", sa.Integer(), nullable=True),
        sa.Column("definition_number", sa.Integer(), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.PrimaryKeyConstraint("concept_id", "rewording"),
    )

    op.create_table(
        "rewordings",
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("definition_number", sa.Integer(), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.PrimaryKeyConstraint("concept_id", "number"),
    )

    op.create_table(
        "sources",
        sa.Column("uri", BY_BYTES, nullable=False),
        sa.Column("picture_id", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("added", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["picture_id"], ["pictures.id"]),
        sa.PrimaryKeyConstraint("uri"),
    )
    op.create_index("ix_sources_added", "sources", ["added"])
    op.create_index("sources_by_picture", "sources", ["picture_id", "uri"])

    op.create_table(
        "walls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("pictures", sa.JSON(), nullable=False),
        sa.Column("label_sequence", sa.Integer(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_walls_concept_id", "walls", ["concept_id"])

    op.create_table(
        "watches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("concept_id", sa.Integer(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("confined", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("webhook", sa.Text(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("ask_flagged", sa.Double(), nullable=False),
        sa.Column("promised", sa.Double(), nullable=True),
        sa.Column("promised_by", sa.String(length=10), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("stopped", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_watches_concept_id", "watches", ["concept_id"])

    op.create_table(
        "evaluations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("head_id", sa.Integer(), nullable=False),
        sa.Column("label_sequence", sa.Integer(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["head_id"], ["heads.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_evaluations_head_id", "evaluations", ["head_id"])

    op.create_table(
        "model_calls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=60), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("endpoint", sa.String(length=500), nullable=False),
        sa.Column("prompt_hash", sa.String(length=64), nullable=False),
        sa.Column("tokens_in", sa.Integer(), nullable=True),
        sa.Column("tokens_out", sa.Integer(), nullable=True),
        sa.Column("cost_usd", sa.Double(), nullable=True),
        sa.Column("latency_ms", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("concept_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"]),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_model_calls_concept_id", "model_calls", ["concept_id"])
    op.create_index("ix_model_calls_created", "model_calls", ["created"])
    op.create_index("ix_model_calls_job_id", "model_calls", ["job_id"])
    op.create_index("ix_model_calls_prompt_hash", "model_calls", ["prompt_hash"])
    op.create_index("ix_model_calls_purpose", "model_calls", ["purpose"])

    op.create_table(
        "watched_pictures",
        sa.Column("sequence", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("picture_id", sa.String(length=64), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.Column("drawn", sa.Boolean(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["picture_id"], ["pictures.id"]),
        sa.ForeignKeyConstraint(["watch_id"], ["watches.id"]),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("watch_id", "picture_id"),
    )
    op.create_index("watched_pictures_by_answer", "watched_pictures", ["watch_id", "flagged", "sequence"])

    op.create_table(
        "deliveries",
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due", MOMENT, nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("delivered", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["sequence"], ["watched_pictures.sequence"]),
        sa.ForeignKeyConstraint(["watch_id"], ["watches.id"]),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("message_id"),
    )
    op.create_index("deliveries_by_due", "deliveries", ["state", "due"])
    op.create_index("deliveries_by_watch", "deliveries", ["watch_id", "state"])


def _only(where: str) -> dict[str, Any]:
    """Of an index that has some rows alone."""
    return {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}


def downgrade() -> None:
    raise NotImplementedError("Restore a backup.")
