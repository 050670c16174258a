"""Rows of accounts against the events and the API."""

from api import Told, message_id, time
from difference import same
from owners import ACCOUNTS, CLIENT_REQUEST, LEDGER, ONCE, STATE, Owner, Paid, client_id, number, owners
from story import Account, Conversation
from tables import Row


def check(
    rows: list[Row],
    events: dict[str, Account],
    conversations: dict[str, Conversation],
    paid: Paid,
    told: dict[str, Told],
) -> None:
    found = owners("user", rows, ACCOUNTS)
    same("accounts", sorted(found), sorted(events))
    for user, owner in found.items():
        for key, row in owner[LEDGER].items():
            same(f"version of ledger entry {number(key)} of {user}", row.version, number(key))
        ledger = {number(key): row.value for key, row in owner[LEDGER].items()}
        entries = {entry["offset"]: {name: entry[name] for name in _SAID} for entry in events[user].ledger}
        stored = {offset: {name: entry[name] for name in _SAID} for offset, entry in ledger.items()}
        same(f"ledger of {user}", stored, entries)
        grants = {key.decode(): row.value["at"] for key, row in owner[ONCE].items()}
        same(f"grants of {user}", grants, {"welcome": events[user].ledger[0]["at"]})
        _check_requests(user, owner, conversations, paid)
        _check_served(user, owner, ledger, conversations, told[user])


_SAID = ("kind", "amount_milli", "balance_after_milli", "at")


def _check_requests(user: str, owner: Owner, conversations: dict[str, Conversation], paid: Paid) -> None:
    """An id whose charge stands is that of a message or of a conversation that is there."""
    live = {
        (row.value["kind"], row.value["conversation"], client_id(key)): row.value["position"]
        for key, row in owner[CLIENT_REQUEST].items()
        if row.value["live"]
    }
    for (kind, conversation, client), position in live.items():
        charge = paid.get((kind, conversation, user, client))
        same(f"position of {kind} {client} of {user}", position, charge)
    sent = sorted(("Send", id, message["client_id"]) for id, message in _sent_by(user, conversations))
    same(f"sends of {user} that stand", sorted(key for key in live if key[0] == "Send"), sent)
    opened = sorted(
        id for id, other in conversations.items() if other.opened and other.opened["created_by"] == user
    )
    same(f"creations of {user} that stand", sorted(id for kind, id, _ in live if kind == "Create"), opened)


def _check_served(
    user: str, owner: Owner, ledger: dict[int, dict], conversations: dict[str, Conversation], api: Told
) -> None:
    same(f"balance of {user}", api.balance, owner[STATE][b""].value["balance_milli"])
    messages = {
        (id, message["client_id"]): message_id(id, message["seq"])
        for id, message in _sent_by(user, conversations)
    }
    wanted = [
        {
            "id": str(offset),
            "amountMilli": entry["amount_milli"],
            "balanceAfterMilli": entry["balance_after_milli"],
            "type": entry["kind"],
            "messageId": messages.get((entry["conversation"], entry["client_id"])),
            "conversationId": entry["conversation"],
            "recipientCount": entry["recipients"],
            "createdAt": time(entry["at"]),
        }
        for offset, entry in sorted(ledger.items(), reverse=True)
    ]
    same(f"ledger that {user} is served", api.ledger, wanted)


def _sent_by(user: str, conversations: dict[str, Conversation]) -> list[tuple[str, dict]]:
    return [
        (id, message)
        for id, conversation in conversations.items()
        for message in conversation.messages.values()
        if message["note"] is None and message["sender"]["user"] == user
    ]
