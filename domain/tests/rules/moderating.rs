//! Rules over texts: what they find and what they leave alone, what a refusal tells, what it costs.

mod found;
mod policies;

use expect_test::expect;
use musclemap_domain::{Accounts, Conversations, policy};
use schemas::control::Policy;
use schemas::creating::ConversationKind::Group;
use schemas::editing::{EditMessage, SubmitEdit};
use schemas::message::{Content, Mentions};
use schemas::moderation::{Action, Flagged, Hit, Moderation, ModerationRule, Reason, ServiceRole};
use schemas::operations::SendMessage;
use schemas::polling::Poll;
use schemas::record::Envelope;
use schemas::rows::{Attachment, LedgerEntry, Usage};
use schemas::settings::UpdateConversation;
use schemas::verdict::Outcome;

use crate::forwarding::forwarding;
use crate::harness::Harness;
use crate::names::{
    asked, attachment, conversation, create, profile, send, sending, sent, shipped, upload, user,
};
use crate::polling::{creating, lunch};
use crate::render::Table;
use crate::stickers::{adding, making};

/// A rule that finds nothing yet.
fn rule(id: &str, action: Action) -> ModerationRule {
    ModerationRule {
        id: id.to_owned(),
        action,
        exempt_roles: vec![],
        words: vec![],
        patterns: vec![],
        domains: vec![],
        links: vec![],
        shouting: None,
        mentions_above: None,
    }
}

fn words(id: &str, action: Action, words: &[&str]) -> ModerationRule {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    ModerationRule { words, ..rule(id, action) }
}

fn under(rules: Vec<ModerationRule>) -> Policy {
    Policy { moderation: Moderation::new(vec!["musclemap.com".to_owned()], rules), ..shipped() }
}

/// `ann`, whose texts must not have "steroids".
fn ann() -> Harness<Accounts> {
    let mut ann = Harness::<Accounts>::ann(1_000);
    ann.policy = under(vec![words("drugs", Action::Reject, &["steroids"])]);
    ann
}

fn submit(text: &str) -> SubmitEdit {
    let edit = EditMessage {
        actor: user("ann"),
        message: Box::new(sent(1, "ann", 1, 1_500)),
        content: Content::plain(text),
        mentions: Mentions::default(),
    };
    SubmitEdit { conversation: conversation(1), edit }
}

