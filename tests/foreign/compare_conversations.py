"""Rows of conversations against the events and the API."""

from api import Told, message_id, time
from difference import same, true
from owners import (
    BLOCKS,
    CONVERSATIONS,
    MEMBER,
    MESSAGE,
    RECEIPT,
    SENT,
    STATE,
    Owner,
    Paid,
    client_id,
    number,
    owners,
)
from story import Conversation
from tables import Row


def check(rows: list[Row], events: dict[str, Conversation], paid: Paid, told: dict[str, Told]) -> None:
    found = owners("conversation", rows, CONVERSATIONS)
    same("conversations", sorted(found), sorted(events))
    for id, owner in found.items():
        conversation = events[id]
        _check_state(id, owner[STATE][b""].value, conversation, paid)
        _check_people(id, owner, conversation)
        _check_messages(id, owner, conversation, paid)
    for user, api in told.items():
        for id, participants in api.participants.items():
            members = {key.decode(): row.value for key, row in found[id][MEMBER].items()}
            wanted = sorted(
                (time(member["joined_at"]), whose, member["role"], _last_read(id, events[id], whose))
                for whose, member in members.items()
                if member["stays"][-1]["to"] is None
            )
            served = [
                (other["joinedAt"], other["user"]["id"], other["role"], other["lastReadMessageId"])
                for other in participants
            ]
            same(f"participants of {id} for {user}", served, wanted)


def _check_state(id: str, state: dict, conversation: Conversation, paid: Paid) -> None:
    opened, event = state["opened"], conversation.opened
    same(f"whether {id} is open", opened is not None, event is not None)
    if opened is not None:
        said = (opened["kind"], opened["title"], opened["by"], opened["at"])
        same(id, said, (event["kind"], event["title"], event["created_by"], conversation.opened_at))
        charges = {
            at
            for (kind, other, user, _), at in paid.items()
            if (kind, other, user) == ("Create", id, said[2])
        }
        true(
            f"the charge that opened {id} is one of {charges}: {opened['charge']}",
            opened["charge"] in charges,
        )
    head = (state["head"], state["head_at"])
    same(f"head of {id}", head, (len(conversation.messages), conversation.head_at))
    present = sum(conversation.present(user) is not None for user in conversation.stays)
    same(f"members of {id}", state["members"], present)


def _check_people(id: str, owner: Owner, conversation: Conversation) -> None:
    stays = {key.decode(): row.value["stays"] for key, row in owner[MEMBER].items()}
    same(f"stays in {id}", stays, conversation.stays)
    read = {
        key.decode(): (row.value["read_up_to"], row.value["read_at"]) for key, row in owner[RECEIPT].items()
    }
    same(f"receipts in {id}", read, conversation.read)
    spans = {key.decode(): row.value["intervals"] for key, row in owner[BLOCKS].items()}
    same(f"blocks in {id}", spans, {user: told for (user, _), told in conversation.blocks.items() if told})


def _check_messages(id: str, owner: Owner, conversation: Conversation, paid: Paid) -> None:
    sends = {_sender(key): (row.value["seq"], row.value["charge"]) for key, row in owner[SENT].items()}
    wanted = {}
    for message in conversation.messages.values():
        if message["note"] is None:
            sender = (message["sender"]["user"], message["client_id"])
            wanted[sender] = (message["seq"], paid.get(("Send", id, *sender)))
    same(f"sends in {id}", sends, wanted)
    heads = {number(key): row.value for key, row in owner[MESSAGE].items()}
    same(f"heads in {id}", heads, {seq: _head(message) for seq, message in conversation.messages.items()})


def _sender(key: bytes) -> tuple[str, str]:
    user, client = key.split(b"\0", 1)
    return user.decode(), client_id(client)


def _head(message: dict) -> dict:
    sender = message["sender"]["user"] if message["note"] is None else None
    return {"sender": sender, "at": message["sent_at"], "deleted_at": message["deleted_at"]}


def _last_read(id: str, conversation: Conversation, user: str) -> str | None:
    seq = conversation.read_up_to(user)
    return message_id(id, seq) if seq > 0 else None
