"""What can be done, by its command and its route: the command line and REST can do the same things.

`USE_CASES` is the one list; the tests hold it against the real command line and the real OpenAPI document.
"""

from __future__ import annotations

from typing import NamedTuple, cast

from concepts.workbench import Workbench
from docs.build import commands
from web.api import create_api


class UseCase(NamedTuple):
    """`routes` are operation ids. Where one side is left out, `why` says the reason."""

    command: str | None
    routes: tuple[str, ...] = ()
    why: str = ""


USE_CASES = [
    # Pictures
    UseCase("library add", ("library_add",)),
    UseCase("library info", ("library_state", "library_bad_files")),
    UseCase("library picture", ("library_picture",)),
    UseCase(None, ("library_thumbnail",), "at the command line the picture itself is on this computer"),
    UseCase("library search", ("library_pictures",)),
    UseCase("library captions", ("keep_captions",)),
    UseCase("library check", ("upkeep_check",)),
    UseCase("library reembed", ("upkeep_reembed",)),
    # Trash
    UseCase("trash put", ("trash_put",)),
    UseCase("trash list", ("trash_items",)),
    UseCase("trash restore", ("trash_restore",)),
    UseCase("trash empty", ("trash_empty",)),
    # Collections
    UseCase("collection new", ("collections_make",)),
    UseCase("collection list", ("collections_page",)),
    UseCase("collection show", ("collections_get",)),
    UseCase("collection change", ("collections_change",)),
    UseCase("concept look-in", ("scope_get", "scope_set")),
    # Concepts
    UseCase("concept new", ("concepts_new",)),
    UseCase("concept set", ("definition_set",)),
    UseCase("concept list", ("concepts_all",)),
    UseCase("concept show", ("definition_get", "definition_revisions")),
    UseCase("concept expand", ("definition_propose",)),
    UseCase("concept ask", ("definition_ask", "definition_answer")),
    UseCase("concept revise", ("definition_revise", "give_example", "examples_remove")),
    UseCase("concept mine", ("definition_mine",)),
    UseCase("concept borderline", ("deliberations_find", "deliberations_get", "deliberations_begin")),
    UseCase("concept reword", ("deliberations_reword", "deliberations_rewordings", "deliberations_accept")),
    # Answers
    UseCase("concept labels wall", ("labels_contact_sheet", "labels_answer_sheet")),
    UseCase("concept annotate", ("annotations_annotate",)),
    UseCase("concept annotators", ("annotators_compare", "annotators_get")),
    UseCase("concept prompts", ("prompts_all", "prompts_set", "prompts_preview")),
    UseCase("concept next", ("labels_next",)),
    UseCase("concept labels add", ("labels_add",)),
    UseCase("concept labels undo", ("labels_undo",)),
    UseCase("concept review", ("review_queue", "look_over")),
    UseCase("concept labels import", ("import_labels", "preview_labels")),
    UseCase("concept labels export", ("export_labels", "label_files_page")),
    # Versions
    UseCase("concept train", ("versions_train",)),
    UseCase("concept version show", ("versions_all", "versions_one", "versions_quality", "exports_card")),
    UseCase("concept evaluate", ("versions_evaluate", "versions_examine_robustness")),
    UseCase(None, ("classify",), "at the command line the picture is on this computer: `discern score`"),
    UseCase("concept version certify", ("certificates_begin", "certificates_state", "certificates_keep")),
    UseCase("concept version use", ("versions_use",)),
    UseCase("concept heat", ("get_heat",)),
    UseCase("concept export", ("exports_bundle", "exports_page", "exports_measure_int8")),
    UseCase("concept version scores", ("scores_listed", "scores_score_library")),
    UseCase("bundle check", (), "it looks at a file of the person's own; REST takes no bundles"),
    UseCase("bundle digest", (), "it looks at a file of the person's own; REST takes no bundles"),
    UseCase("score", ("scores_score_files", "scoring_file")),
    # Several concepts
    UseCase(
        "combine",
        ("rules_tried", "rules_score", "rules_keep", "rules_kept", "rules_archive", "rules_write_table"),
    ),
    # Watched folders
    UseCase("watch", ("watches_begin", "watches_look", "watches_get")),
    UseCase("concept watches", ("watches_all",)),
    UseCase("concept flagged", ("watches_flagged",)),
    UseCase("concept messages", ("watches_messages",)),
    UseCase("concept stop-watching", ("watches_stop",)),
    UseCase(None, ("watch_feed",), "it is what programs subscribe to; `concept flagged` lists the same"),
    # The installation
    UseCase(
        "jobs",
        (
            "installation_recent_jobs",
            "installation_job",
            "installation_cancel_job",
            "installation_retry_job",
        ),
    ),
    UseCase("protection", ("protection_of_person", "protection_prefer")),
    UseCase("concept protection", ("protection_get", "protection_set")),
    UseCase(
        "settings",
        ("installation_endpoint_settings", "change_settings", "installation_test_endpoint"),
    ),
    UseCase("cost", ("installation_model_costs",)),
    UseCase("about", ("installation_about", "download_log")),
    UseCase("backup", ("download_backup",)),
    UseCase("users add", (), "who may come in over the network is decided at the computer itself"),
    UseCase("audit", ("installation_deeds",)),
    UseCase("users list", (), "who may come in over the network is decided at the computer itself"),
    UseCase("users remove", (), "who may come in over the network is decided at the computer itself"),
    UseCase("study", (), "it measures ways to learn, on labelled pictures and in a folder of its own"),
    UseCase("demo", (), "it is a program that calls the other use cases"),
    UseCase("run", (), "it is what serves REST"),
    UseCase("push", (), "it publishes a file of this computer, in the name of who is logged in here"),
    UseCase("serve", (), "it is what serves exported classifiers"),
    UseCase("mcp", (), "it serves use cases to assistants, as tools"),
]


def operations() -> list[str]:
    document = create_api(cast(Workbench, None)).openapi()
    return [route["operationId"] for methods in document["paths"].values() for route in methods.values()]


def test_every_command_is_a_use_case_and_every_use_case_has_its_command() -> None:
    listed = [case.command for case in USE_CASES if case.command]
    assert sorted(listed) == sorted(commands())


def test_every_route_belongs_to_one_use_case_and_every_use_case_has_its_routes() -> None:
    listed = [route for case in USE_CASES for route in case.routes]
    assert sorted(listed) == sorted(operations())


def test_where_a_side_is_left_out_there_is_a_reason() -> None:
    for case in USE_CASES:
        assert bool(case.why) == (case.command is None or not case.routes), case
