"""Rows of conversations against the events."""

import pins
import previews
import polls
import reactions
import reports
from conversations import Conversation
from difference import same
from messages import deleted_at, removed_at, text
from owners import (
    BLOCKS,
    CARRIED,
    CHANGES,
    EDITS,
    FORMER,
    MEMBER,
    MESSAGE,
    ONCE,
    REACTED,
    REACTIONS,
    RECEIPT,
    REPLACED,
    SENT,
    STATE,
    TALLY,
    VOTED,
    Owner,
    Paid,
    client_id,
    number,
    numbers,
)
from story import Story


def check(found: dict[str, Owner], story: Story, paid: Paid) -> None:
    same("conversations", sorted(found), sorted(story.conversations))
    for id, owner in found.items():
        conversation = story.conversations[id]
        _check_state(id, owner[STATE][b""].value, conversation, paid)
        _check_people(id, owner, conversation)
        spans = {key.decode(): row.value["intervals"] for key, row in owner[BLOCKS].items()}
        wanted = {user: story.blocks.of(user, other) for user, other in conversation.pair.items()}
        same(f"blocks in {id}", spans, wanted)
        # All of them are of the last day.
        changes = {key.decode(): row.value["times"] for key, row in owner[CHANGES].items()}
        same(f"changes in {id}", changes, conversation.changes)
        _check_messages(id, owner, conversation, paid)
        _check_edits(id, owner, conversation)
        all_reactions = {number(key): row.value for key, row in owner[REACTIONS].items()}
        reactions.check_rows(id, owner[REACTED], all_reactions, conversation.reactions)
        tallies = {number(key): row.value for key, row in owner[TALLY].items()}
        polls.check_rows(id, owner[VOTED], tallies, conversation)
        files = {number(key): row.value["files"] for key, row in owner[CARRIED].items()}
        same(f"files of messages in {id}", files, conversation.carried)
        reports.check_rows(id, owner, conversation)
        same(f"effects in {id} that may happen once", list(owner[ONCE]), [])


def _check_state(id: str, state: dict, conversation: Conversation, paid: Paid) -> None:
    same(f"what {id} is", state["opened"], conversation.about)
    if (about := conversation.about) is not None:
        charges = [
            charge["position"]
            for (kind, other, user, _), charge in paid.items()
            if (kind, other, user) == ("Create", id, about["by"])
        ]
        same(f"whether a charge opened {id}", about["charge"] in charges, True)
    counted = {name: state[name] for name in ("head", "head_at", "members", "countable")}
    wanted = {
        "head": conversation.head,
        "head_at": conversation.head_at,
        "members": conversation.people.count(),
        "countable": conversation.countable,
    }
    same(f"counters of {id}", counted, wanted)
    removed = state["removed"], state["removed_dropped"]
    pinned = [{"seq": seq, "at": pin["at"]} for seq, pin in conversation.pins.items()]
    same(f"pins of {id}", state["pins"], pinned)
    same(f"removed messages of {id}", removed, (conversation.removed, conversation.removed_dropped))


def _check_people(id: str, owner: Owner, conversation: Conversation) -> None:
    people = conversation.people
    rows = {key.decode(): row.value for key, row in owner[MEMBER].items()}
    same(f"members of {id}", rows, {user: vars(member) for user, member in people.members.items()})
    receipts = {key.decode(): row.value for key, row in owner[RECEIPT].items()}
    same(f"receipts in {id}", receipts, people.receipts)
    former = {key.decode(): row.value for key, row in owner[FORMER].items()}
    same(f"former members of {id}", former, people.former)


def _check_messages(id: str, owner: Owner, conversation: Conversation, paid: Paid) -> None:
    sends = {_sender(key): (row.value["seq"], row.value["charge"]) for key, row in owner[SENT].items()}
    wanted = {}
    for message in conversation.messages.values():
        if message["client_id"] is not None:
            sender = (message["sender"]["user"], message["client_id"])
            wanted[sender] = (message["seq"], paid["Send", id, *sender]["position"])
    same(f"sends in {id}", sends, wanted)
    heads = {number(key): row.value for key, row in owner[MESSAGE].items()}
    same(f"heads in {id}", heads, {seq: _head(conversation, seq) for seq in conversation.messages})


def _check_edits(id: str, owner: Owner, conversation: Conversation) -> None:
    """Each replaced text is there, unless the message was deleted since."""
    found = {numbers(key): row.value for key, row in owner[REPLACED].items()}
    gone = {seq: deleted_at(message) for seq, message in conversation.messages.items()}
    wanted = {
        (seq, version): text if gone[seq] is None else {"content": None, "at": gone[seq]}
        for seq, texts in conversation.replaced.items()
        for version, text in enumerate(texts)
    }
    same(f"replaced texts in {id}", found, wanted)
    edits = {number(key): row.value for key, row in owner[EDITS].items()}
    same(f"edited messages in {id}", sorted(edits), sorted(conversation.replaced))
    for seq, row in edits.items():
        message, times = conversation.messages[seq], [text["at"] for text in conversation.replaced[seq]]
        same(f"edits of {seq} in {id}", (row["at"], len(row["charges"])), (times[-1], len(times)))
        stands = text(conversation.reports.hidden.get(seq, message)) if gone[seq] is None else None
        same(f"edited text of {seq} in {id}", row["content"], stands)


def _sender(key: bytes) -> tuple[str, str]:
    user, client = key.split(b"\0", 1)
    return user.decode(), client_id(client)


def _head(conversation: Conversation, seq: int) -> dict:
    """A system message has no sender here, as nobody may delete it."""
    message = conversation.messages[seq]
    return {
        "sender": message["sender"]["user"] if message["client_id"] is not None else None,
        "position": message["position"],
        "at": message["sent_at"],
        "ordinal": conversation.ordinals[seq],
        "removed_at": removed_at(message),
        "aspects": conversation.reactions.bit(seq)
        | conversation.polls.bit(seq)
        | (pins.BIT if seq in conversation.pins else 0)
        | (previews.BIT if seq in conversation.previews.told else 0),
    }
