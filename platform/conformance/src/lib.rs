//! What every adapter of the log, of the tables, of ephemeral state and of search is held to.
//!
//! An adapter's test file is two lines: a fixture, and [`log_conformance!`], [`tables_conformance!`],
//! [`ephemeral_conformance!`] or [`search_conformance!`] with an expression that makes one; each case becomes a `tokio` test.
//!
//! Invariant: a case can run beside all others, again and again, against one shared server: it
//! uses partition keys and group names of its own, and reads from where a partition ended when it
//! began.

pub mod ephemeral;
pub mod harness;
pub mod log;
pub mod search;
pub mod tables;

use std::sync::Arc;

use platform::ports::{Ephemeral, Log, SearchIndex, Tables};

/// A log under test; whatever it needs lives as long as this.
pub trait LogFixture {
    /// One with all topics of [`schemas::topics`].
    fn log(&self) -> Arc<dyn Log>;
}

/// Tables under test; whatever they need lives as long as this.
pub trait TablesFixture {
    /// Some that have [`tables::samples::ALL`] beside the system's.
    fn tables(&self) -> Arc<dyn Tables>;
}

/// Ephemeral state under test; whatever it needs lives as long as this.
pub trait EphemeralFixture {
    fn ephemeral(&self) -> Arc<dyn Ephemeral>;
}

/// Search indexes under test, which are empty; whatever they need lives as long as this.
pub trait SearchFixture {
    fn search(&self) -> Arc<dyn SearchIndex>;
}

/// One test for each case that search indexes are held to. The expression may await.
#[macro_export]
macro_rules! search_conformance {
    ($fixture:expr) => {
        $crate::cases! { search, SearchFixture, $fixture,
            writing::a_write_is_found_by_the_next_query,
            writing::the_higher_version_stays_in_either_order,
            writing::what_is_gone_stays_gone_for_older_versions,
            writing::a_list_has_every_document_once,
            writing::versions_are_known_of_what_is_there_and_of_what_is_gone,
            writing::ids_may_hold_whatever_ids_of_users_do,
            filters::a_hit_matches_the_filter,
            filters::a_filter_may_name_thousands,
            filters::text_is_never_read_as_a_filter_or_an_operator,
            matching::every_word_has_to_match,
            matching::a_typo_matches_in_long_words_alone,
            matching::the_last_word_may_be_a_prefix,
            matching::a_phrase_matches_as_it_is,
            matching::case_and_accents_make_no_difference,
            matching::scripts_without_spaces_match,
            matching::highlights_mark_what_matches,
            matching::better_hits_come_first,
            matching::of_equally_good_hits_the_newest_comes_first,
            matching::pages_have_every_hit_once,
            sides::the_next_side_replaces_the_live_one,
            sides::a_next_side_that_was_given_up_is_made_anew,
            sides::a_next_side_that_is_opened_again_has_what_it_had,
        }
    };
}

/// One test for each case that a log is held to. The expression may await.
#[macro_export]
macro_rules! log_conformance {
    ($fixture:expr) => {
        $crate::cases! { log, LogFixture, $fixture,
            appending::a_partition_keeps_the_order_of_appends,
            appending::a_record_is_read_as_it_was_appended,
            appending::a_large_value_survives,
            appending::receipts_name_the_offsets,
            appending::a_key_has_its_partition,
            appending::an_explicit_partition_goes_before_the_key,
            appending::a_partition_that_is_not_there_is_refused,
            appending::each_task_keeps_its_own_order,
            appending::ten_thousand_can_be_queued_before_any_is_awaited,
            reading::a_reader_starts_in_the_middle,
            reading::a_reader_waits_at_the_end,
            reading::a_wait_that_is_given_up_loses_nothing,
            reading::readers_do_not_disturb_each_other,
            reading::who_reads_lazily_gets_the_same,
            reading::a_place_outside_the_marks_is_out_of_range,
            reading::marks_enclose_what_was_appended,
            reading::a_time_has_its_position,
            groups::a_sole_member_gets_every_partition,
            groups::a_second_member_gets_half_and_nobody_shares,
            groups::what_a_leaving_member_held_moves,
            groups::what_a_dropped_member_held_moves,
            groups::a_committed_offset_is_seen_by_the_next_holder,
        }
    };
}

