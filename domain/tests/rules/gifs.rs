//! Sends with a GIF: alone or beside a text, never beside files, and kept by the message as it was found.

use expect_test::expect;
use musclemap_domain::{Accounts, Conversations};
use schemas::ConversationFact;
use schemas::charging::ChargeKind::Send;
use schemas::creating::ConversationKind::Group;
use schemas::flags::Flag;
use schemas::gifs::{Gif, GifId, GifSource};
use schemas::operations::{PostMessage, SendMessage};

use crate::harness::Harness;
use crate::names::{attachment, charge, paid, posting, sending};
use crate::render::Table;

pub fn gif(id: &str) -> Gif {
    let named = GifId { source: GifSource::Giphy, id: id.to_owned() };
    Gif { title: "Squat".to_owned(), width: 4, height: 3, ..named.unknown() }
}

fn send(client: i64, text: &str, id: &str) -> SendMessage {
    SendMessage { gif: Some(Box::new(gif(id))), ..sending(client, text, 1) }
}

#[test]
fn a_gif_goes_with_or_without_a_text_and_not_with_files() {
    let (mut table, mut ann) = (Table::default(), Harness::<Accounts>::ann(1_000));
    let alone = ann.asks(1_000, send(1, "", "a").into());
    assert_eq!(alone.posts().next().unwrap().gif.as_deref(), Some(&gif("a")));
    assert_eq!(alone.decision.state.texts, [], "a GIF is not the same text");
    assert_eq!(ann.asks(1_100, send(2, "look", "a").into()).posts().count(), 1);
    table.answer("the id for another", &ann.asks(1_200, send(1, "", "b").into()));
    let mut renamed = send(1, "", "a");
    renamed.gif.as_mut().unwrap().title = "Another title".to_owned();
    let again = ann.asks(1_300, renamed.into());
    assert_eq!(format!("{:?}", again.verdict()), "Accepted(Accepted { repeated: true })", "by its id alone");
    let files = SendMessage { attachments: vec![attachment(1)], ..send(3, "", "a") };
    table.answer("with a file", &ann.asks(1_400, files.into()));
    let flag = Flag::GifSupport.key();
    ann.policy.features.flags.iter_mut().find(|rule| rule.key == flag).unwrap().off = true;
    table.answer("switched off", &ann.asks(1_500, send(4, "", "a").into()));
    table.is(expect![[r#"
        the id for another: IDEMPOTENCY_CONFLICT (this id was used for another request)
        with a file: BAD_USER_INPUT field=gifId (a GIF has neither files nor a sticker beside it)
        switched off: FEATURE_DISABLED (messaging.gif_support is not enabled)
    "#]]);
}

#[test]
fn a_message_keeps_its_gif() {
    let mut k1 = Harness::<Conversations>::opened(1_000, Group, &["bob"]);
    let post = PostMessage { gif: Some(Box::new(gif("a"))), ..posting("ann", 1, "") };
    let posted = k1.takes(2_000, paid(charge(1, Send, 5)), post.into());
    let created = posted.facts().find_map(|fact| match fact {
        ConversationFact::MessageCreated(created) => Some(&created.message),
        _ => None,
    });
    assert_eq!(created.unwrap().body.gif(), Some(&gif("a")));
    assert_eq!(created.unwrap().stub().gif.as_deref(), Some(&gif("a")));
    assert_eq!(created.unwrap().clone().removed(3_000).body.gif(), None);
}
