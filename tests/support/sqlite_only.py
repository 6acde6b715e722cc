"""Tests that run only on SQLite, because the database makes no difference to them.

All other tests that use a database also run on PostgreSQL: queries and actions, constraints, locks,
transactions, searches, sorting, JSON, cursors, dates, migrations, and every route for every role
(`tests/test_roles.py`, `tests/test_faults.py`, `tests/api/test_schemathesis.py`). No statement of a
page or of the API runs on SQLite only. New modules run on both until listed here with a reason.
"""

from __future__ import annotations

# By reason: modules, or tests (`module.py::test_name`) with all parameters, without parameters, or
# with only the last one (`module.py::test_name[…-last]`).
SQLITE_ONLY: dict[str, tuple[str, ...]] = {
    "Runs no relevant statement: headers, errors, descriptions, texts, files.": (
        "tests/api/test_errors.py",
        "tests/api/test_openapi.py",
        "tests/activity/test_messages.py",
        "tests/archive/test_invalid_archives.py",
        "tests/auth/test_passwords.py",
        "tests/badges/test_verification.py",
        "tests/bench/test_baseline.py",
        "tests/cli/test_help.py",
        "tests/core/test_compression.py",
        "tests/auth/test_form_origin.py",
        "tests/core/test_headers.py",
        "tests/core/test_link_hosts.py",
        "tests/core/test_rendering.py",
        "tests/core/test_breadcrumbs.py",
        "tests/importers/test_readers.py",
        "tests/mail/test_international_addresses.py",
        "tests/mail/test_transport.py",
        "tests/notifications/test_kinds.py",
        "tests/portfolio/test_pages_export.py",
        "tests/portfolio/test_redaction.py",
        "tests/teams/test_exports.py",
        "tests/test_documentation.py",
        "tests/test_security_checks.py",
        "tests/test_translation.py",
        "tests/test_url_map.py",
        "tests/time_budget/test_content.py",
        "tests/time_budget/test_rules.py",
    ),
    "Tests page content and form responses. The role matrix runs the statements on both, and "
    "queries and actions are tested separately.": (
        "tests/account/test_account.py",
        "tests/account/test_credentials.py",
        "tests/account/test_email_confirmation.py",
        "tests/account/test_sharing.py",
        "tests/account/test_tokens.py",
        "tests/account/test_mail_setting.py",
        "tests/account/test_shortcut_setting.py",
        "tests/admin/test_person.py",
        "tests/auth/test_logout.py",
        "tests/auth/test_preserved_form.py",
        "tests/badges/test_pages.py",
        "tests/calendar/test_page.py",
        "tests/career/test_degrees.py",
        "tests/career/test_positions.py",
        "tests/career_plans/test_challenges.py",
        "tests/career_plans/test_direction.py",
        "tests/career_plans/test_education.py",
        "tests/credentials/test_page.py",
        "tests/dashboard/test_dashboard.py",
        "tests/endorsements/test_endorsements.py",
        "tests/erasure/test_decisions.py",
        "tests/erasure/test_deletion_requests.py",
        "tests/evidence/test_capture_page.py",
        "tests/evidence/test_delete_page.py",
        "tests/evidence/test_edit_page.py",
        "tests/evidence/test_form_parts.py",
        "tests/evidence/test_new_page.py",
        "tests/evidence/test_show_page.py",
        "tests/forecast/test_absences.py",
        "tests/forecast/test_page.py",
        "tests/guide/test_facts.py",
        "tests/importers/test_code_hosts.py",
        "tests/importers/test_csv.py",
        "tests/invitations/test_invitation_page.py",
        "tests/journey/test_calibration.py",
        "tests/journey/test_captured_milestone.py",
        "tests/journey/test_link_evidence.py",
        "tests/journey/test_page_cache.py",
        "tests/journey/test_role_fit.py",
        "tests/journey/test_roadmap_page.py",
        "tests/journey/test_roadmaps_page.py",
        "tests/market/test_offers.py",
        "tests/market/test_page.py",
        "tests/momentum/test_page.py",
        "tests/portfolio/test_leap2a.py",
        "tests/portfolio/test_pages_index.py",
        "tests/portfolio/test_pages_items.py",
        "tests/portfolio/test_pages_preview.py",
        "tests/portfolio/test_pages_edit.py",
        "tests/practice/test_mock.py",
        "tests/practice/test_pages.py",
        "tests/readiness/test_page.py",
        "tests/reviews/test_review_page.py",
        "tests/skills/test_assess.py",
        "tests/skills/test_overview.py",
        "tests/skills/test_skill_page.py",
        "tests/teams/test_assessment.py",
        "tests/teams/test_members.py",
        "tests/time_budget/test_calendar.py",
        "tests/time_budget/test_week.py",
        "tests/tools/test_page.py",
        "tests/work_log/test_work_log.py",
    ),
    "An htmx request writes and reads at least what the form of a page does.": (
        "tests/test_roles.py::test_change_status_and_effects_by_role[…-page]",
    ),
    "To a database this input is ordinary text, or the form rejects it first. Input that a "
    "database may reject is sent to both.": tuple(
        f"tests/test_faults.py::test_odd_bytes_in_{where}_cause_no_server_error[{odd}]"
        for where in ("form", "url")
        for odd in ("control characters", "negative", "not a number")
    ),
    "The statements are the same as for Bob. The role matrix tests visibility on both.": (
        "tests/test_privacy.py::test_responses_to_others_contain_no_private_data",
        "tests/test_privacy.py::test_private_additions_change_no_response_to_others[erin-current_summary]",
    ),
    "Rejected before anything is written or searched.": (
        "tests/api/test_evidence_list.py::test_invalid_evidence_is_rejected",
        "tests/api/test_evidence_list.py::test_invalid_limit_is_rejected",
        "tests/auth/test_signup.py::test_invalid_sign_up_is_rejected",
        "tests/career/test_positions.py::test_invalid_position_is_rejected",
        "tests/evidence/test_index_page.py::test_invalid_filters_are_ignored",
    ),
    "Rejected before any route is called.": (
        "tests/test_roles.py::test_change_without_csrf_token_is_rejected",
    ),
    "Texts are normalized in Python, and both databases store them unchanged. "
    "`tests/test_sorting_and_search.py` searches on both.": ("tests/test_text_normalization.py",),
    "The API and the command line call the same actions as the pages.": (
        "tests/api/test_activity.py",
        "tests/api/test_docs_examples.py",
        "tests/api/test_draft_scope.py",
        "tests/api/test_evidence_item.py",
        "tests/api/test_mcp.py",
        "tests/api/test_me.py",
        "tests/api/test_milestone.py",
        "tests/api/test_own_roadmap.py",
        "tests/api/test_portfolio.py",
        "tests/api/test_portfolios.py",
        "tests/api/test_readiness.py",
        "tests/api/test_reviews.py",
        "tests/api/test_roadmaps.py",
        "tests/api/test_schemathesis.py::test_responses_match_the_openapi_description[manager]",
        "tests/api/test_schemathesis.py::test_responses_match_the_openapi_description[read token]",
        "tests/api/test_skills.py",
        "tests/api/test_teams.py",
        "tests/cli/test_archive.py",
        "tests/cli/test_catalog.py",
        "tests/cli/test_unprepared_installation.py",
        "tests/cli/test_token.py",
        "tests/cli/test_user.py",
        "tests/cli/test_wrong_installation.py",
    ),
    "It creates its own SQLite files, uses none, or tests code that runs before the application.": (
        *(
            f"tests/test_recipes.py::test_{name}"
            for name in (
                "cron_recipe_creates_and_deletes_backups",
                "new_machine_recipe_restores_the_installation",
                "nginx_recipe_signs_in_on_any_port",
                "systemd_accepts_the_units",
                "systemd_units_use_one_state_folder_and_existing_commands",
                "uninstall_recipe_removes_everything_installed",
            )
        ),
        "tests/test_serve.py",
        "tests/test_slow_clients.py",
    ),
    "PostgreSQL chooses an index by the number of rows, and a test has too few.": (
        "tests/activity/test_overview.py::test_history_queries_use_an_index",
    ),
    "tests/demo/test_story.py loads and reads the same demo data on both.": (
        "tests/cli/test_demo.py",
        "tests/demo/test_company.py",
    ),
    "A backup is read and verified in a SQLite file, whatever database it came from.": tuple(
        f"tests/backup/test_backup.py::{test}"
        for test in (
            "test_backup_without_all_tables_is_rejected",
            "test_manifest_size_is_limited_while_unpacking",
            "test_unreadable_manifest_is_reported",
            "test_unreadable_row_is_reported",
            "test_foreign_or_unsigned_backup_needs_trust",
            "test_invalid_and_missing_files_are_reported_in_one_line",
            "test_damaged_zip_directory_is_reported",
            "test_truncated_backup_is_rejected",
            "test_flipped_bits_are_detected",
            "test_declined_restore_changes_nothing",
            "test_wrong_evidence_file_in_a_backup_is_detected_by_its_hash",
            "test_damaged_backup_is_rejected_and_changes_nothing",
        )
    ),
    "Tests process startup and shutdown, which run on both in "
    "`test_the_server_brings_its_job_process_and_both_end_together`.": (
        "tests/test_faults.py::test_server_stops_promptly_while_starting",
        "tests/test_jobs.py::test_crashed_job_process_is_restarted",
        "tests/test_jobs.py::test_attached_job_process_stops_on_signal_or_end_of_input",
        "tests/test_jobs.py::test_job_process_wakes_on_commit_and_stops_on_sigterm",
        "tests/test_jobs.py::test_killed_main_process_leaves_no_child_processes",
    ),
    "Rejected before the application reads it.": (
        "tests/test_faults.py::test_truncated_body_does_not_stop_the_server",
        "tests/test_faults.py::test_body_without_length_is_rejected",
        "tests/test_faults.py::test_body_over_limit_is_rejected_with_a_page",
    ),
    "Tests how long a text takes to parse. `tests/test_faults.py` stores long texts on both.": (
        "tests/portfolio/test_render_time.py",
        "tests/test_worst_case_texts.py",
    ),
    "Counts statement parameters, which are the same on both.": ("tests/readiness/test_scale.py",),
    "Python decides what happens to the summary row. The same test runs the statements on both "
    "with an unchanged row.": tuple(
        f"tests/test_privacy.py::test_private_additions_change_no_response_to_others[bob-{case}]"
        for case in ("other_time_zone", "expired_summary", "no_summary", "not_enrolled")
    ),
}
NAMES = frozenset(name for names in SQLITE_ONLY.values() for name in names)


def is_sqlite_only(test: str) -> bool:
    """Whether a test, given by its pytest node id, runs only on SQLite."""
    module, _, _ = test.partition("::")
    function, _, _ = test.partition("[")
    last_parameter = test.rpartition("-")[2]
    return not NAMES.isdisjoint((module, function, test, f"{function}[…-{last_parameter}"))
