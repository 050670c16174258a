"""Conversations as their facts tell them: each fact must follow from those before it."""

from dataclasses import dataclass, field

import ids
import members
import messages
import pins
import polls
import previews
import reactions
import reports
from blocks import Blocks
from difference import same, true
from members import People
from messages import NOBODY, TEXTS, Note, attachments, body, text, untold
from polls import Polls
from previews import Previews
from reactions import Reactions
from reports import Reports
from topics import Read

# The number of removed messages that a state lists.
REMOVED_KEPT = 512


@dataclass
class Conversation:
    """One that was opened, or between whose pair a block was set."""

    id: str
    # What it is: kind, title, creator, time, and the charge that opened it.
    about: dict | None = None
    # By number, as the newest fact has it; and the countable messages up to each.
    messages: dict[int, dict] = field(default_factory=dict)
    ordinals: dict[int, int] = field(default_factory=dict)
    head_at: int = 0
    people: People = field(default_factory=People)
    countable: int = 0
    # Numbers of removed messages: the newest, and the highest that is not listed any more.
    removed: list[int] = field(default_factory=list)
    removed_dropped: int = 0
    # The users between whom a block was set here, each with whom they blocked.
    pair: dict[str, str] = field(default_factory=dict)
    # By number, of messages that were edited: each text that was replaced, and when; oldest first.
    replaced: dict[int, list[dict]] = field(default_factory=dict)
    # The system messages that the last change asks for, with the offset of its command.
    noted: tuple[int, list[Note]] = (-1, [])
    # By user, when they changed members, a role or their block; when messages were about whom they changed.
    changes: dict[str, list[int]] = field(default_factory=dict)
    notes: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    reactions: Reactions = field(default_factory=Reactions)
    polls: Polls = field(default_factory=Polls)
    # By number, in the order in which they were pinned; and numbers of all that were ever pinned.
    pins: dict[int, dict] = field(default_factory=dict)
    pinned_ever: set[int] = field(default_factory=set)
    # By number, of messages that were sent with files: each file, while the message stands.
    carried: dict[int, list[dict]] = field(default_factory=dict)
    reports: Reports = field(default_factory=Reports)
    previews: Previews = field(default_factory=Previews)

    @property
    def head(self) -> int:
        return len(self.messages)

    def remove(self, seq: int) -> None:
        """Lists a message as removed."""
        self.removed = sorted([*self.removed, seq])
        if len(self.removed) > REMOVED_KEPT:
            self.removed_dropped = max(self.removed.pop(0), self.removed_dropped)

    def recipients(self, message: dict) -> list[str]:
        """The members of the message's moment without its sender."""
        sender = message["sender"]["user"]
        return [user for user in self.people.there(message["position"]) if user != sender]


