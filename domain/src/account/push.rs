//! Push subscriptions of the user: bounded, one for each address.
//!
//! Invariant: the fold checks the form of addresses and keys. Whether a key is a point of its curve and a host may
//! be called is checked before the log.

use fold::{Decision, Purpose};
use schemas::code::Refusal;
use schemas::position::LogTime;
use schemas::push::{PushChannel, PushSubscription, PushSubscriptions, RegisterPush, RemovePush, WebPush};
use schemas::rows::RowKey;
use schemas::verdict::Outcome;

use super::{Account, Accounts};
use crate::operation::{Context, NoEffect, Operation, Past, holds};

/// Longest endpoint or token, in bytes.
const ADDRESS_BYTES: usize = 1_024;
/// 65 bytes in base64url.
const POINT_CHARACTERS: usize = 87;
/// 16 bytes in base64url.
const AUTH_CHARACTERS: usize = 22;
/// A registration that changes nothing is not noted again within a day, in milliseconds.
const NOTED_MS: i64 = 24 * 60 * 60 * 1_000;

impl Operation<Accounts> for RegisterPush {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![RowKey::of::<PushSubscriptions>(&())]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        check(&self.channel)?;
        let mut all = used(context);
        let address = self.channel.address();
        if let Some(place) = all.iter().position(|one| one.channel.address() == address) {
            let before = all.remove(place);
            if is_same(self, &before) && context.at - before.used_at < NOTED_MS {
                return Err(NoEffect::Nothing);
            }
        }
        if all.len() >= PushSubscriptions::MOST {
            return Err(Refusal::limit_reached("push_subscriptions", "too many push subscriptions").into());
        }
        all.push(PushSubscription {
            channel: self.channel.clone(),
            device: self.device,
            used_at: context.at,
        });
        let mut effect = context.effect();
        effect.row(&(), PushSubscriptions { all });
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let stands = kept(past.owner).and_then(|all| all.of(&self.channel.address()));
        holds(stands.is_some_and(|stands| is_same(self, stands)))
    }
}

impl Operation<Accounts> for RemovePush {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![RowKey::of::<PushSubscriptions>(&())]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let before = context.row::<PushSubscriptions>(&()).map_or(&[][..], |row| &row.all);
        let all: Vec<PushSubscription> = before.iter().filter(|one| !removes(self, one)).cloned().collect();
        if all.len() == before.len() {
            return Err(NoEffect::Nothing);
        }
        let mut effect = context.effect();
        effect.row(&(), PushSubscriptions { all });
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        holds(!kept(past.owner).is_some_and(|row| row.all.iter().any(|one| removes(self, one))))
    }
}

fn kept(account: &Account) -> Option<&PushSubscriptions> {
    account.get::<PushSubscriptions>(&())
}

/// Subscriptions that were used lately.
fn used(context: &Context<'_, Accounts>) -> Vec<PushSubscription> {
    let since: LogTime = context.at - PushSubscriptions::UNUSED_MS;
    let all = context.row::<PushSubscriptions>(&()).map_or(&[][..], |row| &row.all);
    all.iter().filter(|one| one.used_at > since).cloned().collect()
}

fn is_same(asked: &RegisterPush, stands: &PushSubscription) -> bool {
    asked.channel == stands.channel && asked.device == stands.device
}

fn removes(asked: &RemovePush, stands: &PushSubscription) -> bool {
    asked.named.as_ref().is_none_or(|named| named.address == stands.channel.address())
}

/// Refuses addresses and keys that no subscription has.
pub fn check(channel: &PushChannel) -> Result<(), Refusal> {
    match channel {
        PushChannel::WebPush(WebPush { endpoint, p256dh, auth }) => {
            if !is_address(endpoint) || !endpoint.starts_with("https://") {
                return Err(Refusal::bad_input("endpoint", "not an https URL of at most 1024 characters"));
            }
            if !is_base64url(p256dh, POINT_CHARACTERS) {
                return Err(Refusal::bad_input("p256dh", "not 65 bytes in base64url"));
            }
            if !is_base64url(auth, AUTH_CHARACTERS) {
                return Err(Refusal::bad_input("auth", "not 16 bytes in base64url"));
            }
        }
        PushChannel::Fcm(token) if !is_address(&token.token) => {
            return Err(Refusal::bad_input("fcmToken", "not a token of at most 1024 characters"));
        }
        PushChannel::Fcm(_) => {}
    }
    Ok(())
}

fn is_address(text: &str) -> bool {
    (1..=ADDRESS_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_base64url(text: &str, characters: usize) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    text.len() == characters && text.bytes().all(is_digit)
}
