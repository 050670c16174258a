"""Messages of a conversation: what one holds, and what must hold of a new one."""

from typing import TYPE_CHECKING, NamedTuple

from blocks import Blocks
from difference import same, true

if TYPE_CHECKING:
    from conversations import Conversation

NOBODY = {"people": [], "all": False}
# What users send.
TEXTS = ("Text", "Poll")


class Note(NamedTuple):
    """A system message: what was done, to whom, by whom, and the new value of what was changed."""

    kind: str
    targets: list[str]
    by: str
    value: str | None = None


def body(message: dict) -> tuple[str, dict]:
    """What a message holds: Text, Note, Poll or Removed, and its fields."""
    name, value = message["body"]
    return name.rsplit(".", 1)[-1], value


def text(message: dict) -> dict | None:
    """Of a poll its question."""
    match body(message):
        case "Text", value:
            return value["content"]
        case "Poll", value:
            return value["question"]
    return None


def stored(message: dict) -> dict:
    """As its row has it: without text and files of what it answers."""
    return message | {"reply_to": untold(message["reply_to"])}


def edited(message: dict) -> dict | None:
    """Time of the last edit, and how many there were."""
    kind, value = body(message)
    return value["edited"] if kind == "Text" else None


def attachments(message: dict) -> list[dict]:
    """The files that a message carries."""
    kind, value = body(message)
    return value["attachments"] if kind == "Text" else []


def sticker(message: dict) -> dict | None:
    """What a sticker says beside its image, if the message is one."""
    kind, value = body(message)
    return value["sticker"] if kind == "Text" else None


def gif(message: dict) -> dict | None:
    """The GIF that a message carries."""
    kind, value = body(message)
    return value["gif"] if kind == "Text" else None


def untold(reply: dict | None) -> dict | None:
    """What is answered, without what rows omit of it: its text and its files."""
    return reply and reply | {"content": None, "attachments": [], "sticker": None, "gif": None}


def deleted_at(message: dict) -> int | None:
    kind, value = body(message)
    return value["at"] if kind == "Removed" and not value["is_hidden"] else None


def removed_at(message: dict) -> int | None:
    """Since when the content is gone: deleted, or hidden."""
    kind, value = body(message)
    return value["at"] if kind == "Removed" else None


def check_reply(conversation: "Conversation", what: str, message: dict, blocks: Blocks) -> None:
    """A reply quotes what its sender sees, as it stands."""
    reply, sender = message["reply_to"], message["sender"]["user"]
    if reply is None:
        return
    parent = conversation.messages[reply["seq"]]
    author, sent_at = parent["sender"], parent["sent_at"]
    # A poll is quoted by its row.
    content = None if body(parent)[0] == "Poll" else text(parent)
    quoted = {"seq": parent["seq"], "sender": author, "content": content, "created_at": sent_at}
    quoted |= {"attachments": attachments(parent), "sticker": sticker(parent), "gif": gif(parent)}
    same(f"what {what} answers", reply, quoted)
    interval = conversation.people.present(sender)
    true(f"{sender} sees what {what} answers", reply["seq"] >= interval["first_seq"])
    if conversation.about["kind"] == "DIRECT":
        is_hidden = blocks.hide(sender, author["user"], sent_at)
        true(f"no block hides from {sender} what {what} answers", not is_hidden)


def check_mentions(conversation: "Conversation", what: str, message: dict) -> None:
    """Only members are named, and all of them only by the owner and moderators."""
    for named in message["mentions"]["people"]:
        is_present = conversation.people.present(named["user"]) is not None
        true(f"{named['user']} is a member at {what}", is_present)
    if message["mentions"]["all"]:
        sender = message["sender"]["user"]
        true(f"{sender} manages the group at {what}", conversation.people.manages(sender))


def check_sender(conversation: "Conversation", what: str, sender: str, blocks: Blocks) -> None:
    """Members send; of a pair, only while neither blocks the other; announcements by who manages."""
    true(f"{sender} is a member at {what}", conversation.people.present(sender) is not None)
    if conversation.about["announcements_only"]:
        true(f"{sender} manages the group at {what}", conversation.people.manages(sender))
    if conversation.about["kind"] == "DIRECT":
        others = [user for user in conversation.people.members if user != sender]
        true(f"no block stands at {what}", not any(blocks.stand(sender, other) for other in others))


def of_members(conversation: "Conversation", users: list[str], by: str, goes: bool, at: int) -> Note | None:
    """The system message of a change of members: of one person, four within a minute by one user."""
    if goes and users == [by]:
        return Note("LEFT", [], by)
    conversation.changes.setdefault(by, []).append(at)
    recent = {user: [time for time in conversation.notes.get((by, user), []) if at < time + 60_000] for user in users}
    noted = [user for user in users if len(recent[user]) < 4]
    for user in noted:
        conversation.notes[by, user] = [*recent[user], at]
    return Note("REMOVED" if goes else "ADDED", noted, by) if noted else None


def check_note(conversation: "Conversation", what: str, message: dict, offset: int) -> None:
    """A system message reports a change of the same command."""
    kind, note = body(message)
    same(f"body of {what}", kind, "Note")
    targets = [target["user"] for target in note["targets"]]
    found = Note(note["kind"], targets, message["sender"]["user"], note["value"])
    at, notes = conversation.noted
    true(f"{what} reports a change", at == offset and notes != [])
    same(f"text of {what}", found, notes.pop(0))
    plain = (message["client_id"], message["reply_to"], message["mentions"])
    same(f"client id, reply and mentions of {what}", plain, (None, None, NOBODY))