def take(conversation: Conversation, read: Read, blocks: Blocks, is_shown: bool) -> None:
    """Takes in the fact of an event; `blocks` are those of all pairs; `is_shown` says whether others see
    that the sender of a message has read up to it."""
    fact, what, at = read.value, str(read.record), read.headers.time
    offset, people, users = read.headers.cause.offset, conversation.people, None
    match read.type:
        case "ConversationOpened":
            _open(conversation, what, fact, offset, at)
            users = fact["members"]
        case "MessageCreated":
            _create(conversation, what, fact["message"], offset, at, blocks, is_shown)
        case "MessageDeleted":
            _delete(conversation, what, fact, at)
        case "MessageEdited":
            _edit(conversation, what, fact["message"], at)
        case "ConversationUpdated":
            conversation.noted = offset, _update(conversation, what, fact)
        case "RolesChanged":
            same(f"conversation in {what}", fact["about"], conversation.about)
            users = [member["user"] for member in fact["members"]]
            notes = people.set_roles(what, fact["by"], fact["members"])
            if notes:
                conversation.changes.setdefault(fact["by"], []).append(at)
            conversation.noted = offset, notes
        case "MembersChanged":
            same(f"conversation in {what}", fact["about"], conversation.about)
            same(f"kind of the conversation of {what}", conversation.about["kind"], "GROUP")
            goes = members.change(people, what, fact, offset, at, conversation.head, conversation.countable)
            users = [member["user"] for member in fact["members"]]
            note = messages.of_members(conversation, users, fact["by"], goes, at)
            conversation.noted = offset, [] if note is None else [note]
        case "ReceiptAdvanced":
            user, seq = fact["user"], fact["read_up_to"]
            people.check_mark(what, user, seq, conversation.head)
            true(f"{what} is delivered before", people.marks(user)["delivered"]["up_to"] >= seq)
            people.read(user, seq, conversation.ordinals[seq], at, fact["is_shown"])
        case "DeliveryAdvanced":
            people.deliver(what, fact["user"], fact["delivered_up_to"], conversation.head, at)
            accepted = people.members[fact["user"]].request is None
            same(f"whether {what} is shown", fact["is_shown"], accepted)
        case "MarkedUnread":
            people.mark_unread(what, fact["user"], fact["marked"])
        case "ReactionAdded" | "ReactionRemoved":
            added = read.type == "ReactionAdded"
            reactions.take(conversation, what, fact["reaction"], added, offset, at)
        case "PollChanged":
            polls.take(conversation, what, fact, offset, at)
        case "PreviewAttached":
            previews.take(conversation, what, fact)
        case "MessagePinned":
            pins.pin(conversation, what, fact, at)
            pinned = ids.message(conversation.id, fact["message"]["seq"])
            conversation.noted = offset, [Note("PINNED", [], fact["pin"]["by"], pinned)]
        case "MessageUnpinned":
            pins.unpin(conversation, what, fact)
        case "MessageHidden":
            reports.hide(conversation, what, fact, at)
        case "MessageShown":
            reports.show(conversation, what, fact)
        case "ReportFiled":
            reports.file(conversation, what, fact, at)
        case "ReportResolved":
            reports.resolve(conversation, what, fact, at)
        case "BlocksChanged":
            blocks.take(what, fact, at)
            conversation.pair[fact["user"]] = fact["other"]
            conversation.changes.setdefault(fact["user"], []).append(at)
            users = [fact["user"], fact["other"]]
        case "RequestChanged":
            user, pair = fact["user"], fact["pair"]
            same(f"conversation in {what}", fact["about"], conversation.about)
            if people.members[user].request != fact["request"]:
                people.change_request(what, user, fact["request"], offset)
            same(f"intervals in {what}", fact["intervals"], people.members[user].intervals)
            users = [user]
            if pair is not None:
                users.append(pair["other"])
                blocks.ask(what, pair["other"], user, fact["request"] is not None, pair["blocks"])
        case other:
            true(f"{what} holds a fact that is known, not {other}", False)
    same(f"mm-users of {what}", read.headers.users, users)


def _open(conversation: Conversation, what: str, fact: dict, offset: int, at: int) -> None:
    about, users = fact["about"], fact["members"]
    same(f"conversation before {what}", conversation.about, None)
    same(f"time in {what}", about["at"], at)
    same(f"members of {what}, each once", len(users), len(set(users)))
    same(f"first member of {what}", users[0], about["by"])
    if about["kind"] == "DIRECT":
        same(f"id of the pair's {what}", conversation.id, ids.direct(users[0], users[-1]))
        same(f"title of the pair's {what}", (about["title"], len(users) <= 2), (None, True))
    conversation.about, conversation.head_at = about, at
    true(f"the asked in {what} are members", set(fact["requests"]) <= set(users[1:]))
    conversation.people.open(fact, offset, at)


def _create(
    conversation: Conversation,
    what: str,
    message: dict,
    offset: int,
    at: int,
    blocks: Blocks,
    is_shown: bool,
) -> None:
    place = (message["seq"], message["position"], message["sent_at"])
    same(f"number, position and time of {what}", place, (conversation.head + 1, offset, at))
    kind, sender = body(message)[0], message["sender"]["user"]
    if kind in TEXTS:
        messages.check_sender(conversation, what, sender, blocks)
        messages.check_reply(conversation, what, message, blocks)
        messages.check_mentions(conversation, what, message)
        if kind == "Poll":
            polls.check_new(what, message)
    else:
        messages.check_note(conversation, what, message, offset)
    same(f"recipients of {what}", message["recipients"], len(conversation.recipients(message)))
    conversation.messages[message["seq"]] = message
    if files := attachments(message):
        names = ("attachment", "uploader")
        conversation.carried[message["seq"]] = [{name: file[name] for name in names} for file in files]
    conversation.countable += kind in TEXTS
    conversation.ordinals[message["seq"]] = conversation.countable
    conversation.head_at = at
    # Sending reads up to one's own message; a system message is nobody's.
    if kind in TEXTS:
        conversation.people.read(sender, message["seq"], conversation.countable, at, is_shown)


