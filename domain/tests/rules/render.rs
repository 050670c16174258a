//! Decisions in words, a line for each thing that a decision does.

use expect_test::Expect;
use fold::Fold;
use musclemap_domain::{Accounts, Conversations};
use schemas::ClientId;
use schemas::organizing::LabelUse;
use schemas::rows::{
    AccountRow, Attachment, Blocks, Carried, Changes, ConversationRow, Draft, Edits, Former, Hidden,
    LedgerEntry, Member, MessageHead, Organized, Reacted, Reactions, Receipt, Replaced, Report, RowKey, Sent,
    StickerPack, Tally, Template, Usage, Voted,
};
use schemas::states::{AccountState, ConversationState};
use schemas::verdict::Outcome;

use crate::harness::Decided;
use crate::notifications;
use crate::push;
use crate::templating;
use crate::words;

/// A fold whose state and rows can be said in words.
pub trait Worded: Fold {
    /// Parts of the state, each by name.
    fn parts(state: &Self::State) -> Vec<(&'static str, String)>;
    fn row(key: &RowKey, row: &Self::Row) -> String;
}

/// Cases and what was decided in each.
#[derive(Default)]
pub struct Table(String);

impl Table {
    pub fn case<F: Worded>(&mut self, name: &str, decided: &Decided<F>) -> &mut Self {
        self.0.push_str(&format!("{name}\n"));
        for line in lines(decided) {
            self.0.push_str(&format!("  {line}\n"));
        }
        self
    }

    /// A case of which only the verdict matters; nothing else may have come of it.
    pub fn answer<F: Worded>(&mut self, name: &str, decided: &Decided<F>) -> &mut Self {
        let lines = lines(decided);
        assert_eq!(lines.len(), 1, "{name} has effects: {lines:?}");
        self.0.push_str(&format!("{name}: {}\n", lines[0]));
        self
    }

    pub fn outcome(&mut self, name: &str, outcome: Option<&Outcome>) -> &mut Self {
        self.0.push_str(&format!("{name}: {}\n", verdict(outcome)));
        self
    }

    pub fn is(&self, expected: Expect) {
        expected.assert_eq(&self.0);
    }
}

fn verdict(outcome: Option<&Outcome>) -> String {
    outcome.map_or("(the account answers)".to_owned(), words::outcome)
}

fn lines<F: Worded>(decided: &Decided<F>) -> Vec<String> {
    let decision = &decided.decision;
    let mut lines = vec![verdict(decision.verdict.as_ref())];
    let parts = F::parts(&decided.before).into_iter().zip(F::parts(&decision.state));
    let changed = parts.filter(|(before, after)| before != after);
    lines.extend(changed.map(|((name, before), (_, after))| format!("{name} {before} → {after}")));
    lines.extend(decision.rows.iter().map(|(key, row)| format!("row {}", F::row(key, row))));
    lines.extend(decision.views.iter().map(|row| format!("view {}", words::view(&row.to_row()))));
    for (output, record) in decision.outputs.iter().zip(decided.records()) {
        lines.push(format!("to {}", words::output(output, record.topic)));
        lines.push(format!("   {}", words::headers(&record)));
    }
    lines
}

impl Worded for Accounts {
    fn parts(state: &AccountState) -> Vec<(&'static str, String)> {
        vec![
            ("balance", state.balance_milli.to_string()),
            ("privacy", words::privacy(&state.privacy)),
            ("notifications", notifications::words(&state.notifications)),
            ("sends", state.sends.len().to_string()),
            ("creations", state.creations.len().to_string()),
            ("texts", state.texts.len().to_string()),
            ("suspensions", state.suspensions.len().to_string()),
        ]
    }

