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
    UseCase("library add", ("add_pictures",)),
    UseCase("library sample", ("add_sample",)),
    UseCase("library info", ("library_info", "list_bad_files")),
    UseCase("library pictures", ("list_pictures", "list_formats")),
    UseCase("library neighbours", ("neighbours_state", "find_neighbours")),
    UseCase("library disk", ("vectors_on_disk", "tidy_vectors")),
    UseCase("library folders", ("list_folders",)),
    UseCase("library dates", ("read_dates",)),
    UseCase("library picture", ("get_picture", "get_camera")),
    UseCase(None, ("get_thumbnail",), "at the command line the picture itself is on this computer"),
    UseCase("library search", ("search", "search_captions")),
    UseCase("library captions", ("keep_captions",)),
    UseCase("library read", ("words_state", "read_words")),
    UseCase("library check", ("check_library",)),
    UseCase("library reembed", ("reembed",)),
    # Trash
    UseCase("trash put", ("put_into_trash",)),
    UseCase("trash list", ("list_trash",)),
    UseCase("trash restore", ("restore_from_trash",)),
    UseCase("trash empty", ("empty_trash",)),
    # Collections
    UseCase("collection new", ("make_collection",)),
    UseCase("collection list", ("list_collections",)),
    UseCase("collection show", ("get_collection", "list_collection_changes")),
    UseCase("collection pictures", ("list_collection_pictures",)),
    UseCase("collection rename", ("rename_collection",)),
    UseCase("collection put", ("put_in_collection",)),
    UseCase("collection take", ("take_from_collection",)),
    UseCase("collection undo", ("undo_collection_change",)),
    UseCase("collection addings", ("list_addings",)),
    UseCase("concept look-in", ("look_in", "looks_in")),
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
    UseCase("concept labels wall", ("next_wall", "look_through_wall")),
    UseCase("concept annotate", ("annotations_annotate",)),
    UseCase("concept annotators", ("annotators_compare", "annotators_get")),
    UseCase("concept prompts", ("prompts_all", "prompts_set", "prompts_preview")),
    UseCase("concept next", ("next_pictures",)),
    UseCase("concept labels add", ("give_answers",)),
    UseCase("concept labels undo", ("undo_answers",)),
    UseCase("concept review", ("review_queue", "look_over")),
    UseCase("concept labels import", ("import_labels", "preview_labels")),
    UseCase("concept labels export", ("export_labels", "list_labels")),
    # Versions
    UseCase("concept train", ("train_version",)),
    UseCase("concept versions", ("list_versions", "get_version")),
    UseCase("concept evaluate", ("evaluate_version",)),
    UseCase("concept quality", ("version_quality",)),
    UseCase(
        None,
        ("classify", "classify_with"),
        "at the command line the picture itself is on this computer: `discern score`",
    ),
    UseCase("concept robustness", ("examine_robustness", "newest_robustness")),
    UseCase("concept compare", ("compare_versions",)),
    UseCase("concept certify", ("begin_certificate", "newest_certificate", "keep_certificate")),
    UseCase("concept threshold", ("set_threshold",)),
    UseCase("concept heat", ("get_heat",)),
    UseCase("concept use-again", ("use_version_again",)),
    UseCase("concept card", ("model_card",)),
    UseCase("concept export", ("download_bundle", "version_page", "measure_int8", "int8_measured")),
    UseCase("concept scores", ("list_scores", "score_library")),
    UseCase("bundle check", (), "it looks at a file of the person's own; REST takes no bundles"),
    UseCase("bundle digest", (), "it looks at a file of the person's own; REST takes no bundles"),
    UseCase("score", ("score_files", "download_scores")),
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
