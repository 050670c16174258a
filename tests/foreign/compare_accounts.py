"""Rows of accounts against the events and the API."""

import ids
import reports
from api import Told, time
from difference import same
from owners import CLIENT_REQUEST, LAST_BATCH, LEDGER, ONCE, STATE, USAGE, Owner, Paid, client_id, number, paid_for
from story import Story


def check(found: dict[str, Owner], story: Story, erased: set[str], paid: Paid, told: dict[str, Told]) -> None:
    """The account of an erased user was asked to forget, also if nothing has ever happened to it."""
    same("accounts", sorted(found), sorted(story.accounts.keys() | erased))
    for user in erased - story.accounts.keys():
        held = sorted(kind for kind, rows in found[user].items() if rows)
        same(f"kinds of rows of {user}", held, [STATE, LAST_BATCH])
    for user in story.accounts:
        owner = found[user]
        for key, row in owner[LEDGER].items():
            same(f"version of ledger entry {number(key)} of {user}", row.version, number(key))
        ledger = {number(key): row.value for key, row in owner[LEDGER].items()}
        entries = story.accounts[user].ledger
        wanted = {entry["offset"]: {name: entry[name] for name in _SAID} for entry in entries}
        stored = {offset: {name: entry[name] for name in _SAID} for offset, entry in ledger.items()}
        same(f"ledger of {user}", stored, wanted)
        grants = {key.decode(): row.value["at"] for key, row in owner[ONCE].items()}
        same(f"grants of {user}", grants, {"welcome": entries[0]["at"]})
        _check_requests(user, owner, story, paid)
        _check_usage(user, owner, story)
        suspensions = owner[STATE][b""].value["suspensions"]
        same(f"suspensions of {user}", suspensions, reports.suspending(story, user))
        _check_served(user, owner, ledger, story, told[user])


_SAID = ("kind", "amount_milli", "balance_after_milli", "at")


def _check_requests(user: str, owner: Owner, story: Story, paid: Paid) -> None:
    """An id whose charge stands is that of a message or of a conversation that is there; each row has
    position and time of its charge."""
    live = []
    for key, row in owner[CLIENT_REQUEST].items():
        kind, conversation = row.value["kind"], row.value["conversation"]
        charge = paid[paid_for(kind), conversation, user, client_id(key)]
        place = (row.value["position"], row.value["at"])
        same(f"charge of {kind} {client_id(key)} of {user}", place, (charge["position"], charge["at"]))
        if row.value["live"]:
            live.append((paid_for(kind), conversation, client_id(key)))
    sent = sorted((id, message["client_id"]) for id, message in story.sent_by(user))
    same(f"sends of {user} that stand", sorted(key[1:] for key in live if key[0] == "Send"), sent)
    opened = sorted(
        id for id, other in story.conversations.items() if other.about and other.about["by"] == user
    )
    same(f"creations of {user} that stand", sorted(id for kind, id, _ in live if kind == "Create"), opened)
    # The window of creations is a day, so each of them counts.
    counted = sorted(paid["Create", id, user, client]["at"] for kind, id, client in live if kind == "Create")
    same(f"creations of {user} that count", owner[STATE][b""].value["creations"], counted)


def _check_usage(user: str, owner: Owner, story: Story) -> None:
    """The window of edits is an hour, so each counts that has changed a text, and no other."""
    edits = sum(
        len(texts)
        for conversation in story.conversations.values()
        for seq, texts in conversation.replaced.items()
        if conversation.messages[seq]["sender"]["user"] == user
    )
    counted = {key.decode(): len(row.value["uses"]) for key, row in owner[USAGE].items()}
    same(f"edits of {user} that count", counted.get("edit", 0), edits)
    same(f"limits of {user} that rows count", set(counted) <= {"edit", "react", "report", "sticker_pack", "upload"}, True)


def _check_served(user: str, owner: Owner, ledger: dict[int, dict], story: Story, api: Told) -> None:
    balance = owner[STATE][b""].value["balance_milli"]
    same(f"balance of {user}", (balance, api.balance), (story.accounts[user].balance,) * 2)
    messages = {
        (id, message["client_id"]): ids.message(id, message["seq"]) for id, message in story.sent_by(user)
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
