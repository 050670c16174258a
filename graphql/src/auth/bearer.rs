//! Credentials of a request: a bearer token (RFC 6750, 2.1), as a header or as a field of an init.
//!
//! Invariant: a request has one `Authorization` or none; any other form is invalid, and
//! is not taken for a request without a token.

use axum::http::{HeaderMap, header};

use super::InvalidToken;

const SCHEME: &str = "bearer";

/// The token in the values of all `Authorization` fields of a request; none if there is no such field.
pub fn bearer<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<Option<&'a str>, InvalidToken> {
    let mut values = values.into_iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(InvalidToken);
    }
    credentials(value).map(Some).ok_or(InvalidToken)
}

/// The token in the headers of a request; none if there is no `Authorization`.
pub fn bearer_in(headers: &HeaderMap) -> Result<Option<&str>, InvalidToken> {
    // What is not visible ASCII is no token either.
    bearer(headers.get_all(header::AUTHORIZATION).iter().map(|value| value.to_str().unwrap_or_default()))
}

/// `credentials = auth-scheme 1*SP token68` (RFC 9110, 11.4); names of schemes have no case.
fn credentials(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim_matches([' ', '\t']).split_once(' ')?;
    let token = token.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case(SCHEME) && is_token68(token)).then_some(token)
}

/// `token68 = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn credentials_have_a_scheme_in_any_case_and_one_token() {
        for (value, token) in [
            ("Bearer a.b-c_d", Some("a.b-c_d")),
            ("bearer x", Some("x")),
            ("BEARER x", Some("x")),
            ("bEaReR x", Some("x")),
            ("Bearer   x", Some("x")),
            ("  Bearer x\t ", Some("x")),
            ("Bearer ~+/==", Some("~+/==")),
            ("", None),
            ("Bearer", None),
            ("Bearer ", None),
            ("Bearerx", None),
            ("Bearer\tx", None),
            ("Bearer \tx", None),
            ("Bearer =", None),
            ("Bearer a=b", None),
            ("Bearer a b", None),
            ("Bearer a,b", None),
            ("Bearer a, Bearer b", None),
            ("Bearer \"x\"", None),
            ("Bearer é", None),
            ("Bearer x\n", None),
            ("Basic eDp5", None),
            ("Token x", None),
            ("x", None),
        ] {
            assert_eq!(bearer([value]), token.map(Some).ok_or(InvalidToken), "{value:?}");
        }
    }

    #[test]
    fn a_request_has_one_authorization_or_none() {
        assert_eq!(bearer([]), Ok(None));
        assert_eq!(bearer(["Bearer x", "Bearer x"]), Err(InvalidToken));
        let mut headers = HeaderMap::new();
        assert_eq!(bearer_in(&headers), Ok(None));
        headers.append(header::AUTHORIZATION, HeaderValue::from_static("bearer x"));
        assert_eq!(bearer_in(&headers), Ok(Some("x")));
        headers.append(header::AUTHORIZATION, HeaderValue::from_static("bearer x"));
        assert_eq!(bearer_in(&headers), Err(InvalidToken));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_bytes(b"Bearer \xff").unwrap());
        assert_eq!(bearer_in(&headers), Err(InvalidToken));
    }
}
