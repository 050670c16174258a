//! Records of the commands topic, as tests write them.

use musclemap_platform::ports::Record;
use musclemap_platform::runner::checkpoint::Checkpoint;
use schemas::avro;
use schemas::charging::{Charge, ChargeKind};
use schemas::control::{Control, Limit, Limits, Policy, PolicyVersion, Prices};
use schemas::flags::Features;
use schemas::gifs::{GifRating, GifRules};
use schemas::moderation::Moderation;
use schemas::position::{Cause, EPOCH, Number, Offset, Partition};
use schemas::record::{CHARGE_HEADER, ID_HEADER, ONCE_HEADER, REPLY_HEADER};
use schemas::{ClientId, ConversationKey, UserId};

/// The partition whose core is tested.
pub const PARTITION: Partition = 4;

pub fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

/// A command of a client who waits for the answer to the request of the same number.
pub fn command(offset: Offset, owner: &str, request: &str) -> Record {
    let record = Record {
        partition: PARTITION,
        offset,
        time: 1_000 * offset,
        key: Some(owner.to_owned().into()),
        headers: vec![],
        value: request.to_owned().into(),
    };
    with_header(record, REPLY_HEADER, format!("0.{offset}").as_bytes())
}

pub fn with_header(mut record: Record, name: &str, value: &[u8]) -> Record {
    record.headers.push((name.to_owned(), value.to_vec().into()));
    record
}

/// Output `index` of the command at `offset` of the other machine's partition.
pub fn caused_by(record: Record, partition: Partition, offset: Offset, index: i32) -> Record {
    let cause = Cause { epoch: EPOCH, partition, number: Number { offset, index } };
    with_header(record, ID_HEADER, cause.to_header().as_bytes())
}

/// Something that ann has paid for.
pub fn charged(record: Record, position: Offset) -> Record {
    let charge = Charge {
        user: user("ann"),
        client_id: Some(ClientId::from_bytes([0; 16])),
        kind: ChargeKind::Send,
        conversation: ConversationKey::new([7; 32]).direct(&user("ann"), &user("bob")),
        position,
        at: 0,
        price_milli: 100,
        attachments: vec![],
        template: None,
        flagged: None,
    };
    with_header(record, CHARGE_HEADER, &avro::encode(&charge))
}

/// Something that may have its effect once, under a key.
pub fn once(record: Record, key: &str) -> Record {
    with_header(record, ONCE_HEADER, key.as_bytes())
}

/// A policy that can be told by its price, as version and price.
fn policy(version: i64) -> PolicyVersion {
    let wide = Limit { count: 1, seconds: 1 };
    let limits = Limits {
        send: wide,
        create_conversation: wide,
        identical_text: wide,
        identical_text_conversations: wide,
        group_members: 1,
        message_characters: 1,
        edit_window_seconds: 1,
        edits_per_message: 1,
        suspension_seconds: 1,
        edit: wide,
        react: wide,
        report: wide,
        emoji_per_message: 1,
        pins_per_conversation: 1,
        forward_conversations: 1,
        change_members: wide,
        block: wide,
        upload: Limit { count: 5, seconds: 2 },
        attachment_bytes: 1_000,
        attachments_per_message: 10,
        voice_seconds: 120,
        templates: 200,
        sticker_pack: wide,
        own_sticker_packs: 1,
        added_sticker_packs: 1,
        stickers_per_pack: 1,
        translate: wide,
    };
    let prices = Prices { message_per_recipient: version };
    let features = Features { flags: vec![] };
    PolicyVersion {
        version,
        policy: Policy {
            prices,
            limits,
            features,
            moderation: Moderation::default(),
            gifs: GifRules { rating: GifRating::G },
        },
    }
}

pub fn control(offset: Offset, version: Option<i64>, rules: Option<i32>) -> Record {
    let control = Control { policy: version.map(policy), rules };
    Record { key: None, headers: vec![], value: avro::encode(&control).into(), ..command(offset, "", "") }
}

/// The start of the log, with version 1 of the policy in force.
pub fn start() -> Checkpoint {
    Checkpoint { policy: Some(policy(1)), ..Checkpoint::default() }
}
