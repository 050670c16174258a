//! Polls and their votes, in words.

use schemas::polling::{Poll, PollChanged, Tally};

use super::content;

pub fn poll(poll: &Poll) -> String {
    let options: Vec<String> = poll.options.iter().map(content).collect();
    let multiple = if poll.multiple { ", several" } else { "" };
    let anonymous = if poll.anonymous { ", anonymous" } else { "" };
    let end = poll.closes_at.map_or(String::new(), |end| format!(", until {end}"));
    format!("poll {} of {}{multiple}{anonymous}{end}", content(&poll.question), options.join(" "))
}

/// How many chose each option, of how many changes, and when it was closed.
pub fn tally(tally: &Tally) -> String {
    let closed =
        tally.closed.map_or(String::new(), |by| format!(", closed at {} by #{}", by.at, by.position));
    format!("votes {:?} of {} changes{closed}", tally.votes, tally.changes)
}

/// A fact about a message that is said in words.
pub fn changed(message: &str, changed: &PollChanged) -> String {
    let by = changed.vote.as_ref().map_or(String::new(), |vote| {
        format!(", {} for {:?} at {} after {}", vote.user, vote.options, vote.at, vote.before)
    });
    format!("{}{by}: {message}", tally(&changed.tally))
}
