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
        "tests/acceptance/test_change.py::test_one_thing_that_is_wrong_is_one",
        "tests/acceptance/test_change.py::test_verify_names_what_is_wrong_and_exits_1",
        "tests/acceptance/test_change.py::test_what_a_run_is_about_to_do_that_began_during_the_walk_is_no_finding",
        "tests/acceptance/test_decision_commands.py::test_hostile_names_are_shown_short_and_decided_on",
        "tests/acceptance/test_decision_commands.py::test_who_leaves_a_review_keeps_what_was_decided",
        "tests/acceptance/test_demo_corpus.py::test_the_digest_does_not_know_the_projects_name_or_the_order",
        "tests/acceptance/test_demo_corpus.py::test_the_flow_without_ray_gives_the_same_document_by_document",
        "tests/acceptance/test_doctor.py::test_what_is_broken_is_said_without_passwords",
        "tests/acceptance/test_ending_a_run.py",
        "tests/acceptance/test_hostile_corpus.py",
        "tests/acceptance/test_language_model.py::test_a_project_that_begins_to_use_what_it_knows_looks_first",
        "tests/acceptance/test_language_model.py::test_examples_that_are_added_are_shown_once_they_are_pinned",
        "tests/acceptance/test_language_model.py::test_spacy_finds_names_and_a_model_only_relates_them",
        "tests/acceptance/test_language_model.py::test_the_price_of_a_corpus_is_told_before_and_after",
        "tests/acceptance/test_language_model.py::test_what_a_project_knows_is_shown_once_it_is_told_to_look",
        "tests/acceptance/test_read_commands.py::test_a_connection_that_is_cut_at_any_question_is_one_line",
        "tests/acceptance/test_run_at_a_terminal.py",
        "tests/acceptance/test_run_command.py::test_ctrl_c_while_it_waits_for_another_run_is_no_success",
        "tests/acceptance/test_run_command.py::test_files_over_the_size_limit_are_named_with_what_to_do",
        "tests/acceptance/test_running_again.py",
        "tests/acceptance/test_s3_run.py::test_a_server_that_dies_in_the_middle_costs_no_document",
        "tests/acceptance/test_s3_run.py::test_doctor_says_which_endpoint_and_whether_it_answers",
        "tests/acceptance/test_s3_run.py::test_the_endpoint_of_the_aws_tools_works_too",
        "tests/acceptance/test_s3_run.py::test_what_commands_print_of_odd_keys_can_be_forgotten_and_invalidated",
        "tests/acceptance/test_services.py::test_a_valkey_that_does_not_answer_is_not_stopped",
        "tests/acceptance/test_services.py::test_stopping_waits_for_what_a_dead_reader_holds",
        "tests/acceptance/test_services.py::test_stopping_without_postgresql_says_what_stays_and_the_next_takes_it_up",
        "tests/acceptance/test_two_runs.py",
        "tests/cluster/test_from_a_notebook.py",
        "tests/cluster/test_gpus.py",
        "tests/cluster/test_joining.py::test_a_node_that_knows_other_places_ends_the_run_with_its_name",
        "tests/cluster/test_joining.py::test_auto_is_the_cluster_of_this_machine_and_held_to_the_same",
        "tests/cluster/test_joining.py::test_what_a_cluster_cannot_take_is_said_in_one_line",
        "tests/contracts/test_hostile_names.py",
        "tests/contracts/test_llm_stages.py::test_a_document_fails_by_a_bad_answer_or_is_read_without_the_model",
        "tests/contracts/test_redis_refusals.py",
        "tests/contracts/test_redis_registry.py::test_copies_that_grow_equal_postgresql",
        "tests/contracts/test_verifying_registry.py::test_namesakes_that_come_and_go_change_nothing_else",
        "tests/faults/test_balancing.py::test_an_actor_that_gives_way_loses_nothing",
        "tests/faults/test_chaos.py::test_what_is_done_twice_or_blamed_is_a_difference",
        "tests/faults/test_interleavings.py",
        "tests/faults/test_leases.py::test_runs_at_the_same_time_share_the_work",
        "tests/faults/test_losses_on_ray.py::test_a_connection_that_is_lost_is_no_death",
        "tests/faults/test_losses_on_ray.py::test_actors_of_which_nothing_is_heard_are_ended_and_others_take_their_place",
        "tests/faults/test_losses_on_ray.py::test_sick_nodes_are_done_without_and_nobody_is_blamed_for_them",
        "tests/faults/test_lost_results.py",
        "tests/faults/test_malformed_documents.py",
        "tests/faults/test_one_partition.py",
        "tests/faults/test_pausing.py",
        "tests/faults/test_postgres_faults.py",
        "tests/faults/test_redis_faults.py",
        "tests/faults/test_reports.py::test_a_run_that_is_late_again_and_again_waits_for_the_living_one",
        "tests/faults/test_reports.py::test_each_document_is_counted_by_one_of_the_runs_that_share_the_work",
        "tests/faults/test_reports.py::test_postgresql_goes_away_while_a_run_waits_for_another",
        "tests/faults/test_reports.py::test_what_nobody_can_claim_waits_while_another_run_has_the_rest",
        "tests/faults/test_running_again.py",
        "tests/faults/test_store_faults.py",
        "tests/unit/test_scale_figures.py",
    }
)


def is_slow(test: str) -> bool:
    """Say whether a test, by its name without parameters, or all of its file is left to it."""
    return test in SLOW or test.partition("::")[0] in SLOW
