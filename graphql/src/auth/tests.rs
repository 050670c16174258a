//! Whatever is not exactly a token of ours is refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

use super::*;

const NOW: LogTime = 1_800_000_000_000;
const SECONDS: i64 = NOW / 1_000;
const JWKS: &str = include_str!("../../tests/keys/jwks.json");
const RSA: &[u8] = include_bytes!("../../tests/keys/rsa.pem");
const RSA_PUBLIC: &[u8] = include_bytes!("../../tests/keys/rsa.pub.pem");
const ED25519: &[u8] = include_bytes!("../../tests/keys/ed25519.pem");

fn ann() -> UserId {
    "ann".parse().unwrap()
}

fn platform() -> Authenticator {
    let expected = Expected { issuer: "platform".to_owned(), audience: "messaging".to_owned() };
    Authenticator::new(expected, Keys::from_jwks(JWKS).unwrap())
}

fn rsa() -> EncodingKey {
    EncodingKey::from_rsa_pem(RSA).unwrap()
}

fn ed25519() -> EncodingKey {
    EncodingKey::from_ed_pem(ED25519).unwrap()
}

fn claims() -> Value {
    json!({ "sub": "ann", "iss": "platform", "aud": "messaging", "exp": SECONDS + 60, "iat": SECONDS })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// A token whose header is whatever the test says, signed by whatever it says.
fn forged(header: &Value, claims: &Value, algorithm: Algorithm, key: &EncodingKey) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

fn by_rsa(claims: &Value) -> String {
    forged(&json!({ "alg": "RS256", "typ": "JWT", "kid": "rsa-1" }), claims, Algorithm::RS256, &rsa())
}

fn by_ed25519(claims: &Value) -> String {
    forged(&json!({ "alg": "EdDSA", "kid": "ed-1" }), claims, Algorithm::EdDSA, &ed25519())
}

#[test]
fn roles_and_tier_are_as_the_token_says() {
    let platform = platform();
    let identity = |claims: &Value| platform.verify(&by_rsa(claims), NOW).unwrap();
    let moderator = identity(&with("roles", json!(["coach", "moderator"])));
    assert_eq!(moderator.roles, Roles { moderator: true, admin: false });
    assert_eq!(identity(&claims()).tier, None);
    assert_eq!(identity(&with("tier", json!("premium"))).tier, Some("premium".parse().unwrap()));
    for (name, value) in [
        ("tier", json!("Premium plus")),
        ("tier", json!("")),
        ("tier", json!(1)),
        ("roles", json!("moderator")),
        ("roles", json!([1])),
    ] {
        assert_eq!(
            platform.verify(&by_rsa(&with(name, value.clone())), NOW),
            Err(InvalidToken),
            "{name} {value}"
        );
    }
}

#[test]
fn tokens_of_the_platform_stand_for_their_users_until_they_expire() {
    let platform = platform();
    let identity = Identity {
        user: ann(),
        roles: Roles::default(),
        tier: None,
        issued_at: NOW,
        expires_at: NOW + 60_000,
    };
    for token in [
        by_rsa(&claims()),
        by_ed25519(&claims()),
        by_rsa(&with("aud", json!(["other", "messaging"]))),
        by_rsa(&with("nbf", json!(SECONDS))),
        by_rsa(&with("roles", json!(["coach"]))),
    ] {
        assert_eq!(platform.verify(&token, NOW), Ok(identity.clone()));
        assert_eq!(platform.verify(&token, NOW + 59_999), Ok(identity.clone()));
        assert_eq!(platform.verify(&token, NOW + 60_000), Err(InvalidToken));
        assert_eq!(platform.verify(&token, NOW - 61_000), Err(InvalidToken));
    }
}

/// Numbers have fractions, and need not be near (RFC 7519, 2).
#[test]
fn times_are_any_numbers() {
    let platform = platform();
    for (name, value, expires_at) in [
        ("exp", json!(SECONDS as f64 + 0.5), NOW + 500),
        ("exp", json!(SECONDS as f64 + 60.0), NOW + 60_000),
        ("exp", json!(i64::MAX), i64::MAX),
        ("exp", json!(1.5e18), i64::MAX),
        ("iat", json!(0.5), NOW + 60_000),
        ("iat", json!(-1), NOW + 60_000),
        ("iat", json!(SECONDS as f64 + 59.5), NOW + 60_000),
        ("nbf", json!(i64::MIN), NOW + 60_000),
        ("nbf", json!(-1e300), NOW + 60_000),
        ("nbf", json!(SECONDS as f64 - 0.25), NOW + 60_000),
    ] {
        let token = by_rsa(&with(name, value.clone()));
        let identity = platform.verify(&token, NOW).map(|identity| (identity.user, identity.expires_at));
        assert_eq!(identity, Ok((ann(), expires_at)), "{name} {value}");
        assert_eq!(platform.verify(&token, expires_at), Err(InvalidToken), "{name} {value}");
    }
}

/// That a token was good says nothing of one that is like it.
#[test]
fn a_token_that_was_good_is_good_by_itself_alone() {
    let platform = platform();
    let token = by_rsa(&claims());
    assert!(platform.verify(&token, NOW).is_ok());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let payload = URL_SAFE_NO_PAD.encode(with("sub", json!("bob")).to_string());
    let header = message.split('.').next().unwrap();
    for like in [format!("{header}.{payload}.{signature}"), format!("{message}."), format!("{token} ")] {
        assert_eq!(platform.verify(&like, NOW), Err(InvalidToken), "{like}");
    }
    assert!(platform.verify(&token, NOW).is_ok());
}

#[test]
fn a_development_token_stands_for_its_user_for_a_day() {
    let authenticator = Authenticator::development(&[1; 32]);
    let token = authenticator.issue(&ann(), vec![], None, NOW).unwrap();
    let day = DEVELOPMENT_TOKEN_SECONDS * 1_000;
    assert_eq!(authenticator.verify(&token, NOW).unwrap().expires_at, NOW + day);
    assert_eq!(authenticator.verify(&token, NOW + day), Err(InvalidToken));
    assert_eq!(Authenticator::development(&[2; 32]).verify(&token, NOW), Err(InvalidToken));
    assert_eq!(platform().verify(&token, NOW), Err(InvalidToken));
    assert_eq!(platform().issue(&ann(), vec![], None, NOW), Err(InvalidToken));
}

#[test]
fn keys_can_be_replaced() {
    let platform = platform();
    assert!(platform.verify(&by_rsa(&claims()), NOW).is_ok());
    let mut set: Value = serde_json::from_str(JWKS).unwrap();
    set["keys"].as_array_mut().unwrap().remove(0);
    platform.replace_keys(Keys::from_jwks(&set.to_string()).unwrap());
    assert_eq!(platform.verify(&by_rsa(&claims()), NOW), Err(InvalidToken));
    assert!(platform.verify(&by_ed25519(&claims()), NOW).is_ok());
}

#[test]
fn key_sets_that_would_be_dangerous_are_refused() {
    let set: Value = serde_json::from_str(JWKS).unwrap();
    let key = |change: &dyn Fn(&mut Value)| {
        let mut key = set["keys"][0].clone();
        change(&mut key);
        json!({ "keys": [key] }).to_string()
    };
    for refused in [
        "".to_owned(),
        "{}".to_owned(),
        json!({ "keys": [] }).to_string(),
        json!({ "keys": [{ "kty": "oct", "kid": "a", "k": "c2VjcmV0", "alg": "HS256" }] }).to_string(),
        key(&|key| key["n"] = json!("AQAB")),
        key(&|key| key["n"] = json!("not base64!")),
        key(&|key| key["use"] = json!("enc")),
        key(&|key| key["alg"] = json!("RS512")),
        key(&|key| key["kid"] = Value::Null),
        key(&|key| key["kid"] = json!("")),
        key(&|key| key["kid"] = json!("x".repeat(129))),
        json!({ "keys": [set["keys"][0], set["keys"][0]] }).to_string(),
    ] {
        assert!(Keys::from_jwks(&refused).is_err(), "{refused}");
    }
}

/// Every way in which a token is wrong, by what is wrong with it.
fn wrong_tokens() -> Vec<(String, String)> {
    let mut wrong: Vec<(String, String)> = vec![];
    let mut note = |what: String, token: String| wrong.push((what, token));
    let good = by_rsa(&claims());
    let parts: Vec<&str> = good.split('.').collect();
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());

    for none in ["none", "None", "NONE", "nOnE", "", "null", "none ", "HS256none"] {
        for signature in ["", "AA", parts[2]] {
            let header = encode(&json!({ "alg": none, "kid": "rsa-1" }));
            note(format!("alg {none:?}"), format!("{header}.{}.{signature}", parts[1]));
        }
    }
    // The public key taken for a shared secret.
    for secret in [RSA_PUBLIC, JWKS.as_bytes(), b"", b"rsa-1"] {
        for kid in [json!("rsa-1"), json!("ed-1"), Value::Null] {
            let header = json!({ "alg": "HS256", "kid": kid });
            let key = EncodingKey::from_secret(secret);
            note("HS256".into(), forged(&header, &claims(), Algorithm::HS256, &key));
        }
    }
    // One key's signature under another key's name.
    for (alg, kid, algorithm, key) in [
        ("EdDSA", "rsa-1", Algorithm::EdDSA, ed25519()),
        ("RS256", "rsa-1", Algorithm::EdDSA, ed25519()),
        ("RS256", "ed-1", Algorithm::RS256, rsa()),
        ("EdDSA", "ed-1", Algorithm::RS256, rsa()),
        ("RS384", "rsa-1", Algorithm::RS384, rsa()),
        ("RS512", "rsa-1", Algorithm::RS512, rsa()),
        ("PS256", "rsa-1", Algorithm::PS256, rsa()),
        ("RS256", "rsa-1", Algorithm::RS512, rsa()),
        ("rs256", "rsa-1", Algorithm::RS256, rsa()),
    ] {
        note(format!("{alg} {kid}"), forged(&json!({ "alg": alg, "kid": kid }), &claims(), algorithm, &key));
    }
    for kid in [
        json!(""),
        json!("rsa-2"),
        json!("RSA-1"),
        json!("../rsa-1"),
        json!("/dev/null"),
        json!("rsa-1\0"),
        json!("' or 1=1"),
        json!("x".repeat(3_000)),
        json!(1),
        json!(["rsa-1"]),
        json!({}),
        Value::Null,
        json!(true),
    ] {
        let header = json!({ "alg": "RS256", "kid": kid });
        note(format!("kid {kid:.20}"), forged(&header, &claims(), Algorithm::RS256, &rsa()));
    }
    // Another key, which the token itself brings along.
    let jwk: Value = serde_json::from_str(JWKS).unwrap();
    for (name, value) in [
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("jwk", jwk["keys"][1].clone()),
        ("x5c", json!(["MIIB"])),
    ] {
        let mut header = json!({ "alg": "EdDSA", "kid": "evil" });
        header[name] = value;
        note(name.into(), forged(&header, &claims(), Algorithm::EdDSA, &ed25519()));
    }
    for crit in [json!([]), json!(["exp"]), json!(["b64"]), json!("b64")] {
        let header = json!({ "alg": "RS256", "kid": "rsa-1", "crit": crit });
        note(format!("crit {crit}"), forged(&header, &claims(), Algorithm::RS256, &rsa()));
    }
    for claim in ["sub", "iss", "aud", "exp", "iat"] {
        note(format!("no {claim}"), by_rsa(&without(claim)));
        for value in [Value::Null, json!(true), json!([]), json!({}), json!("")] {
            note(format!("{claim} {value}"), by_rsa(&with(claim, value)));
        }
    }
    for (claim, value) in [
        ("sub", json!("a b")),
        ("sub", json!("../ann")),
        ("sub", json!("ann\0")),
        ("sub", json!("x".repeat(300))),
        ("sub", json!(7)),
        ("iss", json!("Platform")),
        ("iss", json!(["other"])),
        ("aud", json!("Messaging")),
        ("aud", json!(["other"])),
        ("aud", json!([1])),
        ("exp", json!("1900000000")),
        ("exp", json!(SECONDS)),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("iat", json!(SECONDS + 61)),
        ("exp", json!(i64::MIN)),
        ("exp", json!(SECONDS as f64 - 0.5)),
        ("iat", json!(SECONDS as f64 + 60.5)),
        ("iat", json!(i64::MAX)),
        ("nbf", json!(1e300)),
        ("iat", json!("0")),
        ("nbf", json!(SECONDS + 61)),
        ("nbf", json!("0")),
        ("nbf", json!([])),
    ] {
        note(format!("{claim} {value:.20}"), by_rsa(&with(claim, value)));
    }
    // Not of the form of a token, or not the bytes that were signed.
    for (what, token) in [
        ("empty", String::new()),
        ("dots", "..".into()),
        ("four parts", format!("{good}.x")),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("blank before", format!(" {good}")),
        ("new line behind", format!("{good}\n")),
        ("padded", format!("{}=.{}.{}", parts[0], parts[1], parts[2])),
        ("other claims", format!("{}.{}.{}", parts[0], encode(&with("sub", json!("bob"))), parts[2])),
        (
            "other signature",
            format!(
                "{}.{}.{}",
                parts[0],
                parts[1],
                by_rsa(&with("sub", json!("bob"))).rsplit('.').next().unwrap()
            ),
        ),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("10 KB", "x".repeat(10_000)),
        ("10 KB of claims", by_rsa(&with("tier", json!("x".repeat(10_000))))),
        ("header is a list", format!("{}.{}.{}", encode(&json!(["RS256"])), parts[1], parts[2])),
        ("header is no JSON", format!("AAAA.{}.{}", parts[1], parts[2])),
        ("claims are no JSON", format!("{}.AAAA.{}", parts[0], parts[2])),
    ] {
        note(what.into(), token);
    }
    wrong
}

#[test]
fn whatever_is_not_exactly_right_is_refused() {
    let platform = platform();
    assert!(platform.verify(&by_rsa(&claims()), NOW).is_ok());
    let wrong = wrong_tokens();
    assert!(wrong.len() >= 110, "{}", wrong.len());
    let accepted: Vec<&String> =
        wrong.iter().filter(|(_, token)| platform.verify(token, NOW).is_ok()).map(|(what, _)| what).collect();
    assert_eq!(accepted, Vec::<&String>::new());
}
