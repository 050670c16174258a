//! Who is notified by push, when it is quiet, and what a push says.

use musclemap_domain::pushing::{
    LATE_MS, Language, Notification, Recipient, Shown, Withheld, decide, is_quiet, notification, notifies,
    without_content,
};
use schemas::attaching::{AttachedFile, FileRole};
use schemas::blocking::{BlockInterval, Blocks, PairBlocks};
use schemas::creating::{ConversationKind, Opened};
use schemas::membership::{Member, MembershipInterval, Role};
use schemas::message::{Body, Content, Mentions, Message, Note, NoteKind, Removed, Text};
use schemas::message_requests::{MessageRequest, RequestState};
use schemas::notifications::{Notifications, QuietHours};
use schemas::organizing::{NotificationLevel, Organized};
use schemas::people::Profile;
use schemas::position::LogTime;
use schemas::receipts::{Reached, Watermarks};
use schemas::sending::MessageCreated;
use schemas::uploading::{Sound, StoredFile};
use schemas::{ConversationFact, UserId};

const NOW: LogTime = 1_800_000_000_000;

fn profile(name: &str) -> Profile {
    Profile {
        user: name.parse().unwrap(),
        username: name.to_owned(),
        display_name: format!("{}{}", name[..1].to_uppercase(), &name[1..]),
        avatar_url: None,
    }
}

/// Ann's message 5, sent two seconds ago.
fn message(body: Body) -> Message {
    Message {
        seq: 5,
        position: 50,
        sent_at: NOW - 2_000,
        sender: profile("ann"),
        client_id: None,
        reply_to: None,
        mentions: Mentions::default(),
        recipients: 2,
        body,
    }
}

fn interval(from: i64, to: Option<i64>) -> MembershipInterval {
    MembershipInterval { from, to, first_seq: 1, first_ordinal: 0 }
}

/// What is known of Bob, and changed by a case.
struct Known {
    user: UserId,
    member: Member,
    marks: Watermarks,
    blocks: PairBlocks,
    is_served: bool,
    is_first: bool,
    notifications: Notifications,
    organized: Organized,
    message: Message,
    now: LogTime,
}

impl Known {
    fn new() -> Self {
        let member = Member {
            role: Role::Member,
            joined_at: 0,
            intervals: vec![interval(1, None)],
            marks: Watermarks::default(),
            request: None,
        };
        Self {
            user: "bob".parse().unwrap(),
            member,
            marks: Watermarks::default(),
            blocks: PairBlocks::default(),
            is_served: true,
            is_first: false,
            notifications: Notifications::default(),
            organized: Organized::default(),
            message: message(Body::text("hi")),
            now: NOW,
        }
    }

    fn decide(&self) -> Result<(), Withheld> {
        let recipient = Recipient {
            user: &self.user,
            member: &self.member,
            marks: self.marks,
            blocks: &self.blocks,
            is_served: self.is_served,
            is_first: self.is_first,
            notifications: &self.notifications,
            organized: &self.organized,
        };
        decide(&self.message, &recipient, self.now)
    }
}

fn blocked(from: LogTime, to: Option<LogTime>) -> Blocks {
    Blocks { intervals: vec![BlockInterval { from, to }] }
}

fn request(state: RequestState) -> Option<MessageRequest> {
    Some(MessageRequest { state, by: "ann".parse().unwrap(), at: 0 })
}

