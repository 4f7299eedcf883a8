"""Which tests `make test` leaves to `make test-slow`, so that it takes some minutes only.

CI runs both. What stands here takes long, and is of a kind of which `make test` has others: each
point that a user would miss has a test there. Names are those of files, or of tests in them; of a
test with many parameters most are told with it (`pytest.mark.slow`).
"""

from __future__ import annotations

SLOW = frozenset(
    {
        "tests/acceptance/test_asking_on_ray.py",
        "tests/acceptance/test_change.py::test_a_run_ends_well_whose_documents_are_forgotten_under_it",
        "tests/acceptance/test_change.py::test_verify_names_what_is_wrong_and_exits_1",
        "tests/acceptance/test_demo_corpus.py::test_the_digest_does_not_know_the_projects_name_or_the_order",
        "tests/acceptance/test_demo_corpus.py::test_the_flow_without_ray_gives_the_same_document_by_document",
        "tests/acceptance/test_ending_a_run.py",
        "tests/acceptance/test_hostile_corpus.py",
        "tests/acceptance/test_language_model.py::test_examples_that_are_added_are_shown_once_they_are_pinned",
        "tests/acceptance/test_language_model.py::test_the_price_of_a_corpus_is_told_before_and_after",
        "tests/acceptance/test_language_model.py::test_what_a_project_knows_is_shown_once_it_is_told_to_look",
        "tests/acceptance/test_read_commands.py::test_a_connection_that_is_cut_at_any_question_is_one_line",
        "tests/acceptance/test_run_at_a_terminal.py",
        "tests/acceptance/test_run_command.py::test_ctrl_c_while_it_waits_for_another_run_is_no_success",
        "tests/acceptance/test_running_again.py",
        "tests/acceptance/test_s3_run.py::test_a_server_that_dies_in_the_middle_costs_no_document",
        "tests/acceptance/test_s3_run.py::test_doctor_says_which_endpoint_and_whether_it_answers",
        "tests/acceptance/test_s3_run.py::test_what_commands_print_of_odd_keys_can_be_forgotten_and_invalidated",
        "tests/acceptance/test_two_runs.py",
        "tests/cluster/test_from_a_notebook.py",
        "tests/cluster/test_joining.py::test_a_node_that_knows_other_places_ends_the_run_with_its_name",
        "tests/cluster/test_joining.py::test_auto_is_the_cluster_of_this_machine_and_held_to_the_same",
        "tests/cluster/test_joining.py::test_what_a_cluster_cannot_take_is_said_in_one_line",
        "tests/contracts/test_hostile_names.py",
        "tests/contracts/test_llm_stages.py::test_a_document_fails_by_a_bad_answer_or_is_read_without_the_model",
        "tests/contracts/test_redis_refusals.py",
        "tests/contracts/test_redis_registry.py::test_copies_that_grow_equal_postgresql",
        "tests/faults/test_interleavings.py",
        "tests/faults/test_leases.py::test_runs_at_the_same_time_share_the_work",
        "tests/faults/test_losses_on_ray.py::test_a_connection_that_is_lost_is_no_death",
        "tests/faults/test_losses_on_ray.py::test_sick_nodes_are_done_without_and_nobody_is_blamed_for_them",
        "tests/faults/test_lost_results.py",
        "tests/faults/test_malformed_documents.py",
        "tests/faults/test_one_partition.py",
        "tests/faults/test_pausing.py",
        "tests/faults/test_postgres_faults.py",
        "tests/faults/test_redis_faults.py",
        "tests/faults/test_running_again.py",
        "tests/faults/test_store_faults.py",
    }
)


def is_slow(test: str) -> bool:
    """Say whether a test, by its name without parameters, or all of its file is left to it."""
    return test in SLOW or test.partition("::")[0] in SLOW
