//! Push subscriptions of the caller.
//!
//! Invariant: what is checked here needs no network. The sender checks the address that a host has when it calls it.

use async_graphql::{Context, InputObject, Object};
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use domain::account::check_push;
use graphql::Result;
use p256::PublicKey;
use schemas::Refusal;
use schemas::push::{
    FcmToken, PushAddress, PushChannel, PushDevice, PushEndpoint, RegisterPush, RemovePush, WebPush,
};
use url::{Host, Url};

use super::caller;
use super::presence::DeviceType;
use crate::requests::RequestKind;

/// Base64url; padding is taken, and not written.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// Longest endpoint that is parsed, in bytes.
const ENDPOINT_BYTES: usize = 1_024;
/// Names of hosts that no push service has: of this machine, of a local network, of no network.
const LOCAL: [&str; 8] = ["localhost", "local", "internal", "lan", "home", "corp", "invalid", "onion"];

#[derive(Default)]
pub struct Push;

/// Either webPush or fcmToken.
#[derive(InputObject)]
pub struct PushSubscriptionInput {
    web_push: Option<WebPushInput>,
    fcm_token: Option<String>,
    device_type: DeviceType,
}

/// As `PushSubscription.toJSON()` of a browser tells it.
#[derive(InputObject)]
pub struct WebPushInput {
    endpoint: String,
    /// base64url
    #[graphql(name = "p256dh")]
    p256dh: String,
    /// base64url
    auth: String,
}

#[Object]
impl Push {
    /// A repeat is answered alike, and counts as a use. One that was not used for 90 days goes.
    async fn register_push_subscription(
        &self,
        ctx: &Context<'_>,
        input: PushSubscriptionInput,
    ) -> Result<bool> {
        let caller = caller(ctx)?;
        let channel = match (input.web_push, input.fcm_token) {
            (Some(web), None) => PushChannel::WebPush(web_push(&web)?),
            (None, Some(token)) => PushChannel::Fcm(FcmToken { token }),
            (Some(_), Some(_)) | (None, None) => return Err(one_of("webPush", "fcmToken").into()),
        };
        check_push(&channel)?;
        let device = match input.device_type {
            DeviceType::Web => PushDevice::Web,
            DeviceType::Mobile => PushDevice::Mobile,
            DeviceType::Desktop => PushDevice::Desktop,
        };
        caller.run(RequestKind::Direct, RegisterPush { channel, device }).await?;
        Ok(true)
    }

    /// Either by endpoint or by fcmToken. True also if there is none.
    async fn remove_push_subscription(
        &self,
        ctx: &Context<'_>,
        endpoint: Option<String>,
        fcm_token: Option<String>,
    ) -> Result<bool> {
        let caller = caller(ctx)?;
        let address = match (endpoint, fcm_token) {
            (Some(given), None) => PushAddress::WebPush(PushEndpoint { endpoint: endpoint_of(&given)? }),
            (None, Some(token)) => PushAddress::Fcm(FcmToken { token }),
            (Some(_), Some(_)) | (None, None) => return Err(one_of("endpoint", "fcmToken").into()),
        };
        caller.run(RequestKind::Direct, RemovePush::one(address)).await?;
        Ok(true)
    }
}

fn one_of(one: &str, other: &str) -> Refusal {
    Refusal::bad_input(other, format!("exactly one of {one} and {other}"))
}

fn web_push(given: &WebPushInput) -> Result<WebPush, Refusal> {
    let endpoint = endpoint_of(&given.endpoint)?;
    let point = BASE64.decode(&given.p256dh).ok().filter(|bytes| bytes.len() == 65);
    let point = point.filter(|bytes| PublicKey::from_sec1_bytes(bytes).is_ok());
    let point = point.ok_or_else(|| Refusal::bad_input("p256dh", "not a point of P-256, in base64url"))?;
    let auth = BASE64.decode(&given.auth).ok().filter(|bytes| bytes.len() == 16);
    let auth = auth.ok_or_else(|| Refusal::bad_input("auth", "not 16 bytes in base64url"))?;
    Ok(WebPush { endpoint, p256dh: BASE64.encode(point), auth: BASE64.encode(auth) })
}

/// The URL of a push service, in the form in which it is compared.
fn endpoint_of(given: &str) -> Result<String, Refusal> {
    let refused = |detail: &str| Err(Refusal::bad_input("endpoint", detail));
    if given.len() > ENDPOINT_BYTES {
        return refused("longer than 1024 bytes");
    }
    let Ok(url) = Url::parse(given) else { return refused("not a URL") };
    if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
        return refused("not an https URL without a user");
    }
    match url.host() {
        Some(Host::Domain(host)) if is_public_name(host) => Ok(url.into()),
        Some(Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_)) | None => {
            refused("not at a public name of a host")
        }
    }
}

/// Whether a name has a dot and does not end as a local one. A trailing dot is not counted.
fn is_public_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    host.rsplit_once('.').is_some_and(|(before, last)| !before.is_empty() && !LOCAL.contains(&last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_at_public_names_over_https() {
        for (given, kept) in [
            ("https://fcm.googleapis.com/fcm/send/a:b", Some("https://fcm.googleapis.com/fcm/send/a:b")),
            ("https://Push.Example:443/x?y=1", Some("https://push.example/x?y=1")),
            ("https://web.push.example./x", Some("https://web.push.example./x")),
            ("http://push.example/x", None),
            ("https://user@push.example/x", None),
            ("https://127.0.0.1/x", None),
            ("https://0x7f000001/x", None),
            ("https://2130706433/x", None),
            ("https://[::1]/x", None),
            ("https://localhost/x", None),
            ("https://localhost./x", None),
            ("https://push/x", None),
            ("https://push.localhost/x", None),
            ("https://printer.local/x", None),
            ("https://metadata.google.internal/x", None),
            ("https://./x", None),
            ("wss://push.example/x", None),
            ("push.example", None),
            ("", None),
        ] {
            assert_eq!(endpoint_of(given).ok().as_deref(), kept, "{given}");
        }
        assert!(endpoint_of(&format!("https://push.example/{}", "x".repeat(1_004))).is_err());
    }

    #[test]
    fn keys_are_a_point_and_sixteen_bytes() {
        let generator =
            "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";
        let compressed = "A2sX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKW";
        let auth = "AAAAAAAAAAAAAAAAAAAAAA";
        let kept = |p256dh: &str, auth: &str| {
            let endpoint = "https://push.example/x".to_owned();
            let given = WebPushInput { endpoint, p256dh: p256dh.to_owned(), auth: auth.to_owned() };
            web_push(&given).map_err(|refusal| refusal.field.expect("a field"))
        };
        let web = kept(&format!("{generator}="), &format!("{auth}==")).expect("keys");
        assert_eq!((web.p256dh.as_str(), web.auth.as_str()), (generator, auth), "without padding");
        let beside = format!("{}A", &generator[..86]);
        for p256dh in
            [compressed, "", "BGsX", &generator[..86], &beside, &"A".repeat(87), &generator.replace('-', "+")]
        {
            assert_eq!(kept(p256dh, auth).err().as_deref(), Some("p256dh"), "{p256dh}");
        }
        for auth in ["", "AAAA", &"A".repeat(24), "????????????????????AA"] {
            assert_eq!(kept(generator, auth).err().as_deref(), Some("auth"), "{auth}");
        }
    }
}