/// One test for each case that tables are held to. The expression may await.
#[macro_export]
macro_rules! tables_conformance {
    ($fixture:expr) => {
        $crate::cases! { tables, TablesFixture, $fixture,
            rows::a_row_is_read_as_it_was_put,
            rows::a_row_is_replaced_whole,
            rows::the_higher_version_stays_in_either_order,
            rows::an_equal_version_changes_nothing,
            rows::get_finds_what_exists_in_order,
            rows::a_table_without_clustering_has_one_row_a_partition,
            rows::a_large_value_survives,
            rows::a_row_is_gone_after_its_time_to_live,
            rows::what_does_not_fit_the_table_is_refused_whole,
            batches::a_batch_is_seen_whole_or_not_at_all,
            batches::an_acknowledged_write_is_seen,
            batches::of_concurrent_writes_the_highest_version_stays,
            keys::partitions_do_not_mix,
            keys::rows_stand_in_the_order_of_their_keys,
            ranges::bounds_are_prefixes,
            ranges::a_page_says_whether_more_may_come,
            ranges::pages_cover_a_thousand_rows_once_either_way,
            ranges::a_page_can_be_asked_for_again,
            model::random_writes_agree_with_a_naive_model,
        }
    };
}

/// One test for each case that ephemeral state is held to. The expression may await.
#[macro_export]
macro_rules! ephemeral_conformance {
    ($fixture:expr) => {
        $crate::cases! { ephemeral, EphemeralFixture, $fixture,
            values::values_are_read_in_the_order_of_their_keys,
            values::a_value_is_gone_after_its_time_to_live,
            values::a_compare_and_set_takes_effect_on_what_is_expected,
            values::of_compare_and_sets_at_once_one_takes_effect,
            values::a_counter_adds_up_and_ends,
            values::what_is_too_large_is_refused,
            deadlines::members_are_due_in_the_order_of_their_deadlines,
            deadlines::a_new_deadline_replaces_the_old_one,
            deadlines::a_due_member_is_given_to_one_caller,
            messages::all_subscribers_get_a_channel_in_order,
            messages::a_subscriber_gets_nothing_from_before,
            messages::a_lagging_subscriber_receives_resumed,
            leases::a_lease_has_one_holder_until_it_is_released,
            leases::a_lease_that_was_not_renewed_is_lost,
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! cases {
    ($port:ident, $fixture:ident, $made:expr, $($group:ident :: $case:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fixture = $made;
                $crate::$port::$group::$case($crate::$fixture::$port(&fixture)).await;
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    /// A case that is written but not listed would hold nobody to anything.
    #[test]
    fn every_case_is_listed() {
        let listed = include_str!("lib.rs");
        for (group, source) in [
            ("appending", include_str!("log/appending.rs")),
            ("reading", include_str!("log/reading.rs")),
            ("groups", include_str!("log/groups.rs")),
            ("rows", include_str!("tables/rows.rs")),
            ("batches", include_str!("tables/batches.rs")),
            ("keys", include_str!("tables/keys.rs")),
            ("ranges", include_str!("tables/ranges.rs")),
            ("model", include_str!("tables/model.rs")),
            ("values", include_str!("ephemeral/values.rs")),
            ("deadlines", include_str!("ephemeral/deadlines.rs")),
            ("messages", include_str!("ephemeral/messages.rs")),
            ("leases", include_str!("ephemeral/leases.rs")),
            ("writing", include_str!("search/writing.rs")),
            ("filters", include_str!("search/filters.rs")),
            ("matching", include_str!("search/matching.rs")),
            ("sides", include_str!("search/sides.rs")),
        ] {
            for line in source.lines().filter_map(|line| line.strip_prefix("pub async fn ")) {
                let case = line.split('(').next().unwrap_or_default();
                assert!(listed.contains(&format!("{group}::{case},")), "{group}::{case} is not listed");
            }
        }
    }
}
