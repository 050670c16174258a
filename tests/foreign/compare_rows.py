"""Views and small tables against the events and the API."""

from api import Told, message_id, person, time
from difference import same
from story import Conversation
from tables import Row

MESSAGES_PER_BUCKET = 1_000


def messages(rows: list[Row], conversations: dict[str, Conversation], told: dict[str, Told]) -> None:
    """Each row says what the events say, but for the text of what it answers; and whoever is served a
    message by the API is served what its row says."""
    wanted = {
        message_id(id, seq): _stored(message)
        for id, conversation in conversations.items()
        for seq, message in conversation.messages.items()
    }
    same("messages", {_id(row): row.value for row in rows}, wanted)
    for row in rows:
        columns, message = row.columns, row.value
        content = None if message["content"] is None else message["content"]["text"]
        beside = {
            "conversation_id": columns["conversation_id"],
            "bucket": message["seq"] // MESSAGES_PER_BUCKET,
            "seq": message["seq"],
            "kind": "created",
            "at": message["sent_at"],
            "sender_id": message["sender"]["user"],
            "content": content,
            "body": columns["body"],
        }
        same(f"columns of {_id(row)}", columns, beside)
        same(f"type of {_id(row)}", row.decoded.type, "Message")
    by_id = {_id(row): row.columns for row in rows}
    for user, api in told.items():
        for message in (message for history in api.messages.values() for message in history):
            columns = by_id[message["id"]]
            served = (message["seq"], message["sender"]["id"], message["content"], message["createdAt"])
            stored = (columns["seq"], columns["sender_id"], columns["content"], time(columns["at"]))
            same(f"message {message['id']} as {user} is served it", served, stored)


def _id(row: Row) -> str:
    return message_id(row.columns["conversation_id"], row.columns["seq"])


def _stored(message: dict) -> dict:
    reply = message["reply_to"]
    return message if reply is None else message | {"reply_to": reply | {"content": None}}


def memberships(rows: list[Row], conversations: dict[str, Conversation], told: dict[str, Told]) -> None:
    wanted = {
        (user, id): stays
        for id, conversation in conversations.items()
        for user, stays in conversation.stays.items()
    }
    key = ("user_id", "conversation_id")
    found = {tuple(row.columns[name] for name in key): row.value for row in rows}
    same("memberships", {place: member["stays"] for place, member in found.items()}, wanted)
    for user, api in told.items():
        mine = {id: member for (whose, id), member in found.items() if whose == user}
        served = {
            conversation["id"]: (conversation["viewer"]["role"], conversation["viewer"]["joinedAt"])
            for conversation in api.conversations
        }
        stored = {
            id: (member["role"], time(member["joined_at"]))
            for id, member in mine.items()
            if member["stays"][-1]["to"] is None
        }
        same(f"conversations that {user} is in", served, stored)


def blocks(rows: list[Row], conversations: dict[str, Conversation], told: dict[str, Told]) -> None:
    set_by = {
        pair: spans for conversation in conversations.values() for pair, spans in conversation.blocks.items()
    }
    wanted = {
        (user, other): {"by_user": {"intervals": spans}, "by_other": {"intervals": set_by[other, user]}}
        for (user, other), spans in set_by.items()
    }
    same("blocks", {(row.columns["user_id"], row.columns["other_id"]): row.value for row in rows}, wanted)
    for user, api in told.items():
        stored = [
            row.columns["other_id"]
            for row in rows
            if row.columns["user_id"] == user and _stands(row.value["by_user"]["intervals"])
        ]
        same(f"whom {user} blocks", [other["id"] for other in api.blocked], sorted(stored))


def _stands(intervals: list[dict]) -> bool:
    return bool(intervals) and intervals[-1]["to"] is None


def users(rows: list[Row], published: dict[str, dict], told: dict[str, Told]) -> None:
    found = {row.columns["user_id"]: _profile(row) for row in rows}
    same("users", found, {user: person(profile) for user, profile in published.items()})
    for user, api in told.items():
        same(f"who {user} is", api.me, found[user])


def _profile(row: Row) -> dict:
    columns = row.columns
    return {
        "id": columns["user_id"],
        "username": columns["username"],
        "displayName": columns["display_name"],
        "avatarUrl": columns["avatar_url"],
    }


def policies(rows: list[Row], control: dict) -> None:
    same("policies", {row.columns["name"]: row.value for row in rows}, {"policy": control["policy"]})
    same("version of the policy's row", rows[0].version, control["policy"]["version"])
