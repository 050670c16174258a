"""What follows from the commands of a conversation: one fact, and a system message where members change."""

from difference import same, true
from messages import body, text
from topics import Read


def check(what: str, read: Read, out: list[Read]) -> None:
    asked, types, fact = read.value, [other.type for other in out], out[0].value
    wanted = _TYPES.get(read.type, [])
    # Changes of one person that follow each other fast have no system message.
    if "MembersChanged" in wanted and len(out) == 1:
        wanted = wanted[:1]
    same(f"types of {what}", types, wanted)
    match read.type:
        case "PostMessage":
            _check_post(what, asked, fact["message"])
        case "OpenConversation":
            same(what, fact["members"], [asked["creator"], *asked["participants"]])
            said = {"kind": asked["kind"], "title": asked["title"], "by": asked["creator"]}
            charge = {"charge": read.headers.charge["position"], "at": out[0].headers.time}
            same(what, fact["about"], said | charge)
        case "MarkRead":
            same(f"reader in {what}", fact["user"], asked["user"])
            true(f"{what} is not beyond what was asked", fact["read_up_to"] <= asked["up_to"])
        case "AddMembers" | "RemoveMember":
            _check_members(what, asked, fact, out[1].value["message"] if out[1:] else None)
        case "DeleteMessage":
            same(f"actor in {what}", fact["by"], asked["actor"])
            same(f"core in {what}", _core(fact["message"]), _core(asked["message"]))
        case "EditMessage":
            message = fact["message"]
            same(f"editor in {what}", message["sender"]["user"], asked["actor"])
            same(f"core in {what}", _core(message), _core(asked["message"]))
            same(f"text in {what}", text(message), asked["content"])
            _check_mentions(what, asked, message)
        case "UpdateConversation":
            actor, title = asked["actor"], asked["title"]
            same(what, (fact["by"], fact["about"]["title"]), (actor["user"], title))
            note = out[1].value["message"]
            same(f"actor in the note in {what}", note["sender"], actor)
            same(f"note in {what}", body(note)[1], {"kind": "RENAMED", "targets": [], "value": title})
        case "SetBlock":
            intervals = fact["blocks"]["by_user"]["intervals"]
            said = (fact["user"], fact["other"], intervals[-1]["to"] is None)
            same(what, said, (asked["user"], asked["other"], asked["blocked"]))


_TYPES = {
    "PostMessage": ["MessageCreated"],
    "OpenConversation": ["ConversationOpened"],
    "MarkRead": ["ReceiptAdvanced"],
    "AddMembers": ["MembersChanged", "MessageCreated"],
    "RemoveMember": ["MembersChanged", "MessageCreated"],
    "DeleteMessage": ["MessageDeleted"],
    "EditMessage": ["MessageEdited"],
    "UpdateConversation": ["ConversationUpdated", "MessageCreated"],
    "SetBlock": ["BlocksChanged"],
}


def _check_post(what: str, asked: dict, message: dict) -> None:
    said = {name: asked[name] for name in ("client_id", "sender")}
    same(what, {name: message[name] for name in said}, said)
    same(f"text in {what}", body(message)[1], {"content": asked["content"], "edited": None})
    # Of what is answered the text goes if it was deleted meanwhile; of the named, who has left.
    parent, reply = asked["reply_to"], message["reply_to"]
    if parent is not None and reply is not None and reply["content"] is None:
        parent = parent | {"content": None}
    same(f"what is answered in {what}", reply, parent)
    _check_mentions(what, asked, message)


def _check_mentions(what: str, asked: dict, message: dict) -> None:
    """Of the named, those are left who are members."""
    named = [person for person in asked["mentions"]["people"] if person in message["mentions"]["people"]]
    same(f"who is named in {what}", message["mentions"]["people"], named)
    true(f"{what} names all only if asked", asked["mentions"]["all"] or not message["mentions"]["all"])


def _check_members(what: str, asked: dict, fact: dict, note: dict | None) -> None:
    people = asked["people"] if "people" in asked else [asked["person"]]
    changed = [member["user"] for member in fact["members"]]
    same(f"actor in {what}", fact["by"], asked["actor"]["user"])
    changing = [person for person in people if person["user"] in changed]
    same(f"who comes or goes in {what}", changed, [person["user"] for person in changing])
    if note is None:
        return
    same(f"actor in the note in {what}", note["sender"], asked["actor"])
    leaves = "person" in asked and asked["person"]["user"] == asked["actor"]["user"]
    kind = "ADDED" if "people" in asked else "LEFT" if leaves else "REMOVED"
    targets = body(note)[1]["targets"]
    noted = [] if leaves else [person for person in changing if person in targets]
    same(f"note in {what}", body(note)[1], {"kind": kind, "targets": noted, "value": None})


def _core(message: dict) -> dict:
    """What never changes of a message."""
    return {name: value for name, value in message.items() if name not in ("body", "reply_to", "mentions")}
