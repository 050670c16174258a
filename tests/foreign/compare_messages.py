"""Messages that the API serves against the events: to the last field, for each user who sees them."""

import ids
import polls
import previews
import reactions
import stickers
import uploads
from api import person, time
from difference import same
from messages import body, deleted_at, edited, gif, text
from sight import Sight


def check(sight: Sight, served: list[dict], theirs: dict[str, Sight]) -> None:
    """`theirs` are all conversations of the viewer."""
    what = f"history of {sight.conversation.id} for {sight.viewer}"
    wanted = [_message(sight, message, theirs) for message in sight.visible()]
    cards = {message["seq"]: message["card"] for message in served}
    for message, said in zip(sight.visible(), wanted, strict=True):
        said["card"] = _card(sight, message, cards.get(message["seq"]))
    same(what, served, wanted)


def _card(sight: Sight, message: dict, served: dict | None) -> dict | None:
    """Whether a poll is over is asked at a time that no event tells: the end of one has come, or has not."""
    own = [option["hasVoted"] for option in served["options"]] if served else []
    now = served["closesAt"] if served and served["closed"] else None
    return polls.told(sight, message, now, own)


def _message(sight: Sight, message: dict, theirs: dict[str, Sight]) -> dict:
    (kind, value), id, edit = body(message), sight.conversation.id, edited(message)
    system, pin = None, sight.conversation.pins.get(message["seq"])
    if kind == "Note":
        targets = [person(profile) for profile in value["targets"]]
        actor = person(message["sender"])
        system = {"kind": value["kind"], "actor": actor, "targets": targets, "value": value["value"]}
    return _said(id, message) | {
        "conversationId": id,
        "seq": message["seq"],
        "clientMessageId": message["client_id"],
        "contentType": {"Note": "SYSTEM", "Poll": "POLL"}.get(kind) or uploads.content_type(message),
        "attachments": uploads.of_message(id, message["seq"], message),
        "sticker": stickers.of_message(message),
        "gif": _gif(gif(message)),
        "isEdited": edit is not None,
        "editedAt": time(edit["at"]) if edit else None,
        "editCount": edit["count"] if edit else 0,
        "mentionsAll": message["mentions"]["all"],
        "mentions": [person(profile) for profile in message["mentions"]["people"]],
        "recipientCount": message["recipients"],
        "status": sight.status(message),
        "readByCount": len(sight.readers(message)),
        "readBy": [_receipt(sight, user, message["seq"]) for user in sight.readers(message)],
        "deliveredTo": [_receipt(sight, user, message["seq"]) for user in sight.receivers(message)],
        "replyTo": _parent(sight, message["reply_to"]),
        "system": system,
        "forwardedFrom": _provenance(value.get("forwarded"), theirs),
        "reactions": reactions.told(sight, message["seq"]),
        "linkPreviews": _previews(sight, message["seq"]),
        "pinnedAt": time(pin["at"]) if pin else None,
        "pinnedBy": {"id": pin["by"]} if pin else None,
    }


def _gif(said: dict | None) -> dict | None:
    """Links to images differ by when they are asked for."""
    if said is None:
        return None
    named = {"id": f"{said['source'].lower()}-{said['id']}", "provider": said["source"]}
    return named | {name: said[name] for name in ("title", "width", "height")}


def _previews(sight: Sight, seq: int) -> list[dict]:
    """Links to images differ by when they are asked for."""
    told = sight.conversation.previews.told.get(seq, previews.GONE)
    names = {"url": "url", "title": "title", "description": "description", "siteName": "site_name"}
    return [{name: preview[column] for name, column in names.items()} for preview in told["all"]]


def _provenance(source: dict | None, theirs: dict[str, Sight]) -> dict | None:
    """Everyone sees whose text it is; a member of its conversation, which that is."""
    if source is None:
        return None
    sight, seq = theirs.get(source["conversation"]), source["seq"]
    interval = sight and sight.conversation.people.present(sight.viewer)
    reaches = interval is not None and seq >= interval["first_seq"]
    return {
        "messageId": ids.message(source["conversation"], seq) if reaches else None,
        "conversationId": source["conversation"] if sight else None,
        "conversationTitle": sight.conversation.about["title"] if sight else None,
        "sender": person(source["sender"]),
    }


def _receipt(sight: Sight, user: str, seq: int) -> dict:
    people = sight.conversation.people
    is_read = sight.sees_reads and people.has_read(user, seq)
    read = time(people.at(user, "shown")) if is_read else None
    return {"deliveredAt": time(people.at(user, "delivered")), "readAt": read, "user": {"id": user}}


def _parent(sight: Sight, reply: dict | None) -> dict | None:
    """As it stands now. One that the viewer may not see is not told."""
    if reply is None:
        return None
    parent = sight.conversation.messages[reply["seq"]]
    return _said(sight.conversation.id, parent) if sight.sees(parent) else None


def _said(id: str, message: dict) -> dict:
    content = text(message)
    return {
        "id": ids.message(id, message["seq"]),
        "content": None if content is None else content["text"],
        "createdAt": time(message["sent_at"]),
        "deletedAt": time(deleted_at(message)),
        "sender": person(message["sender"]),
    }