#[test]
fn a_push_is_withheld_for_one_reason_or_sent() {
    type Change = fn(&mut Known);
    let cases: [(&str, Change, Result<(), Withheld>); 31] = [
        ("nothing said", |_| {}, Ok(())),
        ("the sender", |k| k.user = "ann".parse().unwrap(), Err(Withheld::Own)),
        ("has left", |k| k.member.intervals = vec![interval(1, Some(60))], Err(Withheld::Absent)),
        ("came later", |k| k.member.intervals = vec![interval(51, None)], Err(Withheld::Absent)),
        ("came with it", |k| k.member.intervals = vec![interval(50, None)], Ok(())),
        (
            "left before and returned after",
            |k| k.member.intervals = vec![interval(1, Some(49)), interval(51, None)],
            Err(Withheld::Absent),
        ),
        ("blocks the sender", |k| k.blocks.by_user = blocked(0, None), Err(Withheld::Blocked)),
        ("is blocked", |k| k.blocks.by_other = blocked(0, None), Err(Withheld::Blocked)),
        ("blocked since", |k| k.blocks.by_user = blocked(NOW - 1, None), Err(Withheld::Blocked)),
        ("unblocked since", |k| k.blocks.by_user = blocked(0, Some(NOW - 1_000)), Err(Withheld::Blocked)),
        ("unblocked before", |k| k.blocks.by_user = blocked(0, Some(NOW - 2_000)), Ok(())),
        ("banned or erased", |k| k.is_served = false, Err(Withheld::NotServed)),
        (
            "deleted",
            |k| k.message.body = Body::Removed(Removed { at: NOW, is_hidden: false }),
            Err(Withheld::NoContent),
        ),
        (
            "a note",
            |k| k.message.body = Body::Note(Note::new(NoteKind::Left, vec![])),
            Err(Withheld::NoContent),
        ),
        ("acknowledged", |k| k.marks.delivered = Reached { up_to: 5, at: NOW }, Err(Withheld::Acknowledged)),
        ("read", |k| k.marks.read = Reached { up_to: 6, at: NOW }, Err(Withheld::Acknowledged)),
        ("acknowledged the one before", |k| k.marks.delivered = Reached { up_to: 4, at: NOW }, Ok(())),
        ("an hour old", |k| k.message.sent_at = NOW - LATE_MS, Ok(())),
        ("older", |k| k.message.sent_at = NOW - LATE_MS - 1, Err(Withheld::Late)),
        ("off", |k| k.notifications.messaging_enabled = false, Err(Withheld::Off)),
        (
            "sound and preview off",
            |k| {
                k.notifications.messaging_sound = false;
                k.notifications.messaging_preview = false;
            },
            Ok(()),
        ),
        ("muted", |k| k.organized.muted_until = NOW + 1, Err(Withheld::Muted)),
        ("muted for good", |k| k.organized.muted_until = Organized::FOR_GOOD, Err(Withheld::Muted)),
        ("muted until now", |k| k.organized.muted_until = NOW, Ok(())),
        ("level NONE", |k| k.organized.level = NotificationLevel::None, Err(Withheld::Level)),
        ("level MENTIONS", |k| k.organized.level = NotificationLevel::Mentions, Err(Withheld::Level)),
        (
            "mentioned",
            |k| {
                k.organized.level = NotificationLevel::Mentions;
                k.message.mentions.people = vec![profile("carl"), profile("bob")];
            },
            Ok(()),
        ),
        (
            "mentioned with all",
            |k| {
                k.organized.level = NotificationLevel::Mentions;
                k.message.mentions.all = true;
            },
            Ok(()),
        ),
        ("a request", |k| k.member.request = request(RequestState::Open), Err(Withheld::Request)),
        (
            "the first of a request",
            |k| {
                k.member.request = request(RequestState::Open);
                k.is_first = true;
            },
            Ok(()),
        ),
        // 2027-01-15 08:00 in UTC.
        (
            "quiet hours",
            |k| {
                k.notifications.quiet_hours = Some(QuietHours { start: 7 * 60, end: 9 * 60 });
            },
            Err(Withheld::QuietHours),
        ),
    ];
    for (name, change, expected) in cases {
        let mut known = Known::new();
        change(&mut known);
        assert_eq!(known.decide(), expected, "{name}");
    }
}

#[test]
fn reasons_have_labels_of_their_own() {
    let mut labels = Withheld::ALL.map(Withheld::label).to_vec();
    labels.sort_unstable();
    labels.dedup();
    assert_eq!(labels.len(), Withheld::ALL.len());
}

#[test]
fn new_messages_of_users_notify_and_nothing_else_does() {
    let created = |body| ConversationFact::from(MessageCreated { message: message(body) });
    assert!(notifies(&created(Body::text("hi"))).is_some());
    assert!(notifies(&created(Body::Note(Note::new(NoteKind::Left, vec![])))).is_none());
    let edited = schemas::editing::MessageEdited { message: message(Body::text("hi")) };
    assert!(notifies(&edited.into()).is_none());
}

