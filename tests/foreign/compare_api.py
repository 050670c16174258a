"""The API against the events: what each user is told is what the events say, to the last field."""

from api import Told, message_id, person, time
from difference import same
from story import Account, Conversation, hidden, hides

# More than so many unread messages are not counted.
UNREAD_COUNTED = 100


def check(
    users: dict[str, dict],
    told: dict[str, Told],
    conversations: dict[str, Conversation],
    accounts: dict[str, Account],
) -> int:
    """`users` are the newest records of the platform. Gives the number of messages compared."""
    spans, compared = hidden(conversations), 0
    for user, api in told.items():
        same(f"who {user} is", api.me, person(users[user]))
        _check_money(user, api, accounts.get(user, Account()), conversations)
        blocked = sorted(
            other
            for conversation in conversations.values()
            for (blocker, other), intervals in conversation.blocks.items()
            if blocker == user and intervals and intervals[-1]["to"] is None
        )
        same(f"whom {user} blocks", api.blocked, [person(users[other]) for other in blocked])
        theirs = {
            id: conversation for id, conversation in conversations.items() if conversation.present(user)
        }
        order = sorted(theirs, key=lambda id: (theirs[id].head_at, id), reverse=True)
        same(f"conversations of {user}", [found["id"] for found in api.conversations], order)
        for found in api.conversations:
            id = found["id"]
            visible = _visible(user, theirs[id], spans)
            wanted = [_message(user, id, theirs[id], message, spans) for message in visible]
            same(f"history of {id} for {user}", api.messages[id], wanted)
            _check_conversation(user, found, theirs[id], visible, users)
            for participant in api.participants[id]:
                who = participant["user"]
                same(f"participant of {id} for {user}", who, person(users[who["id"]]))
            compared += len(wanted)
    return compared


def _check_money(user: str, api: Told, account: Account, conversations: dict[str, Conversation]) -> None:
    same(
        f"balance of {user}", api.balance, account.ledger[-1]["balance_after_milli"] if account.ledger else 0
    )
    ledger = [
        {
            "id": str(entry["offset"]),
            "amountMilli": entry["amount_milli"],
            "balanceAfterMilli": entry["balance_after_milli"],
            "type": entry["kind"],
            "createdAt": time(entry["at"]),
        }
        for entry in reversed(account.ledger)
    ]
    told = [{name: entry[name] for name in entry if name in _LEDGER} for entry in api.ledger]
    same(f"ledger of {user}", told, ledger)
    # What events of accounts do not tell: which message it was. That is known from the conversation.
    sent = {
        message_id(id, message["seq"]): message["recipients"]
        for id, conversation in conversations.items()
        for message in conversation.messages.values()
        if message["note"] is None and message["sender"]["user"] == user and message["recipients"] > 0
    }
    paid = {
        entry["messageId"]: entry["recipientCount"]
        for entry in api.ledger
        if entry["type"] == "MESSAGE_SEND" and entry["messageId"] is not None
    }
    same(f"messages that {user} has paid for", paid, sent)
    refused = [
        entry for entry in api.ledger if entry["type"] == "MESSAGE_SEND" and entry["messageId"] is None
    ]
    refunds = [entry for entry in api.ledger if entry["type"] == "REFUND"]
    same(f"number of refunds of {user}", len(refunds), len(refused))
    same(f"number of sends of {user} that were rejected", len(account.rejected), len(refused))


_LEDGER = {"id", "amountMilli", "balanceAfterMilli", "type", "createdAt"}


def _visible(user: str, conversation: Conversation, spans: dict) -> list[dict]:
    stay = conversation.present(user)
    return [message for message in conversation.messages.values() if _sees(user, stay, message, spans)]


def _sees(user: str, stay: dict, message: dict, spans: dict) -> bool:
    """From their joining on, and not what someone sent while a block stood between the two."""
    sender = message["sender"]["user"]
    return message["seq"] >= stay["first_seq"] and not hides(
        spans.get((user, sender), []), message["sent_at"]
    )


def _message(user: str, id: str, conversation: Conversation, message: dict, spans: dict) -> dict:
    note, reply = message["note"], message["reply_to"]
    parent = None
    if reply is not None:
        before = conversation.messages[reply["seq"]]
        # A parent that the viewer may not see is not told.
        if _sees(user, conversation.present(user), before, spans):
            parent = {name: value for name, value in _said(id, before).items() if name in _PARENT}
    return _said(id, message) | {
        "conversationId": id,
        "seq": message["seq"],
        "clientMessageId": message["client_id"],
        "contentType": "TEXT" if note is None else "SYSTEM",
        "mentionsAll": message["mentions"]["all"],
        "mentions": [person(profile) for profile in message["mentions"]["people"]],
        "recipientCount": message["recipients"],
        "replyTo": parent,
        "system": None
        if note is None
        else {
            "kind": note["kind"],
            "actor": person(message["sender"]),
            "targets": [person(profile) for profile in note["targets"]],
        },
    }


_PARENT = {"id", "content", "createdAt", "deletedAt", "sender"}


def _said(id: str, message: dict) -> dict:
    return {
        "id": message_id(id, message["seq"]),
        "content": None if message["content"] is None else message["content"]["text"],
        "createdAt": time(message["sent_at"]),
        "deletedAt": time(message["deleted_at"]),
        "sender": person(message["sender"]),
    }


def _check_conversation(
    user: str, found: dict, conversation: Conversation, visible: list[dict], users: dict[str, dict]
) -> None:
    opened, head = conversation.opened, len(conversation.messages)
    read = conversation.read_up_to(user)
    unread = [message for message in visible if message["seq"] > read]
    mine = [
        message
        for message in unread[:UNREAD_COUNTED]
        if message["mentions"]["all"] or any(named["user"] == user for named in message["mentions"]["people"])
    ]
    viewer = found["viewer"]
    wanted = {
        "id": found["id"],
        "kind": opened["kind"],
        "title": opened["title"],
        "participantCount": sum(conversation.present(member) is not None for member in conversation.stays),
        "lastSeq": head,
        "lastMessageAt": time(conversation.head_at) if head > 0 else None,
        "createdAt": time(conversation.opened_at),
        "createdBy": person(users[opened["created_by"]]),
        "lastMessage": {"id": message_id(found["id"], visible[-1]["seq"])} if visible else None,
        "unreadCount": min(len(unread), UNREAD_COUNTED),
        "unreadMentionCount": len(mine),
        "viewer": {
            # Who has which role since when, events do not tell; the rows do.
            "role": viewer["role"],
            "joinedAt": viewer["joinedAt"],
            "lastReadMessageId": message_id(found["id"], read) if read > 0 else None,
        },
    }
    same(f"conversation {found['id']} for {user}", found, wanted)
