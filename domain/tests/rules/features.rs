//! Features that a policy switches: decided by the machine that is asked.

use expect_test::expect;
use musclemap_domain::{Accounts, Conversations};
use schemas::charging::ChargeKind::{Edit, Send};
use schemas::control::Policy;
use schemas::creating::ConversationKind::Group;
use schemas::editing::{EditMessage, SubmitEdit};
use schemas::flags::{Flag, FlagRule};
use schemas::operations::{AcknowledgeDelivery, ClosePoll, PinMessage, UnpinMessage, VotePoll};
use schemas::record::Envelope;
use schemas::rows::Usage;
use schemas::verdict::Outcome;

use crate::forwarding::forwarding;
use crate::harness::Harness;
use crate::names::{asked, charge, conversation, edit, paid, post, profile, sent, user};
use crate::polling::{asking, creating, lunch};
use crate::render::Table;

fn rule(policy: &mut Policy, flag: Flag) -> &mut FlagRule {
    policy.features.flags.iter_mut().find(|rule| rule.key == flag.key()).unwrap()
}

fn of_tier(tier: &str) -> Envelope {
    Envelope { tier: Some(tier.parse().unwrap()), ..asked() }
}

/// Of a message of their own.
fn edit_by(actor: &str) -> EditMessage {
    edit(actor, sent(1, actor, 1, 1_500), "two")
}

#[test]
fn an_account_refuses_what_its_user_does_not_have_and_counts_nothing() {
    let (mut table, mut ann) = (Table::default(), Harness::<Accounts>::ann(0));
    let submit = || SubmitEdit { conversation: conversation(1), edit: edit_by("ann") }.into();
    rule(&mut ann.policy, Flag::MessageEditing).tiers = vec!["premium".to_owned()];
    table.answer("without a tier", &ann.asks(0, submit()));
    table.answer("of another tier", &ann.takes(0, of_tier("free"), submit()));
    assert_eq!(ann.row::<Usage>(&"edit".to_owned()), None);
    assert!(matches!(ann.takes(0, of_tier("premium"), submit()).verdict(), Outcome::Accepted(_)));
    rule(&mut ann.policy, Flag::MessageEditing).off = true;
    table.answer("switched off", &ann.takes(0, of_tier("premium"), submit()));
    rule(&mut ann.policy, Flag::MessageEditing).off = false;
    rule(&mut ann.policy, Flag::MessageEditing).users = vec![user("ann")];
    assert!(matches!(ann.asks(0, submit()).verdict(), Outcome::Accepted(_)));
    ann.policy.features.flags.clear();
    table.answer("a policy that does not have the flag", &ann.asks(0, submit()));
    table.is(expect![[r#"
        without a tier: FEATURE_DISABLED (messaging.message_editing is not enabled)
        of another tier: FEATURE_DISABLED (messaging.message_editing is not enabled)
        switched off: FEATURE_DISABLED (messaging.message_editing is not enabled)
        a policy that does not have the flag: FEATURE_DISABLED (messaging.message_editing is not enabled)
    "#]]);
}

#[test]
fn a_forward_is_switched_by_its_flag_alone() {
    let mut ann = Harness::<Accounts>::ann(1_000);
    rule(&mut ann.policy, Flag::MessageForwarding).off = true;
    let forward = || forwarding(1, &[1], None).into();
    assert_eq!(ann.asks(0, forward()).refused_with(), "FEATURE_DISABLED");
    rule(&mut ann.policy, Flag::MessageForwarding).off = false;
    assert!(matches!(ann.asks(0, forward()).verdict(), Outcome::Done(_)));
}

#[test]
fn a_poll_is_switched_by_its_flag_alone() {
    let mut ann = Harness::<Accounts>::ann(1_000);
    rule(&mut ann.policy, Flag::Polls).off = true;
    let create = || creating(1, lunch(), 1).into();
    assert_eq!(ann.asks(0, create()).refused_with(), "FEATURE_DISABLED");
    rule(&mut ann.policy, Flag::Polls).off = false;
    assert!(matches!(ann.asks(0, create()).verdict(), Outcome::Accepted(_)));
}

#[test]
fn a_conversation_asks_for_the_user_of_a_direct_request_and_passes_what_an_account_has_decided() {
    let mut k1 = Harness::<Conversations>::opened(1_000, Group, &["bob"]);
    k1.takes(1_500, paid(charge(1, Send, 5)), post("bob", 1, "one"));
    for flag in Flag::ALL {
        rule(&mut k1.policy, *flag).percentage = 0;
    }
    let acknowledge = |name| AcknowledgeDelivery { user: user(name), up_to: 1 }.into();
    assert_eq!(k1.asks(2_000, acknowledge("ann")).refused_with(), "FEATURE_DISABLED");
    let pin = || PinMessage { actor: profile("ann"), message: Box::new(sent(1, "bob", 1, 1_500)) }.into();
    let unpin = || UnpinMessage { actor: profile("ann"), message: Box::new(sent(1, "bob", 1, 1_500)) }.into();
    let poll = || Box::new(asking(sent(1, "bob", 1, 1_500), lunch()));
    let vote = || VotePoll { user: user("ann"), message: poll(), options: vec![0] }.into();
    let close = || ClosePoll { actor: user("ann"), message: poll() }.into();
    for request in [pin(), unpin(), vote(), close()] {
        assert_eq!(k1.asks(2_000, request).refused_with(), "FEATURE_DISABLED");
    }
    rule(&mut k1.policy, Flag::MessagePinning).users = vec![user("ann")];
    assert!(matches!(k1.asks(2_000, pin()).verdict(), Outcome::Done(_)));
    rule(&mut k1.policy, Flag::Polls).users = vec![user("ann")];
    for request in [vote(), close()] {
        assert!(matches!(k1.asks(2_000, request).verdict(), Outcome::Done(_)));
    }
    rule(&mut k1.policy, Flag::DeliveryReceipts).users = vec![user("ann")];
    assert!(matches!(k1.asks(2_000, acknowledge("ann")).verdict(), Outcome::Done(_)));
    let counted = k1.takes(3_000, paid(charge(0, Edit, 9)), edit_by("bob").into());
    assert!(matches!(counted.verdict(), Outcome::Done(_)));
}