#[test]
fn a_text_that_is_not_allowed_is_refused_wherever_others_read_it_and_changes_nothing() {
    let (mut table, mut ann) = (Table::default(), ann());
    table.answer("a send", &ann.asks(0, send(1, "buy STEROIDS", 1)));
    table.answer("an edit", &ann.asks(0, submit("my 5ter0id$").into()));
    table.answer("a group", &ann.asks(0, create(Group, 2, &["bob"], Some("Steroids"))));
    table.answer("a comment", &ann.asks(0, forwarding(3, &[1], Some("steroids!")).into()));
    let mut copied = forwarding(4, &[1], None);
    copied.content = Content::plain("steroids");
    table.answer("a copy", &ann.asks(0, copied.into()));
    let words = |question: &str, option: &str| Poll {
        question: Content::plain(question),
        options: [option, "no"].map(Content::plain).to_vec(),
        ..lunch()
    };
    table.answer("a question", &ann.asks(0, creating(6, words("steroids?", "yes"), 1).into()));
    table.answer("an option", &ann.asks(0, creating(7, words("what?", "steroids"), 1).into()));
    table.answer("a file", &ann.asks(0, upload(5, "steroids.jpg").into()));
    table.answer("a pack", &ann.asks(0, making(1, "Steroids", true).into()));
    ann.asks(0, making(2, "Gym", true).into());
    table.answer("a sticker", &ann.asks(0, adding(2, 1, "steroids", None).into()));
    table.answer("a shortcode", &ann.asks(0, adding(2, 1, "fine", Some(":steroids:")).into()));
    let mut k1 = Harness::<Conversations>::opened(1_000, Group, &["bob"]);
    k1.policy = ann.policy.clone();
    let update = |title: Option<&str>, description: Option<&str>| UpdateConversation {
        actor: profile("ann"),
        title: title.map(str::to_owned),
        description: description.map(str::to_owned),
        announcements_only: None,
        avatar: None,
    };
    table.answer("a title", &k1.asks(2_000, update(Some("steroids"), None).into()));
    table.answer("a description", &k1.asks(2_000, update(Some("fine"), Some("steroids")).into()));
    table.is(expect![[r#"
        a send: CONTENT_REJECTED field=content reason=PROHIBITED_TEXT (the text is not allowed)
        an edit: CONTENT_REJECTED field=content reason=PROHIBITED_TEXT (the text is not allowed)
        a group: CONTENT_REJECTED field=title reason=PROHIBITED_TEXT (the text is not allowed)
        a comment: CONTENT_REJECTED field=addComment reason=PROHIBITED_TEXT (the text is not allowed)
        a copy: CONTENT_REJECTED field=messageId reason=PROHIBITED_TEXT (the text is not allowed)
        a question: CONTENT_REJECTED field=question reason=PROHIBITED_TEXT (the text is not allowed)
        an option: CONTENT_REJECTED field=options reason=PROHIBITED_TEXT (the text is not allowed)
        a file: CONTENT_REJECTED field=fileName reason=PROHIBITED_TEXT (the text is not allowed)
        a pack: CONTENT_REJECTED field=name reason=PROHIBITED_TEXT (the text is not allowed)
        a sticker: CONTENT_REJECTED field=name reason=PROHIBITED_TEXT (the text is not allowed)
        a shortcode: CONTENT_REJECTED field=emojiShortcode reason=PROHIBITED_TEXT (the text is not allowed)
        a title: CONTENT_REJECTED field=title reason=PROHIBITED_TEXT (the text is not allowed)
        a description: CONTENT_REJECTED field=description reason=PROHIBITED_TEXT (the text is not allowed)
    "#]]);
    assert_eq!(ann.all::<LedgerEntry>().count(), 1, "the grant alone");
    assert_eq!((ann.state.sends.len(), ann.state.texts.len(), ann.state.creations.len()), (0, 0, 0));
    assert_eq!((ann.row::<Usage>(&"edit".to_owned()), ann.row::<Attachment>(&attachment(5))), (None, None));
    assert!(
        matches!(ann.asks(0, send(1, "buy protein", 1)).verdict(), Outcome::Accepted(_)),
        "the id is free"
    );
}

#[test]
fn a_refusal_tells_the_kind_and_never_the_rule_or_the_word() {
    let refused = ann().asks(0, send(1, "buy steroids", 1));
    let Outcome::Refused(refused) = refused.verdict() else { panic!("not refused") };
    expect![[r#"CONTENT_REJECTED (the text is not allowed), field Some("content"), reason Some(ProhibitedText), limit None"#]].assert_eq(&shown(&refused.refusal));
}

fn shown(refusal: &schemas::Refusal) -> String {
    let schemas::Refusal { code, detail, field, reason, limit, .. } = refusal;
    format!("{} ({detail}), field {field:?}, reason {reason:?}, limit {limit:?}", code.as_str())
}

#[test]
fn a_rule_in_trial_or_that_flags_lets_the_text_pass_and_counts_it() {
    let mut ann = ann();
    ann.policy = under(vec![
        words("trial", Action::Shadow, &["steroids"]),
        words("look", Action::Flag, &["buy *", "steroids"]),
        words("other", Action::Reject, &["doping"]),
    ]);
    let passed = ann.asks(0, send(1, "buy steroids, steroids", 1));
    assert!(matches!(passed.verdict(), Outcome::Accepted(_)));
    let hit = |rule: &str, action| Hit { rule: rule.to_owned(), action };
    let both = vec![hit("trial", Action::Shadow), hit("look", Action::Flag)];
    assert_eq!(passed.decision.hits, both, "each rule once");
    let flagged = Flagged { reason: Reason::ProhibitedText, rules: vec!["look".to_owned()] };
    assert_eq!(passed.charge().flagged, Some(flagged), "the conversation learns of it");
    let refused = ann.asks(0, send(2, "buy steroids for doping", 1));
    assert_eq!(refused.refused_with(), "CONTENT_REJECTED");
    assert_eq!(refused.decision.hits, [both, vec![hit("other", Action::Reject)]].concat());
    let clean = ann.asks(0, send(3, "buying", 1));
    assert_eq!((&clean.decision.hits[..], clean.charge().flagged), (&[][..], None));
}

#[test]
fn a_role_that_a_rule_exempts_passes_it_and_no_other() {
    let mut ann = ann();
    let exempt = vec![ServiceRole::Moderator];
    ann.policy = under(vec![
        ModerationRule { exempt_roles: exempt, ..words("drugs", Action::Reject, &["steroids"]) },
        words("insults", Action::Reject, &["weakling"]),
    ]);
    let of = |roles: &[ServiceRole]| Envelope { roles: roles.to_vec(), ..asked() };
    let moderator = [ServiceRole::Moderator];
    let passed = ann.takes(0, of(&moderator), send(1, "steroids", 1));
    assert!(matches!(passed.verdict(), Outcome::Accepted(_)));
    assert_eq!(passed.decision.hits, vec![]);
    for (id, roles, text) in [
        (2, &moderator[..], "weakling"),
        (3, &[ServiceRole::Admin][..], "steroids"),
        (4, &[][..], "steroids"),
    ] {
        assert_eq!(ann.takes(0, of(roles), send(id, text, 1)).refused_with(), "CONTENT_REJECTED", "{text}");
    }
}

/// A repeat of an accepted send is answered as accepted under a later policy.
#[test]
fn a_repeat_gives_the_first_outcome_under_stricter_rules() {
    let mut ann = ann();
    let strict = std::mem::replace(&mut ann.policy, under(vec![]));
    assert!(matches!(ann.asks(0, send(1, "steroids", 1)).verdict(), Outcome::Accepted(_)));
    ann.policy = strict;
    let again = ann.asks(0, send(1, "steroids", 1));
    assert!(matches!(again.verdict(), Outcome::Accepted(accepted) if accepted.repeated));
    assert_eq!(again.decision.hits, vec![]);
    assert_eq!(ann.asks(0, send(2, "steroids", 1)).refused_with(), "CONTENT_REJECTED");
}

#[test]
fn a_flood_of_mentions_is_counted_by_the_users_that_it_names() {
    let mut ann = ann();
    ann.policy = under(vec![ModerationRule { mentions_above: Some(2), ..rule("flood", Action::Reject) }]);
    let naming = |id: u8, names: &[&str]| {
        let people = names.iter().map(|name| profile(name)).collect();
        SendMessage { mentions: Mentions { people, all: false }, ..sending(id, "hear", 1) }.into()
    };
    assert!(matches!(ann.asks(0, naming(1, &["bob", "eve"])).verdict(), Outcome::Accepted(_)));
    assert_eq!(ann.asks(0, naming(2, &["bob", "eve", "joe"])).refused_with(), "CONTENT_REJECTED");
}

/// Under the rules that are shipped, what people say of their training passes.
#[test]
fn the_shipped_rules_leave_common_texts_alone() {
    let rules = policy::parse(policy::SHIPPED).unwrap().moderation;
    for text in found::COMMON {
        assert_eq!(musclemap_domain::moderation::met(&rules, text, 0), Ok(vec![]), "{text}");
    }
}
