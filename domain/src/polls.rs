//! What a poll may be, what a user may choose in it, and when it is over.

use schemas::code::Refusal;
use schemas::polling::{Poll, Tally};
use schemas::position::LogTime;

use crate::text;

pub const MIN_OPTIONS: usize = 2;
pub const MAX_OPTIONS: usize = 10;
/// In Unicode scalar values.
const QUESTION_CHARACTERS: i32 = 300;
const OPTION_CHARACTERS: i32 = 100;
/// From the sending of a poll to the end that it names, in milliseconds: a leap year.
const LONGEST_MS: i64 = 366 * 24 * 60 * 60 * 1_000;

/// BAD_USER_INPUT for a poll whose texts or options are outside the limits.
pub fn check(poll: &Poll) -> Result<(), Refusal> {
    text::check("question", &poll.question.text, QUESTION_CHARACTERS)?;
    if !(MIN_OPTIONS..=MAX_OPTIONS).contains(&poll.options.len()) {
        return Err(Refusal::bad_input("options", "a poll has between 2 and 10 options"));
    }
    for (nth, option) in poll.options.iter().enumerate() {
        text::check("options", &option.text, OPTION_CHARACTERS)?;
        if poll.options[..nth].contains(option) {
            return Err(Refusal::bad_input("options", "an option is named twice"));
        }
    }
    Ok(())
}

/// BAD_USER_INPUT for a poll that would end before it begins, or after more than a year.
pub fn check_end(poll: &Poll, at: LogTime) -> Result<(), Refusal> {
    match poll.closes_at {
        Some(end) if end <= at || end > at.saturating_add(LONGEST_MS) => {
            Err(Refusal::bad_input("closesAt", "a poll closes in the future, within a year"))
        }
        Some(_) | None => Ok(()),
    }
}

/// BAD_USER_INPUT for options that the poll does not have, and for more than a user may choose.
pub fn check_choice(poll: &Poll, options: &[i32]) -> Result<(), Refusal> {
    let is_there = |place: &i32| usize::try_from(*place).is_ok_and(|place| place < poll.options.len());
    if !options.iter().all(is_there) || !options.is_sorted_by(|a, b| a < b) {
        return Err(Refusal::bad_input("optionIds", "options of the poll, each once"));
    }
    if options.len() > 1 && !poll.multiple {
        return Err(Refusal::bad_input("optionIds", "the poll takes one option"));
    }
    Ok(())
}

/// Whether a poll takes no votes at a time.
pub fn is_closed(poll: &Poll, tally: &Tally, at: LogTime) -> bool {
    tally.closed.is_some() || poll.closes_at.is_some_and(|end| at >= end)
}
