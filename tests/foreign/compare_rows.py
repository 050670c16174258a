"""Views and small tables against the events and the API."""

import ids
import polls
import previews
import reactions
from api import Told, person, time
from blocks import stands
from catalogue import CONVERSATION_ROWS, MESSAGE, PAIR_BLOCKS, PIN_ASPECT, PREVIEWS_ASPECT
from difference import same
from messages import stored, text
from owners import MEMBER, REACTIONS, TALLY
from story import Story
from tables import Row

MESSAGES_PER_BUCKET = 1_000
# The kind of row that says what a message is.
CREATED = "created"


def messages(rows: list[Row], story: Story, told: dict[str, Told]) -> None:
    """Each row says what the events say, but for the text of what it answers; and whoever is served a
    message by the API is served what its row says. Beside it stands what has become of the message."""
    _check_aspects([row for row in rows if row.columns["kind"] != CREATED], story)
    rows = [row for row in rows if row.columns["kind"] == CREATED]
    wanted = {
        ids.message(id, seq): stored(message)
        for id, conversation in story.conversations.items()
        for seq, message in conversation.messages.items()
    }
    same("messages", {_id(row): row.value for row in rows}, wanted)
    for row in rows:
        columns, message = row.columns, row.value
        content = text(message)
        beside = {
            "conversation_id": columns["conversation_id"],
            "bucket": message["seq"] // MESSAGES_PER_BUCKET,
            "seq": message["seq"],
            "kind": CREATED,
            "at": message["sent_at"],
            "sender_id": message["sender"]["user"],
            "content": None if content is None else content["text"],
            "body": columns["body"],
        }
        same(f"columns of {_id(row)}", columns, beside)
        same(f"schema of {_id(row)}", row.decoded.id, MESSAGE)
    by_id = {_id(row): row.columns for row in rows}
    for user, api in told.items():
        for message in (message for history in api.messages.values() for message in history):
            columns = by_id[message["id"]]
            served = (message["seq"], message["sender"]["id"], message["content"], message["createdAt"])
            row_says = (columns["seq"], columns["sender_id"], columns["content"], time(columns["at"]))
            same(f"message {message['id']} as {user} is served it", served, row_says)


def _check_aspects(rows: list[Row], story: Story) -> None:
    """An aspect says what the conversation's own row does, and has a tombstone once the message has none."""
    wanted = sorted(
        (id, seq, kind)
        for id, conversation in story.conversations.items()
        for kind, seqs in (
            ("pin", conversation.pinned_ever),
            ("reactions", conversation.reactions.ever),
            ("poll", conversation.polls.ever),
            ("previews", conversation.previews.ever),
        )
        for seq in seqs
    )
    key = ("conversation_id", "seq", "kind")
    same("aspects", sorted(tuple(row.columns[name] for name in key) for row in rows), wanted)
    for row in rows:
        id, seq = row.columns["conversation_id"], row.columns["seq"]
        what = f"aspect of {_id(row)}"
        same(f"bucket of the {what}", row.columns["bucket"], seq // MESSAGES_PER_BUCKET)
        same(f"sender and text beside the {what}", (row.columns["sender_id"], row.columns["content"]), (None, None))
        schema = row.decoded.id, row.decoded.type
        match row.columns["kind"]:
            case "reactions":
                same(f"schema of the {what}", schema, CONVERSATION_ROWS[REACTIONS])
                reactions.check_groups(what, row.value, story.conversations[id].reactions.groups.get(seq, {}))
            case "poll":
                same(f"schema of the {what}", schema, CONVERSATION_ROWS[TALLY])
                same(what, row.value, story.conversations[id].polls.tallies.get(seq, polls.GONE))
            case "previews":
                same(f"schema of the {what}", schema, (PREVIEWS_ASPECT, "Previews"))
                same(what, row.value, story.conversations[id].previews.told.get(seq, previews.GONE))
            case "pin":
                same(f"schema of the {what}", schema, (PIN_ASPECT, "PinAspect"))
                same(what, row.value, {"pin": story.conversations[id].pins.get(seq)})


def _id(row: Row) -> str:
    return ids.message(row.columns["conversation_id"], row.columns["seq"])


def memberships(rows: list[Row], story: Story, told: dict[str, Told]) -> None:
    """Who is or was in a conversation, as the conversation's own rows have it."""
    wanted = {
        (user, id): vars(member)
        for id, conversation in story.conversations.items()
        for user, member in conversation.people.members.items()
    }
    key = ("user_id", "conversation_id")
    same("memberships", {tuple(row.columns[name] for name in key): row.value for row in rows}, wanted)
    for row in rows:
        same("schema of a membership", (row.decoded.id, row.decoded.type), CONVERSATION_ROWS[MEMBER])
    for user, api in told.items():
        mine = [row for row in rows if row.columns["user_id"] == user]
        mine = [row for row in mine if row.value["intervals"][-1]["to"] is None]
        stored = sorted(row.columns["conversation_id"] for row in mine)
        same(f"conversations that {user} is in", sorted(found["id"] for found in api.conversations), stored)


def blocks(rows: list[Row], story: Story, told: dict[str, Told]) -> None:
    wanted = {pair: story.blocks.pair(*pair) for pair in story.blocks.by_pair}
    same("blocks", {(row.columns["user_id"], row.columns["other_id"]): row.value for row in rows}, wanted)
    for row in rows:
        same("schema of blocks", row.decoded.id, PAIR_BLOCKS)
    for user, api in told.items():
        mine = [row for row in rows if row.columns["user_id"] == user]
        mine = [row.columns["other_id"] for row in mine if stands(row.value["by_user"]["intervals"])]
        same(f"whom {user} blocks", [other["id"] for other in api.blocked], sorted(mine))


def users(rows: list[Row], published: dict[str, dict], told: dict[str, Told]) -> None:
    found = {row.columns["user_id"]: _profile(row) for row in rows}
    same("users", found, {user: person(profile) for user, profile in published.items()})
    _emptied_for_good("users", rows, published)
    for user, api in told.items():
        same(f"who {user} is", api.me, found[user])


def private_users(rows: list[Row], published: dict[str, dict]) -> None:
    """What only the user may know; the API has no field for it."""
    names = ("email", "locale", "tier")
    found = {row.columns["user_id"]: {name: row.columns[name] for name in names} for row in rows}
    wanted = {user: {name: said[name] for name in names} for user, said in published.items()}
    same("private users", found, wanted)
    _emptied_for_good("private users", rows, published)


def _emptied_for_good(what: str, rows: list[Row], published: dict[str, dict]) -> None:
    """The rows of erased users, and no others."""
    wanted = sorted(user for user, said in published.items() if said["username"] is None)
    same(f"{what} erased", sorted(row.columns["user_id"] for row in rows if row.is_erased), wanted)


def _profile(row: Row) -> dict:
    columns = row.columns
    return {
        "id": columns["user_id"],
        "username": columns["username"],
        "displayName": columns["display_name"],
        "avatarUrl": columns["avatar_url"],
    }


def follows(rows: list[Row], published: list[dict]) -> None:
    """Of each pair the newest record stands; `published` is in the order of the log."""
    key = ("user_id", "followed_id")
    found = {tuple(row.columns[name] for name in key): row.columns["follows"] for row in rows}
    wanted = {(follow["follower"], follow["followed"]): follow["follows"] for follow in published}
    same("follows", found, wanted)


def policies(rows: list[Row], control: dict) -> None:
    same("policies", {row.columns["name"]: row.value for row in rows}, {"policy": control["policy"]})
    same("version of the policy's row", rows[0].version, control["policy"]["version"])
