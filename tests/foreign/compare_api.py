"""The API against the events: what each user is told is what the events say, to the last field."""

import compare_messages
import ids
from api import Told, person, time
from blocks import stands
from difference import same
from owners import Paid
from sight import MOST_COUNTED, Sight
from story import Account, Story


def check(users: dict[str, dict], told: dict[str, Told], story: Story, paid: Paid) -> int:
    """`users` are the newest records of the platform. Gives the number of messages compared."""
    compared = 0
    for user, api in told.items():
        same(f"who {user} is", api.me, person(users[user]))
        _check_money(user, api, story.accounts.get(user, Account()))
        _check_sends(user, api, story, paid)
        by_pair = story.blocks.by_pair.items()
        blocked = sorted(other for (by, other), spans in by_pair if by == user and stands(spans))
        same(f"whom {user} was told to block", sorted(story.accounts.get(user, Account()).blocked), blocked)
        same(f"whom {user} blocks", api.blocked, [person(users[other]) for other in blocked])
        privacy = story.accounts.get(user, Account()).privacy
        sees_reads = privacy is None or privacy["show_read_receipts"]
        theirs = {
            id: Sight(user, conversation, story.blocks, sees_reads)
            for id, conversation in story.conversations.items()
            if conversation.people.present(user)
        }
        order = sorted(theirs, key=lambda id: (_position(theirs[id]), id), reverse=True)
        order.sort(key=lambda id: api.kept.get(id, {}).get("archivedAt") is not None)
        order.sort(key=lambda id: theirs[id].is_request())
        same(f"conversations of {user}", [found["id"] for found in api.conversations], order)
        for found in api.conversations:
            sight = theirs[found["id"]]
            compare_messages.check(sight, api.messages[found["id"]], theirs)
            _check_conversation(sight, found, users)
            _check_participants(sight, api.participants[found["id"]], users)
            compared += len(api.messages[found["id"]])
    return compared


def _position(sight: Sight) -> int:
    """A conversation without a visible message stands where the viewer joined."""
    at = sight.newest_at()
    return sight.conversation.people.members[sight.viewer].joined_at if at is None else at


def _check_money(user: str, api: Told, account: Account) -> None:
    same(f"balance of {user}", api.balance, account.balance)
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


def _check_sends(user: str, api: Told, story: Story, paid: Paid) -> None:
    """What events of accounts do not tell: which message an entry is about. That is known from the conversation. A
    forward of several parts has one entry, with their sum."""
    charged: dict[int, dict[tuple[str, str], int]] = {}
    for (kind, id, by, client), charge in paid.items():
        if kind == "Send" and by == user:
            charged.setdefault(charge["position"], {})[id, client] = charge["price_milli"]
    sent = {(id, message["client_id"]): message for id, message in story.sent_by(user)}
    sends = {int(entry["id"]): entry for entry in api.ledger if entry["type"] == "MESSAGE_SEND"}
    priced = {position: parts for position, parts in charged.items() if sum(parts.values()) > 0}
    same(f"commands that {user} has paid for", sorted(sends), sorted(priced))
    for position, parts in priced.items():
        entry, what = sends[position], f"of what {user} has paid for by {position}"
        same(f"amount {what}", entry["amountMilli"], -sum(parts.values()))
        if len(parts) == 1:
            [(id, client)] = parts
            message = sent.get((id, client))
            same(f"message {what}", entry["messageId"], message and ids.message(id, message["seq"]))
            if message is not None:
                same(f"recipients {what}", entry["recipientCount"], message["recipients"])
        elif len({id for id, _ in parts}) > 1:
            same(f"message and conversation {what}", (entry["messageId"], entry["conversationId"]), (None, None))
    refused = [price for parts in charged.values() for part, price in parts.items() if part not in sent]
    refunds = sum(entry["type"] == "REFUND" for entry in api.ledger)
    rejected = len(story.accounts.get(user, Account()).rejected)
    same(f"refunds of {user}", refunds, sum(price > 0 for price in refused))
    same(f"rejected sends of {user}", rejected, len(refused))


_LEDGER = {"id", "amountMilli", "balanceAfterMilli", "type", "createdAt"}


def _check_conversation(sight: Sight, found: dict, users: dict[str, dict]) -> None:
    conversation, user = sight.conversation, sight.viewer
    about, visible, unread = conversation.about, sight.visible(), sight.unread()
    naming = [message for message in unread[:MOST_COUNTED] if _names(message, user)]
    wanted = {
        "id": conversation.id,
        "kind": about["kind"],
        "title": about["title"],
        "description": about["description"],
        "announcementsOnly": about["announcements_only"],
        "participantCount": conversation.people.count(),
        "lastSeq": conversation.head,
        "lastMessageAt": time(sight.newest_at()),
        "createdAt": time(about["at"]),
        "createdBy": person(users[about["by"]]),
        "lastMessage": {"id": ids.message(conversation.id, visible[-1]["seq"])} if visible else None,
        "unreadCount": min(len(unread), MOST_COUNTED),
        "unreadMentionCount": len(naming),
        "canPost": sight.can_post(),
        "pinnedMessages": [
            {"id": ids.message(conversation.id, seq)}
            for seq in conversation.pins
            if sight.sees(conversation.messages[seq])
        ],
        "isRequest": sight.is_request(),
        "viewer": _participant(sight, user),
    }
    what = f"conversation {conversation.id} for {user}"
    has_image = found.pop("avatarUrl") is not None
    same(f"whether {what} has an image", has_image, about["avatar"] is not None)
    same(what, found, wanted)


def _names(message: dict, user: str) -> bool:
    named = {profile["user"] for profile in message["mentions"]["people"]}
    return message["mentions"]["all"] or user in named


def _check_participants(sight: Sight, found: list[dict], users: dict[str, dict]) -> None:
    people = sight.conversation.people
    present = [user for user in people.members if people.is_shown(user)]
    present.sort(key=lambda user: (people.members[user].joined_at, user))
    wanted = [_participant(sight, user) | {"user": person(users[user])} for user in present]
    same(f"participants of {sight.conversation.id} for {sight.viewer}", found, wanted)


def _participant(sight: Sight, user: str) -> dict:
    member, marks = sight.conversation.people.members[user], sight.marks(user)
    named = {kind: mark["up_to"] for kind, mark in marks.items()}
    return {
        "role": member.role,
        "joinedAt": time(member.joined_at),
        "lastReadMessageId": _message(sight, named["read"]),
        "lastDeliveredMessageId": _message(sight, named["delivered"]),
    }


def _message(sight: Sight, seq: int) -> str | None:
    return ids.message(sight.conversation.id, seq) if seq > 0 else None