def _edit(conversation: Conversation, what: str, message: dict, at: int) -> None:
    """Only the text changes, and who is named in it."""
    seq, sender = message["seq"], message["sender"]["user"]
    before = conversation.messages[seq]
    replaced = conversation.replaced.setdefault(seq, [])
    same(f"bodies before and after {what}", (body(before)[0], body(message)[0]), ("Text", "Text"))
    replaced.append({"content": text(before), "at": at})
    same(f"edit in {what}", body(message)[1]["edited"], {"at": at, "count": len(replaced)})
    true(f"{what} changes the text", text(message) != text(before))
    changing = {name: message[name] for name in ("body", "mentions")}
    # Of what is answered the text is not told again.
    same(f"what {what} answers", untold(message["reply_to"]), untold(before["reply_to"]))
    same(f"files that {what} leaves", attachments(message), attachments(before))
    same(f"what {what} leaves", message, before | changing | {"reply_to": message["reply_to"]})
    messages.check_mentions(conversation, what, message)
    interval = conversation.people.present(sender)
    true(f"{sender} sees what {what} edits", interval is not None and seq >= interval["first_seq"])
    conversation.messages[seq] = message
    previews.lose(conversation, seq)


def _update(conversation: Conversation, what: str, fact: dict) -> list[Note]:
    """Takes the settings; gives a system message for each that changes."""
    about, before, by = fact["about"], conversation.about, fact["by"]
    settings = {name: about[name] for name in ("title", "description", "announcements_only", "avatar")}
    same(f"what {what} leaves", about, before | settings)
    same(f"kind of the conversation of {what}", before["kind"], "GROUP")
    true(f"{by} manages the group at {what}", conversation.people.manages(by))
    changed = [name for name in settings if settings[name] != before[name]]
    true(f"{what} changes a setting", changed != [])
    conversation.about = about
    values = {
        "title": ("RENAMED", about["title"]),
        "description": ("SETTINGS_CHANGED", "DESCRIPTION"),
        "announcements_only": (
            "SETTINGS_CHANGED",
            "ANNOUNCEMENTS_ONLY" if about["announcements_only"] else "EVERYONE_POSTS",
        ),
        "avatar": ("SETTINGS_CHANGED", "AVATAR"),
    }
    return [Note(values[name][0], [], by, values[name][1]) for name in changed]


def _delete(conversation: Conversation, what: str, fact: dict, at: int) -> None:
    message, by, people = fact["message"], fact["by"], conversation.people
    before = conversation.messages[message["seq"]]
    is_hidden = message["seq"] in conversation.reports.hidden
    kinds = {"Removed"} if is_hidden else TEXTS
    true(f"{what} is of what a user sent", body(before)[0] in kinds)
    removed = (message["body"][0], {"at": at, "is_hidden": False})
    same(f"what {what} leaves", message, before | {"reply_to": None, "mentions": NOBODY, "body": removed})
    same(f"body after {what}", body(message)[0], "Removed")
    true(f"{by} may delete at {what}", by == before["sender"]["user"] or people.manages(by))
    interval = people.present(by)
    true(f"{by} sees what {what} deletes", interval is not None and message["seq"] >= interval["first_seq"])
    conversation.messages[message["seq"]] = message
    conversation.reactions.delete(message["seq"])
    conversation.polls.delete(message["seq"])
    conversation.pins.pop(message["seq"], None)
    previews.lose(conversation, message["seq"])
    if message["seq"] in conversation.carried:
        conversation.carried[message["seq"]] = []
    # A hidden one is listed already.
    if conversation.reports.hidden.pop(message["seq"], None) is None:
        conversation.remove(message["seq"])