    fn row(key: &RowKey, row: &AccountRow) -> String {
        match row {
            AccountRow::ClientRequest(request) => format!(
                "{}: {:?} to {} at #{}, {}",
                words::client_key(&key.key),
                request.kind,
                words::conversation(&request.conversation),
                request.position,
                if request.live { "remembered" } else { "forgotten" },
            ),
            AccountRow::LedgerEntry(entry) => format!(
                "ledger #{}: {} {:+} → {}{}{}",
                key.names::<LedgerEntry>().unwrap(),
                entry.kind.as_str(),
                entry.amount_milli,
                entry.balance_after_milli,
                entry.client_id.as_ref().map_or(String::new(), |id| format!(" for {}", words::client(id))),
                entry.recipients.map_or(String::new(), |count| format!(", {count} recipients")),
            ),
            AccountRow::Organized(kept) => {
                format!(
                    "{}: {}",
                    words::conversation(&key.names::<Organized>().unwrap()),
                    words::organized(kept)
                )
            }
            AccountRow::Labels(labels) => {
                let each = |used: &LabelUse| format!("{} {}", used.label, used.conversations);
                format!("labels: {}", labels.used.iter().map(each).collect::<Vec<String>>().join(", "))
            }
            AccountRow::Draft(draft) => {
                format!("draft {}: {:?}", words::conversation(&key.names::<Draft>().unwrap()), draft.content)
            }
            AccountRow::Preferences(preferences) => format!("{preferences:?}"),
            AccountRow::Usage(usage) => {
                let positions = usage.uses.iter().map(|one| format!(" #{}", one.position));
                format!("uses of {}:{}", key.names::<Usage>().unwrap(), positions.collect::<String>())
            }
            AccountRow::Attachment(row) => words::attachment(&key.names::<Attachment>().unwrap(), row),
            AccountRow::PushSubscriptions(row) => push::words(row),
            AccountRow::Templates(row) => templating::marks(row),
            AccountRow::Template(row) => templating::words(&key.names::<Template>().unwrap(), row),
            AccountRow::StickerPack(row) => {
                let id = words::stickers::id(&key.names::<StickerPack>().unwrap());
                format!("{id}: {}", words::stickers::pack(row))
            }
            AccountRow::StickerPacks(row) => words::stickers::packs(row),
            AccountRow::OpenRequests(open) => {
                let each: Vec<String> = open.conversations.iter().map(words::conversation).collect();
                format!("open requests: {}", each.join(" "))
            }
            AccountRow::Schedule(row) => {
                format!("scheduled {}: {}", words::client_key(&key.key), words::scheduled(row))
            }
            AccountRow::Schedules(all) => {
                let each = |ids: &[ClientId]| {
                    ids.iter().map(|id| format!(" {}", words::client(id))).collect::<String>()
                };
                format!("schedules: open{}, settled{}", each(&all.open), each(&all.settled))
            }
            AccountRow::Once(_) => format!("once {}", String::from_utf8_lossy(&key.key)),
        }
    }
}

impl Worded for Conversations {
    fn parts(state: &ConversationState) -> Vec<(&'static str, String)> {
        let opened = state.opened.as_ref().map_or("not open".to_owned(), |opened| {
            let about = words::about(opened);
            let about = if about.is_empty() { about } else { format!(" {about}") };
            format!("{}{about} by {}, charge #{}", opened.kind.as_str(), opened.by, opened.charge)
        });
        vec![
            ("conversation", opened),
            ("head", format!("{} at {}", state.head, state.head_at)),
            ("members", state.members.to_string()),
            ("countable", state.countable.to_string()),
            ("removed", format!("{:?}", state.removed)),
            ("pins", format!("{:?}", state.pins.iter().map(|pin| pin.seq).collect::<Vec<i64>>())),
        ]
    }

