//! Templates: one for each shortcut, two hundred an account, and how often sends have named each.

use expect_test::expect;
use musclemap_domain::Accounts;
use schemas::charging::Charge;
use schemas::facts::TemplatesChanged;
use schemas::flags::Flag;
use schemas::operations::{DeleteTemplate, SaveTemplate, SendMessage};
use schemas::rows::{Template, Templates};
use schemas::templating::WrittenTemplate;
use schemas::verdict::Outcome;
use schemas::{Refusal, TemplateId};

use crate::harness::Harness;
use crate::names::{asked, creating, refund, sending, template};
use crate::render::Table;

/// `t` and the number.
fn id(template: &TemplateId) -> String {
    format!("t{}", template.as_str().trim_start_matches('0'))
}

/// `template t1: "Hi" named Hello /hi in gym, used 2 times since 1000`.
pub fn words(template: &TemplateId, row: &Template) -> String {
    let Some(WrittenTemplate { name, content, shortcut, category }) = row.written.as_deref() else {
        return format!("template {} removed", id(template));
    };
    let shortcut = shortcut.as_ref().map_or(String::new(), |shortcut| format!(" {shortcut}"));
    let category = category.as_ref().map_or(String::new(), |category| format!(" in {category}"));
    let used = format!("used {} times since {}", row.uses, row.created_at);
    format!("template {}: {content:?} named {name}{shortcut}{category}, {used}", id(template))
}

/// `templates: t1 /hi, t2`.
pub fn marks(row: &Templates) -> String {
    let each = row.all.iter().map(|mark| {
        let shortcut = mark.shortcut.as_ref().map_or(String::new(), |shortcut| format!(" {shortcut}"));
        format!("{}{shortcut}", id(&mark.template))
    });
    format!("templates: {}", each.collect::<Vec<_>>().join(", "))
}

pub fn changed(changed: &TemplatesChanged) -> String {
    format!("template {} {}", id(&changed.template), if changed.removed { "removed" } else { "written" })
}

pub fn written(content: &str, shortcut: Option<&str>) -> WrittenTemplate {
    WrittenTemplate {
        name: "Hello".to_owned(),
        content: content.to_owned(),
        shortcut: shortcut.map(str::to_owned),
        category: None,
    }
}

fn make(number: u8, content: &str, shortcut: Option<&str>) -> SaveTemplate {
    SaveTemplate { template: template(number), is_new: true, written: written(content, shortcut) }
}

fn change(number: u8, content: &str, shortcut: Option<&str>) -> SaveTemplate {
    SaveTemplate { is_new: false, ..make(number, content, shortcut) }
}

fn delete(number: u8) -> DeleteTemplate {
    DeleteTemplate { template: template(number) }
}

fn send(client: i64, text: &str, number: u8) -> SendMessage {
    SendMessage { template: Some(Box::new(template(number))), ..sending(client, text, 1) }
}

fn uses(ann: &Harness<Accounts>, number: u8) -> i32 {
    ann.row::<Template>(&template(number)).unwrap().uses
}

