//! What comes of a try: how an answer of a push service ends a push, and when there is another try.

use egress::Answer;
use hyper::StatusCode;
use hyper::header::RETRY_AFTER;
use jiff::fmt::rfc2822;
use schemas::position::LogTime;

use crate::metrics::Outcome;

pub const TRIES: u32 = 5;
/// The pause after the first failed try; it doubles.
const FIRST_PAUSE_MS: i64 = 1_000;

/// What came of a try.
pub enum Tried {
    Ended(Outcome),
    /// Again, after so many milliseconds if the push service says when.
    Failed(Option<i64>),
    /// Not tried: the circuit is open until then.
    NotBefore(LogTime),
}

/// What an answer of a push service says (RFC 8030, 5 and 7.3).
pub fn judge(answer: &Answer, sent: Outcome, now: LogTime) -> Tried {
    match answer.status {
        status if status.is_success() => Tried::Ended(sent),
        StatusCode::NOT_FOUND | StatusCode::GONE => Tried::Ended(Outcome::Gone),
        StatusCode::PAYLOAD_TOO_LARGE if sent == Outcome::Sent => Tried::Ended(Outcome::Trimmed),
        StatusCode::TOO_MANY_REQUESTS => Tried::Failed(retry_after(answer, now)),
        status if status.is_server_error() => Tried::Failed(retry_after(answer, now)),
        _ => Tried::Ended(Outcome::Refused),
    }
}

/// The header `Retry-After`, in milliseconds from now: seconds, or a date.
pub fn retry_after(answer: &Answer, now: LogTime) -> Option<i64> {
    let text = answer.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(i64::from(seconds) * 1_000);
    }
    let date = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some((date.as_millisecond() - now).max(0))
}

/// The pause before the next try, never shorter than what the push service asks for.
pub fn pause(tries: u32, asked: Option<i64>) -> i64 {
    let own = FIRST_PAUSE_MS << tries.saturating_sub(1).min(TRIES);
    asked.map_or(own, |asked| asked.max(own))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hyper::header::HeaderMap;

    use super::*;

    const NOW: LogTime = 1_800_000_000_000;

    fn answer(status: u16, after: Option<&str>) -> Answer {
        let headers = after.map(|after| (RETRY_AFTER, after.parse().unwrap()));
        Answer {
            url: "https://push.example/x".parse().unwrap(),
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::from_iter(headers),
            body: Bytes::new(),
        }
    }

    /// The outcome, or the pause that is asked for.
    fn judged(status: u16, after: Option<&str>, sent: Outcome) -> Result<Outcome, Option<i64>> {
        match judge(&answer(status, after), sent, NOW) {
            Tried::Ended(outcome) => Ok(outcome),
            Tried::Failed(after) => Err(after),
            Tried::NotBefore(_) => unreachable!("an answer opens no circuit"),
        }
    }

    #[test]
    fn an_answer_ends_a_push_or_asks_for_another_try() {
        for (status, expected) in [
            (200, Ok(Outcome::Sent)),
            (201, Ok(Outcome::Sent)),
            (202, Ok(Outcome::Sent)),
            (302, Ok(Outcome::Refused)),
            (400, Ok(Outcome::Refused)),
            (401, Ok(Outcome::Refused)),
            (403, Ok(Outcome::Refused)),
            (404, Ok(Outcome::Gone)),
            (410, Ok(Outcome::Gone)),
            (413, Ok(Outcome::Trimmed)),
            (429, Err(None)),
            (500, Err(None)),
            (503, Err(None)),
        ] {
            assert_eq!(judged(status, None, Outcome::Sent), expected, "{status}");
        }
        assert_eq!(judged(201, None, Outcome::Trimmed), Ok(Outcome::Trimmed));
        assert_eq!(
            judged(413, None, Outcome::Trimmed),
            Ok(Outcome::Refused),
            "without content it fits, or never"
        );
    }

    #[test]
    fn a_push_service_says_when_to_come_back_in_seconds_or_as_a_date() {
        // NOW is 08:00 of this day.
        for (after, expected) in [
            ("120", Some(120_000)),
            (" 0 ", Some(0)),
            ("Fri, 15 Jan 2027 08:01:30 GMT", Some(90_000)),
            ("Fri, 15 Jan 2027 07:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(judged(429, Some(after), Outcome::Sent), Err(expected), "{after}");
        }
        let pauses: Vec<i64> = (1..TRIES).map(|tries| pause(tries, None)).collect();
        assert_eq!(pauses, [1_000, 2_000, 4_000, 8_000]);
        assert_eq!((pause(1, Some(5_000)), pause(4, Some(5_000))), (5_000, 8_000));
    }
}