    fn row(key: &RowKey, row: &ConversationRow) -> String {
        match row {
            ConversationRow::Member(member) => {
                format!("member {}: {}", key.names::<Member>().unwrap(), words::member(member))
            }
            ConversationRow::Receipt(receipt) => {
                let (user, ended) =
                    (key.names::<Receipt>().unwrap(), if receipt.ended { ", ended" } else { "" });
                let marked = if receipt.marked_unread { ", marked unread" } else { "" };
                format!(
                    "receipt {user}: {}, ordinal {}{ended}{marked}",
                    words::marks(&receipt.marks),
                    receipt.ordinal
                )
            }
            ConversationRow::Sent(sent) => {
                let (who, id) = key.names::<Sent>().unwrap();
                format!("sent {who} {}: {}, paid by #{}", words::client(&id), sent.seq, sent.charge)
            }
            ConversationRow::MessageHead(head) => {
                let by = head.sender.as_ref().map_or("nobody".to_owned(), ToString::to_string);
                let removed = head.removed_at.map_or(String::new(), |at| format!(", removed at {at}"));
                let seq = key.names::<MessageHead>().unwrap();
                let aspects =
                    if head.aspects == 0 { String::new() } else { format!(", aspects {}", head.aspects) };
                let place = format!("at #{}, ordinal {}", head.position, head.ordinal);
                format!("message {seq}: by {by} {place}{removed}{aspects}")
            }
            ConversationRow::Edits(edits) => {
                format!(
                    "edits of {}: {}, {}",
                    key.names::<Edits>().unwrap(),
                    edits.count(),
                    words::erasable(edits.content.as_ref())
                )
            }
            ConversationRow::Replaced(replaced) => {
                let (seq, version) = key.names::<Replaced>().unwrap();
                format!("version {version} of {seq}: {}", words::erasable(replaced.content.as_ref()))
            }
            ConversationRow::Reacted(reacted) => {
                let (seq, user) = key.names::<Reacted>().unwrap();
                let each = reacted.reactions.iter().map(|reaction| {
                    format!(" {} at {} by #{}", reaction.emoji, reaction.at, reaction.position)
                });
                format!("reacted {seq} {user}:{}", each.collect::<String>())
            }
            ConversationRow::Reactions(all) => {
                format!("reactions {}: {}", key.names::<Reactions>().unwrap(), words::reactions(all))
            }
            ConversationRow::Voted(voted) => {
                let (seq, user) = key.names::<Voted>().unwrap();
                format!("voted {seq} {user}: {:?} at {}", voted.options, voted.at)
            }
            ConversationRow::Tally(votes) => {
                format!("tally {}: {}", key.names::<Tally>().unwrap(), words::tally(votes))
            }
            ConversationRow::Report(report) => {
                let (seq, reporter) = key.names::<Report>().unwrap();
                format!("report of {seq} by {reporter}: {}", words::report(report))
            }
            ConversationRow::AuditHead(head) => format!("audit log of {} entries", head.entries),
            ConversationRow::Hidden(hidden) => {
                let content = hidden.message.as_deref().map_or("nothing".to_owned(), words::message);
                format!("hidden {}: {content}, {} reports", key.names::<Hidden>().unwrap(), hidden.reports)
            }
            ConversationRow::Carried(carried) => {
                let files = words::files(carried.files.iter().map(|file| &file.attachment));
                format!("{} carries{files}", key.names::<Carried>().unwrap())
            }
            ConversationRow::Changes(changes) => {
                let user = key.names::<Changes>().unwrap();
                format!("changes by {user}: {}, noted {}", changes.times.len(), changes.noted.len())
            }
            ConversationRow::Once(_) => format!("once {}", String::from_utf8_lossy(&key.key)),
            ConversationRow::Blocks(blocks) => {
                format!("blocks by {}: {}", key.names::<Blocks>().unwrap(), words::blocks(blocks))
            }
            ConversationRow::Former(former) => format!(
                "former {}: {}, {} at {}",
                key.names::<Former>().unwrap(),
                words::intervals(&former.intervals),
                words::marks(&former.marks),
                former.marks.read.at
            ),
        }
    }
}