#[test]
fn templates_are_made_written_anew_and_removed() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(0));
    table.case("made", &ann.asks(1_000, make(1, "Hi {name}", Some("/hi")).into()));
    table.answer("made again, under another id", &ann.asks(1_100, make(2, "Hi {name}", Some("/hi")).into()));
    table.case("another of the same name", &ann.asks(1_200, make(3, "Bye", None).into()));
    table.answer("its shortcut is taken", &ann.asks(1_300, make(4, "Hey", Some("/hi")).into()));
    table.answer(
        "a change to a shortcut that is taken",
        &ann.asks(1_400, change(3, "Bye", Some("/hi")).into()),
    );
    table.case("changed", &ann.asks(1_500, change(1, "Hello {name}", Some("/hello")).into()));
    table.answer("changed again", &ann.asks(1_600, change(1, "Hello {name}", Some("/hello")).into()));
    table.answer("made under its id", &ann.asks(1_700, make(1, "Hi {name}", None).into()));
    table.answer("a change of none", &ann.asks(1_800, change(9, "Hi", None).into()));
    table.case("removed", &ann.asks(1_900, delete(1).into()));
    table.answer("removed again", &ann.asks(2_000, delete(1).into()));
    table.answer("a removal of none", &ann.asks(2_100, delete(9).into()));
    table.case("its shortcut is free", &ann.asks(2_200, change(3, "Bye", Some("/hello")).into()));
    table.outcome(
        "the first, repeated",
        ann.repeats(1, asked(), make(1, "Hi {name}", Some("/hi")).into()).as_ref(),
    );
    table.outcome(
        "the last change, repeated",
        ann.repeats(13, asked(), change(3, "Bye", Some("/hello")).into()).as_ref(),
    );
    table.outcome("the removal, repeated", ann.repeats(10, asked(), delete(1).into()).as_ref());
    table.is(expect![[r#"
        made
          done
          row templates: t1 /hi
          row template t1: "Hi {name}" named Hello /hi, used 0 times since 1000
          to account-events ann: template t1 written
             TemplatesChanged id=1.3.1.0 at 1000
        made again, under another id: nothing to do
        another of the same name
          done
          row templates: t1 /hi, t3
          row template t3: "Bye" named Hello, used 0 times since 1200
          to account-events ann: template t3 written
             TemplatesChanged id=1.3.3.0 at 1200
        its shortcut is taken: CONFLICT (another template has this shortcut)
        a change to a shortcut that is taken: CONFLICT (another template has this shortcut)
        changed
          done
          row templates: t1 /hello, t3
          row template t1: "Hello {name}" named Hello /hello, used 0 times since 1000
          to account-events ann: template t1 written
             TemplatesChanged id=1.3.6.0 at 1500
        changed again: nothing to do
        made under its id: IDEMPOTENCY_CONFLICT (this id was used for another template)
        a change of none: NOT_FOUND (not found)
        removed
          done
          row templates: t3
          row template t1 removed
          to account-events ann: template t1 removed
             TemplatesChanged id=1.3.10.0 at 1900
        removed again: nothing to do
        a removal of none: NOT_FOUND (not found)
        its shortcut is free
          done
          row templates: t3 /hello
          row template t3: "Bye" named Hello /hello, used 0 times since 1200
          to account-events ann: template t3 written
             TemplatesChanged id=1.3.13.0 at 2200
        the first, repeated: UNAVAILABLE retryAfterMs=1000 (decided before an interruption)
        the last change, repeated: done
        the removal, repeated: done
    "#]]);
}

#[test]
fn a_user_has_as_many_templates_as_the_policy_says() {
    let mut ann = Harness::ann(0);
    for number in 1..=200 {
        let made = ann.asks(1_000, make(number, &format!("text {number}"), None).into());
        assert!(matches!(made.verdict(), Outcome::Done(_)), "{number}");
    }
    let refused = ann.asks(2_000, make(201, "one more", None).into());
    let Outcome::Refused(one_more) = refused.verdict() else { panic!("refused") };
    assert_eq!(
        (refused.refused_with(), one_more.refusal.limit.as_deref()),
        ("LIMIT_REACHED", Some("templates"))
    );
    // One that stands is written anew, and one that goes makes room.
    for request in [change(200, "other", None).into(), delete(7).into(), make(201, "one more", None).into()] {
        assert!(matches!(ann.asks(3_000, request).verdict(), Outcome::Done(_)));
    }
}

#[test]
fn the_form_of_what_is_written_is_checked() {
    let mut ann: Harness<Accounts> = Harness::ann(0);
    let longest = "x".repeat(4_000);
    let text = |content: &str| written(content, None);
    let named = |name: &str| WrittenTemplate { name: name.to_owned(), ..text("hi") };
    let of = |category: &str| WrittenTemplate { category: Some(category.to_owned()), ..text("hi") };
    let short = |shortcut: &str| written("hi", Some(shortcut));
    for (number, (written, field)) in (1..).zip([
        (text(&longest), None),
        (text(&format!("{longest}x")), Some("content")),
        (text(" \u{200b}"), Some("content")),
        (named(&"n".repeat(100)), None),
        (named(&"n".repeat(101)), Some("name")),
        (named(" "), Some("name")),
        (named("a\nb"), Some("name")),
        (of(&"c".repeat(50)), None),
        (of(&"c".repeat(51)), Some("category")),
        (of(""), Some("category")),
        (of("a\tb"), Some("category")),
        (short("/a"), None),
        (short("/über-1_2"), None),
        (short("/筋肉"), None),
        (short(&format!("/{}", "x".repeat(31))), None),
        (short(&format!("/{}", "x".repeat(32))), Some("shortcut")),
        (short("/"), Some("shortcut")),
        (short(""), Some("shortcut")),
        (short("hi"), Some("shortcut")),
        (short("/hi there"), Some("shortcut")),
        (short("/a/b"), Some("shortcut")),
        (short("/a\u{200d}"), Some("shortcut")),
        (short("/Hi"), Some("shortcut")),
    ]) {
        let decided =
            ann.asks(1_000, SaveTemplate { template: template(number), is_new: true, written }.into());
        match decided.verdict() {
            Outcome::Refused(refused) => assert_eq!(refused.refusal.field.as_deref(), field, "{number}"),
            _ => assert_eq!(field, None, "{number}"),
        }
    }
}

#[test]
fn a_use_is_counted_with_the_charge_and_goes_with_it() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(1_000));
    ann.asks(1_000, make(1, "Hi {name}", None).into());
    let sent = ann.asks(2_000, send(1, "Hi Bob", 1).into());
    table.case("sent", &sent);
    assert_eq!(uses(&ann, 1), 1);
    ann.asks(2_100, send(1, "Hi Bob", 1).into());
    assert_eq!(uses(&ann, 1), 1, "a repeat is counted once");
    table.answer("with another template", &ann.asks(2_200, send(1, "Hi Bob", 2).into()));
    table.answer("of another", &ann.asks(2_300, send(2, "Hi Eve", 9).into()));
    let dear = SendMessage { recipients: 1_000, ..send(3, "Hi all", 1) };
    table.answer("too dear", &ann.asks(2_400, dear.into()));
    assert_eq!(uses(&ann, 1), 1, "a refused send counts nothing");
    ann.asks(2_500, change(1, "Hey {name}", None).into());
    assert_eq!(uses(&ann, 1), 1, "a change keeps the count");
    let second = ann.asks(2_600, send(4, "Hey Carl", 1).into()).charge();
    assert_eq!((second.template.as_ref(), uses(&ann, 1)), (Some(&template(1)), 2));
    table.case("refused by its conversation", &ann.asks(2_700, refund(&second, Some(Refusal::not_found()))));
    assert_eq!(uses(&ann, 1), 1);
    ann.asks(2_800, delete(1).into());
    table.answer("a template that was removed", &ann.asks(2_900, send(5, "Hi Dora", 1).into()));
    let first: Charge = sent.charge();
    ann.asks(3_000, refund(&first, Some(Refusal::not_found())));
    assert_eq!(ann.row::<Template>(&template(1)).unwrap().written, None, "a refund brings nothing back");
    table.is(expect![[r#"
        sent
          accepted
          balance 1000 → 900
          sends 0 → 1
          texts 0 → 1
          row c1: Send to k1 at #2, remembered
          row template t1: "Hi {name}" named Hello, used 1 times since 1000
          row ledger #2: MESSAGE_SEND -100 → 900 for c1, 1 recipients
          to conversations.commands k1: post "Hi Bob"
             PostMessage id=1.3.2.0 at 2000 mm-reply=0.7 mm-charge=[#2 ann c1 Send k1 at 2000 for 100]
          to account-events ann: MESSAGE_SEND -100 → 900
             CreditsChanged id=1.3.2.1 at 2000
        with another template: IDEMPOTENCY_CONFLICT (this id was used for another request)
        of another: NOT_FOUND (not found)
        too dear: INSUFFICIENT_CREDITS requiredMilli=100000 balanceMilli=900 (not enough credits)
        refused by its conversation
          NOT_FOUND (not found)
          balance 800 → 900
          sends 2 → 1
          texts 2 → 1
          row c4: Send to k1 at #8, forgotten
          row template t1: "Hey {name}" named Hello, used 1 times since 1000
          row ledger #9: REFUND +100 → 900 for c4
          to account-events ann: REFUND +100 → 900
             CreditsChanged id=1.3.9.0 at 2700
          to account-events ann: send c4 to k1 rejected: NOT_FOUND (not found)
             SendRejected id=1.3.9.1 at 2700
        a template that was removed: NOT_FOUND (not found)
    "#]]);
}

#[test]
fn a_send_with_a_template_needs_its_flag_and_a_removal_none() {
    let mut ann = Harness::<Accounts>::ann(1_000);
    ann.asks(1_000, make(1, "Hi", None).into());
    let flag = Flag::MessageTemplates.key();
    ann.policy.features.flags.iter_mut().find(|rule| rule.key == flag).unwrap().off = true;
    for request in [make(2, "Hey", None).into(), change(1, "Hey", None).into(), send(1, "Hi", 1).into()] {
        assert_eq!(ann.asks(2_000, request).refused_with(), "FEATURE_DISABLED");
    }
    let group = creating("ann", schemas::creating::ConversationKind::Group, 1, &["bob"], None);
    assert!(matches!(ann.asks(2_100, group.into()).verdict(), Outcome::Accepted(_)), "other flags are on");
    assert!(matches!(ann.asks(2_200, sending(2, "Hi", 1).into()).verdict(), Outcome::Accepted(_)));
    assert!(matches!(ann.asks(2_300, delete(1).into()).verdict(), Outcome::Done(_)));
}
