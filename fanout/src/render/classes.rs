//! Classes of answers: how many different answers an event's viewers have, for each selection.
//!
//! Invariant: an event and a selection have at most [`MAX_CLASSES`] shared renderings; a further class is
//! rendered for each of its viewers alone.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use domain::delivery::Answers;
use platform::lock::locked;
use smallvec::SmallVec;

use super::Key;
use crate::metrics::{self, Class};

pub const MAX_CLASSES: usize = 16;
/// Events with a selection whose classes are known; older ones begin anew.
const RECENT: usize = 8 * 1024;

/// A key without its answers.
type Subject = Key;

#[derive(Default)]
pub struct Classes(Mutex<Recent>);

#[derive(Default)]
struct Recent {
    by_subject: HashMap<Subject, SmallVec<[Answers; 2]>>,
    oldest_first: VecDeque<Subject>,
}

impl Classes {
    /// Whether the key's answers are one of the classes that share a rendering.
    pub fn admit(&self, key: Key) -> bool {
        let subject = Key { answers: Answers::default(), ..key };
        let recent = &mut *locked(&self.0);
        let classes = recent.by_subject.entry(subject).or_insert_with(|| {
            recent.oldest_first.push_back(subject);
            SmallVec::new()
        });
        if classes.contains(&key.answers) {
            return true;
        }
        let class = match classes.len() {
            0 => Class::First,
            1..MAX_CLASSES => Class::Further,
            _ => Class::Beyond,
        };
        metrics::classes(class).inc();
        let is_shared = class != Class::Beyond;
        if is_shared {
            classes.push(key.answers);
        }
        if recent.oldest_first.len() > RECENT
            && let Some(oldest) = recent.oldest_first.pop_front()
        {
            recent.by_subject.remove(&oldest);
        }
        is_shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::AsOf;
    use crate::lanes::Lane;

    fn key(offset: i64, answers: Answers) -> Key {
        Key { lane: Lane(0), offset, selection: 1, as_of: AsOf::Event, answers, erasures: 0 }
    }

    #[test]
    fn each_class_is_admitted_again_and_old_events_are_forgotten() {
        let classes = Classes::default();
        let both = Answers::SEES_PARENT.and(Answers::IS_BLOCKED);
        for answers in [Answers::default(), Answers::SEES_PARENT, both] {
            assert!(classes.admit(key(0, answers)) && classes.admit(key(0, answers)));
        }
        let count =
            || classes.0.lock().unwrap().by_subject.values().map(|classes| classes.len()).sum::<usize>();
        assert_eq!(count(), 3);
        for offset in 1..=RECENT as i64 {
            classes.admit(key(offset, both));
        }
        let recent = classes.0.lock().unwrap();
        assert_eq!((recent.by_subject.len(), recent.oldest_first.len()), (RECENT, RECENT));
        assert!(!recent.by_subject.contains_key(&key(0, Answers::default())));
    }
}
