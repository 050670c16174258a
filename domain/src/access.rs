//! Who may do and see what, in one place.
//!
//! Invariant: what may not be seen is answered as if it did not exist.

use schemas::code::Refusal;
use schemas::position::Offset;
use schemas::rows::{Member, Stay};

/// The stay through which a viewer sees a conversation now.
pub fn viewing(member: Option<&Member>) -> Result<&Stay, Refusal> {
    member.and_then(Member::present).ok_or_else(Refusal::not_found)
}

/// The stay through which a member hears what the command at `offset` did.
///
/// A removal falls into the stay that it ends; what came after it does not.
pub fn hearing(stays: &[Stay], offset: Offset) -> Option<&Stay> {
    stays.iter().find(|stay| stay.from <= offset && stay.to.is_none_or(|to| offset <= to))
}

/// Whether message `seq` may be seen through a stay, be it read, told of, or quoted by another.
pub fn sees_message(stay: &Stay, seq: i64) -> bool {
    seq >= stay.first_seq
}

#[cfg(test)]
mod tests {
    use schemas::conversation::Role;

    use super::*;

    fn member(stays: &[(i64, Option<i64>)]) -> Member {
        let stay = |(from, to): &(i64, Option<i64>)| Stay { from: *from, to: *to, first_seq: *from };
        Member { role: Role::Member, joined_at: 0, stays: stays.iter().map(stay).collect() }
    }

    #[test]
    fn only_the_present_view_and_each_hears_of_their_own_time() {
        let gone = member(&[(5, Some(9))]);
        let back = member(&[(5, Some(9)), (20, None)]);
        assert!(viewing(None).is_err() && viewing(Some(&gone)).is_err());
        assert_eq!(viewing(Some(&back)).unwrap().from, 20);
        let hears =
            |who: &Member| (0..25).filter(|at| hearing(&who.stays, *at).is_some()).collect::<Vec<i64>>();
        assert_eq!(hears(&gone), [5, 6, 7, 8, 9]);
        assert_eq!(hears(&back), [5, 6, 7, 8, 9, 20, 21, 22, 23, 24]);
        assert!(sees_message(viewing(Some(&back)).unwrap(), 20));
        assert!(!sees_message(viewing(Some(&back)).unwrap(), 19));
        // What was said in an earlier stay is heard as it was then.
        assert!(sees_message(hearing(&back.stays, 9).unwrap(), 5));
        assert!(!sees_message(hearing(&back.stays, 20).unwrap(), 5));
    }
}