/// Milliseconds of a time that is written as in RFC 3339.
fn at(text: &str) -> LogTime {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

#[test]
fn quiet_hours_follow_the_wall_clock_over_midnight_and_changes_of_the_clock() {
    let night = (22 * 60, 7 * 60);
    for (zone, (start, end), time, expected) in [
        ("UTC", night, "2027-01-15T21:59:59Z", false),
        ("UTC", night, "2027-01-15T22:00:00Z", true),
        ("UTC", night, "2027-01-16T00:00:00Z", true),
        ("UTC", night, "2027-01-16T06:59:59Z", true),
        ("UTC", night, "2027-01-16T07:00:00Z", false),
        ("UTC", (13 * 60, 14 * 60), "2027-01-15T13:30:00Z", true),
        ("UTC", (13 * 60, 14 * 60), "2027-01-15T14:00:00Z", false),
        // Berlin is an hour ahead, and two from 2027-03-28 01:00 in UTC to 2027-10-31 01:00.
        ("Europe/Berlin", night, "2027-03-27T20:59:00Z", false),
        ("Europe/Berlin", night, "2027-03-27T21:00:00Z", true),
        ("Europe/Berlin", night, "2027-03-28T04:59:00Z", true),
        ("Europe/Berlin", night, "2027-03-28T05:00:00Z", false),
        ("Europe/Berlin", night, "2027-03-28T20:00:00Z", true),
        ("Europe/Berlin", night, "2027-10-31T05:59:00Z", true),
        ("Europe/Berlin", night, "2027-10-31T06:00:00Z", false),
        // 02:00 to 03:00 is skipped in spring, and is there twice in autumn.
        ("Europe/Berlin", (2 * 60, 3 * 60), "2027-03-28T00:59:00Z", false),
        ("Europe/Berlin", (2 * 60, 3 * 60), "2027-03-28T01:00:00Z", false),
        ("Europe/Berlin", (2 * 60, 3 * 60), "2027-10-31T00:30:00Z", true),
        ("Europe/Berlin", (2 * 60, 3 * 60), "2027-10-31T01:30:00Z", true),
        ("Europe/Berlin", (2 * 60, 3 * 60), "2027-10-31T02:00:00Z", false),
        // New York changes on 2027-03-14 at 07:00 in UTC and on 2027-11-07 at 06:00.
        ("America/New_York", night, "2027-03-14T11:00:00Z", false),
        ("America/New_York", night, "2027-03-14T10:59:00Z", true),
        ("America/New_York", night, "2027-03-13T11:59:00Z", true),
        ("America/New_York", night, "2027-11-07T11:59:00Z", true),
        ("America/New_York", night, "2027-11-07T12:00:00Z", false),
        // Lord Howe changes by half an hour: 11:00 ahead in summer, 10:30 in winter.
        ("Australia/Lord_Howe", night, "2027-01-15T10:59:00Z", false),
        ("Australia/Lord_Howe", night, "2027-01-15T11:00:00Z", true),
        ("Australia/Lord_Howe", night, "2027-07-15T11:29:00Z", false),
        ("Australia/Lord_Howe", night, "2027-07-15T11:30:00Z", true),
        // No change of the clock, and a quarter of an hour.
        ("Asia/Kathmandu", night, "2027-01-15T16:14:00Z", false),
        ("Asia/Kathmandu", night, "2027-01-15T16:15:00Z", true),
        ("Asia/Kathmandu", night, "2027-01-16T01:14:00Z", true),
        ("Asia/Kathmandu", night, "2027-01-16T01:15:00Z", false),
        // A zone that this build does not know has the clock of UTC.
        ("Mars/Phobos", night, "2027-01-15T22:00:00Z", true),
    ] {
        let quiet_hours = Some(QuietHours { start, end });
        let settings = Notifications { quiet_hours, time_zone: zone.to_owned(), ..Notifications::default() };
        assert_eq!(is_quiet(&settings, at(time)), expected, "{zone} {start} {end} {time}");
    }
    assert!(!is_quiet(&Notifications::default(), NOW));
}

fn opened(kind: ConversationKind, title: Option<&str>) -> Opened {
    Opened {
        kind,
        title: title.map(str::to_owned),
        description: None,
        announcements_only: false,
        avatar: None,
        by: "ann".parse().unwrap(),
        at: 0,
        charge: 0,
    }
}

fn file(content_type: &str) -> AttachedFile {
    AttachedFile {
        attachment: "00000000000000000000000000000001".parse().unwrap(),
        uploader: "ann".parse().unwrap(),
        file_name: "plan".to_owned(),
        file: StoredFile {
            content_type: content_type.to_owned(),
            byte_size: 1,
            width: None,
            height: None,
            has_thumbnail: false,
            placeholder: None,
            sound: None,
        },
        role: FileRole::File,
    }
}

fn voice(duration_ms: i32) -> Body {
    let mut recording = file("audio/webm");
    recording.role = FileRole::Voice;
    recording.file.sound = Some(Sound { duration_ms, peaks: vec![9; 64] });
    Body::Text(Text { attachments: vec![recording], ..Text::new(Content::plain("")) })
}

fn with_files(text: &str, files: &[&str]) -> Body {
    let attachments = files.iter().map(|content_type| file(content_type)).collect();
    Body::Text(Text { attachments, ..Text::new(Content::plain(text)) })
}

#[test]
fn a_push_says_who_wrote_what() {
    let sealed = Content { text: "c2VhbGVk".to_owned(), key_id: Some("k".to_owned()) };
    for (body, direct, group) in [
        (Body::text("hi"), "hi", "Ann: hi"),
        (with_files("look", &["image/png"]), "look", "Ann: look"),
        (with_files("", &["image/png"]), "Photo", "Ann: Photo"),
        (with_files("", &["image/png", "image/jpeg"]), "2 photos", "Ann: 2 photos"),
        (with_files("", &["application/pdf"]), "File", "Ann: File"),
        (with_files("", &["image/png", "application/pdf"]), "2 files", "Ann: 2 files"),
        (with_files("", &["audio/webm"]), "File", "Ann: File"),
        (voice(12_400), "Voice message 0:12", "Ann: Voice message 0:12"),
        (voice(20), "Voice message 0:01", "Ann: Voice message 0:01"),
        (voice(119_800), "Voice message 2:00", "Ann: Voice message 2:00"),
        (Body::Text(Text::new(sealed)), "New message", "New message"),
        (Body::Removed(Removed { at: 0, is_hidden: false }), "New message", "New message"),
        (Body::Note(Note::new(NoteKind::Left, vec![])), "New message", "New message"),
    ] {
        let message = message(body);
        for (about, title, text) in [
            (opened(ConversationKind::Direct, None), "Ann", direct),
            (opened(ConversationKind::Group, Some("Lifters")), "Lifters", group),
            (opened(ConversationKind::Group, None), "Ann", group),
        ] {
            let language = Language::En;
            let shown = Shown { about: &about, message: &message, count: 1, with_content: true, language };
            let said = notification(&shown);
            assert_eq!((said.title.as_str(), said.body.as_str()), (title, text));
            let hidden = Notification { title: title.to_owned(), body: "New message".to_owned() };
            assert_eq!(notification(&Shown { with_content: false, ..shown }), hidden);
            assert_eq!(without_content(&shown), hidden);
        }
    }
}

#[test]
fn a_recording_has_a_name_in_every_language() {
    let (about, message) = (opened(ConversationKind::Direct, None), message(voice(61_000)));
    let names = Language::ALL.map(|language| {
        notification(&Shown { about: &about, message: &message, count: 1, with_content: true, language }).body
    });
    assert_eq!(
        names,
        [
            "Voice message 1:01",
            "Sprachnachricht 1:01",
            "Mensaje de voz 1:01",
            "Message vocal 1:01",
            "Mensagem de voz 1:01",
            "ボイスメッセージ 1:01",
            "음성 메시지 1:01",
            "语音消息 1:01",
        ]
    );
}

#[test]
fn numbers_have_the_form_of_each_language() {
    let (about, message) = (opened(ConversationKind::Direct, None), message(Body::text("hi")));
    let body = |language, count, with_content| {
        notification(&Shown { about: &about, message: &message, count, with_content, language }).body
    };
    for (locale, one, two, many) in [
        ("en-GB", "New message", "2 new messages", "21 new messages"),
        ("de", "Neue Nachricht", "2 neue Nachrichten", "21 neue Nachrichten"),
        ("es-419", "Mensaje nuevo", "2 mensajes nuevos", "21 mensajes nuevos"),
        ("fr", "Nouveau message", "2 nouveaux messages", "21 nouveaux messages"),
        ("pt-BR", "Nova mensagem", "2 novas mensagens", "21 novas mensagens"),
        ("ja", "新しいメッセージ", "新しいメッセージ2件", "新しいメッセージ21件"),
        ("ko", "새 메시지", "새 메시지 2개", "새 메시지 21개"),
        ("zh-Hant-TW", "新消息", "2条新消息", "21条新消息"),
        ("tlh", "New message", "2 new messages", "21 new messages"),
    ] {
        let language = Language::of(locale);
        assert_eq!(body(language, 1, false), one);
        for with_content in [true, false] {
            assert_eq!(body(language, 2, with_content), two);
            assert_eq!(body(language, 21, with_content), many);
        }
        assert_eq!(body(language, 1, true), "hi");
    }
    let mut codes = Language::ALL.map(Language::code).to_vec();
    codes.dedup();
    assert_eq!(codes.len(), 8);
}

#[test]
fn long_texts_are_cut_between_characters_as_they_are_seen() {
    let about = opened(ConversationKind::Direct, None);
    let said = |text: &str| {
        let message = message(Body::text(text));
        let language = Language::En;
        notification(&Shown { about: &about, message: &message, count: 1, with_content: true, language }).body
    };
    assert_eq!(said(&"a".repeat(240)), "a".repeat(240));
    assert_eq!(said(&"a".repeat(241)), format!("{}…", "a".repeat(240)));
    // A family is one character of 25 bytes.
    let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
    assert_eq!(said(&family.repeat(41)), format!("{}…", family.repeat(40)));
    let tower = format!("e{}", "\u{301}".repeat(1_000));
    assert_eq!(said(&tower), "…");
}
