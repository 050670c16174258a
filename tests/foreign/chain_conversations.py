"""What follows from the commands of a conversation: one fact, and a system message where members change."""

import ids
from difference import same, true
from messages import attachments, body, text, untold
from topics import Read


def check(what: str, read: Read, out: list[Read]) -> None:
    asked, types, fact = read.value, [other.type for other in out], out[0].value
    if read.type == "MarkRead" and types[0] == "MarkedUnread":
        same(f"mark in {what}", fact, {"user": asked["user"], "marked": False})
        out, types = out[1:], types[1:]
        if not out:
            return
        fact = out[0].value
    if read.type == "MarkRead" and types[0] == "DeliveryAdvanced":
        same(f"delivery in {what}", fact["delivered_up_to"], out[1].value["read_up_to"])
        out, types = out[1:], types[1:]
        fact = out[0].value
    if read.type == "RemoveMember" and types[0] == "RolesChanged":
        same(f"who hands over in {what}", fact["by"], asked["person"]["user"])
        out, types = out[1:], types[1:]
        fact = out[0].value
    if read.type in ("PostMessage", "PostPoll") and types[0] == "RequestChanged":
        # Who writes to a conversation accepts the request to them.
        same(what, (fact["user"], fact["request"]), (asked["sender"]["user"], None))
        out, types = out[1:], types[1:]
        fact = out[0].value
    if read.type == "OpenConversation" and types[1:] == ["RequestChanged"]:
        same(f"who is asked in {what}", [out[1].value["user"]], asked["requests"])
        types = types[:1]
    if read.type == "DeclineRequest" and types == ["MembersChanged"]:
        types = ["RequestChanged"]
    if read.type == "UpdateConversation":
        types = types[:2] if set(types[1:]) == {"MessageCreated"} else types
    if read.type == "ResolveReport" and types[0] in ("MessageHidden", "MessageShown"):
        same(f"core in {what}", _core(fact["message"]), _core(asked["message"]))
        out, types = out[1:], types[1:]
        fact = out[0].value
    wanted = _TYPES.get(read.type, [])
    # Changes of one person that follow each other fast have no system message.
    if "MembersChanged" in wanted and len(out) == 1:
        wanted = wanted[:1]
    same(f"types of {what}", types, wanted)
    match read.type:
        case "PostMessage":
            _check_post(what, asked, fact["message"])
        case "PostPoll":
            message = fact["message"]
            same(what, {name: message[name] for name in ("client_id", "sender")}, _sent(asked))
            same(f"poll in {what}", body(message), ("Poll", asked["poll"]))
        case "VotePoll" | "ClosePoll":
            same(f"core in {what}", _core(fact["message"]), _core(asked["message"]))
            named = read.type == "VotePoll" and not body(fact["message"])[1]["anonymous"]
            vote = fact["vote"] and (fact["vote"]["user"], fact["vote"]["options"])
            same(f"vote in {what}", vote, (asked["user"], asked["options"]) if named else None)
            same(f"whether {what} is the end", fact["tally"]["closed"] is not None, read.type == "ClosePoll")
        case "AttachPreviews":
            same(f"message in {what}", fact["message"], asked["message"])
            same(f"previews in {what}", fact["previews"]["all"], asked["previews"])
        case "OpenConversation":
            same(what, fact["members"], [asked["creator"], *asked["participants"]])
            same(f"who is asked in {what}", fact["requests"], asked["requests"])
            said = {"kind": asked["kind"], "title": asked["title"], "by": asked["creator"]}
            said |= {"description": None, "announcements_only": False, "avatar": None}
            charge = {"charge": read.headers.charge["position"], "at": out[0].headers.time}
            same(what, fact["about"], said | charge)
        case "MarkRead":
            same(f"reader in {what}", fact["user"], asked["user"])
            true(f"{what} is not beyond what was asked", fact["read_up_to"] <= asked["up_to"])
            true(f"{what} is shown only if asked", asked["is_shown"] or not fact["is_shown"])
        case "AcknowledgeDelivery":
            same(f"whose device speaks in {what}", fact["user"], asked["user"])
            true(f"{what} is not beyond what was asked", fact["delivered_up_to"] <= asked["up_to"])
        case "MarkUnread":
            same(what, fact, {"user": asked["user"], "marked": True})
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
            same(f"files in {what}", attachments(message), attachments(asked["message"]))
            _check_mentions(what, asked, message)
        case "UpdateConversation":
            _check_settings(what, asked, fact, [other.value["message"] for other in out[1:]])
        case "SetRole":
            actor, person, role = asked["actor"], asked["person"], asked["role"]
            given = [{"user": person["user"], "role": role}]
            if role == "OWNER":
                given.append({"user": actor["user"], "role": "MODERATOR"})
            same(what, (fact["by"], fact["members"]), (actor["user"], given))
            note = out[1].value["message"]
            kind = "OWNER_CHANGED" if role == "OWNER" else "ROLE_CHANGED"
            same(f"actor in the note in {what}", note["sender"], actor)
            same(f"note in {what}", body(note)[1], {"kind": kind, "targets": [person], "value": role})
        case "React" | "RemoveReaction":
            told = {name: fact["reaction"][name] for name in ("user", "target", "emoji")}
            same(what, told, asked)
        case "PinMessage" | "UnpinMessage":
            by = fact["pin"]["by"] if read.type == "PinMessage" else fact["by"]
            same(f"actor in {what}", by, asked["actor"]["user"])
            same(f"core in {what}", _core(fact["message"]), _core(asked["message"]))
            if read.type == "PinMessage":
                note = out[1].value["message"]
                same(f"actor in the note in {what}", note["sender"], asked["actor"])
                pinned = ids.message(read.key, fact["message"]["seq"])
                same(f"note in {what}", body(note)[1], {"kind": "PINNED", "targets": [], "value": pinned})
        case "FileReport":
            said = {name: asked[name] for name in ("reporter", "reason")}
            same(what, fact, said | {"seq": asked["message"]["seq"]})
        case "ResolveReport":
            said = {"reporter": asked["reporter"], "by": asked["moderator"], "action": asked["action"]}
            same(what, fact, said | {"seq": asked["message"]["seq"]})
        case "SetBlock":
            intervals = fact["blocks"]["by_user"]["intervals"]
            said = (fact["user"], fact["other"], intervals[-1]["to"] is None)
            same(what, said, (asked["user"], asked["other"], asked["blocked"]))


_TYPES = {
    "PostMessage": ["MessageCreated"],
    "PostPoll": ["MessageCreated"],
    "VotePoll": ["PollChanged"],
    "ClosePoll": ["PollChanged"],
    "AttachPreviews": ["PreviewAttached"],
    "OpenConversation": ["ConversationOpened"],
    "MarkRead": ["ReceiptAdvanced"],
    "MarkUnread": ["MarkedUnread"],
    "AcknowledgeDelivery": ["DeliveryAdvanced"],
    "AddMembers": ["MembersChanged", "MessageCreated"],
    "RemoveMember": ["MembersChanged", "MessageCreated"],
    "DeleteMessage": ["MessageDeleted"],
    "EditMessage": ["MessageEdited"],
    "UpdateConversation": ["ConversationUpdated", "MessageCreated"],
    "SetRole": ["RolesChanged", "MessageCreated"],
    "SetBlock": ["BlocksChanged"],
    "React": ["ReactionAdded"],
    "PinMessage": ["MessagePinned", "MessageCreated"],
    "UnpinMessage": ["MessageUnpinned"],
    "RemoveReaction": ["ReactionRemoved"],
    "FileReport": ["ReportFiled"],
    "ResolveReport": ["ReportResolved"],
    "AcceptRequest": ["RequestChanged"],
    "DeclineRequest": ["RequestChanged"],
}

# What a conversation tells the accounts whose files are carried once more, or once less.
COUNTS = {"CountFiles"}

# What a conversation tells the account of the sender of a reported message.
SUSPENSIONS = {"SetSuspension"}


def check_suspensions(what: str, read: Read, told: list[Read]) -> None:
    """A decision suspends the sender for a week, or lifts what the report has caused."""
    if not told:
        same(f"what {what} tells no account", read.value.get("action") == "SUSPEND_USER", False)
        return
    same(f"what tells of a suspension in {what}", (read.type, len(told)), ("ResolveReport", 1))
    asked, set = read.value, told[0]
    same(f"who is suspended in {what}", set.key, asked["message"]["sender"]["user"])
    report = {"conversation": read.key, "seq": asked["message"]["seq"], "reporter": asked["reporter"]}
    same(f"report in {what}", set.value["report"], report)
    suspends = set.value["until"] is not None
    same(f"whether {what} suspends", suspends, asked["action"] == "SUSPEND_USER")


# What a conversation tells the account of who blocks another.
BLOCKS = {"NoteBlock"}


def check_blocks(what: str, read: Read, told: list[Read]) -> None:
    asked = read.value
    wanted = [] if read.type != "SetBlock" else [(asked["user"], {"other": asked["other"], "blocked": asked["blocked"]})]
    same(f"who is told of a block in {what}", [(note.key, note.value) for note in told], wanted)


def check_counts(what: str, read: Read, counts: list[Read]) -> None:
    """A deletion counts less; a copy and a sticker more; an image of a conversation more, and the one before it less."""
    told = [(count.key, id, count.value["more"]) for count in counts for id in count.value["attachments"]]
    more = sorted((user, id) for user, id, is_more in told if is_more)
    match read.type:
        case "PostMessage" if read.value["forwarded"] is not None or read.value["sticker"] is not None:
            files = read.value["attachments"]
        case "UpdateConversation" if told:
            files = [read.value["avatar"]]
        case type:
            files = []
            true(f"{what} may count files", type == "DeleteMessage" or not told)
    same(f"what is counted more in {what}", more, sorted((file["uploader"], file["attachment"]) for file in files))


# What a conversation tells the account of who is asked.
NOTES = {"NoteRequest", "SettleRequest"}


def check_notes(what: str, read: Read, facts: list[Read], notes: list[Read]) -> None:
    """The account of each who is asked learns of it, and of whoever was asked that it is over."""
    asked = [user for fact in facts for user in fact.value.get("requests", [])]
    noted = [note.key for note in notes if note.type == "NoteRequest"]
    same(f"who is told of a request in {what}", sorted(noted), sorted(asked))
    over = [fact.value["user"] for fact in facts if fact.type == "RequestChanged" and not asked]
    settled = [note.key for note in notes if note.type == "SettleRequest"]
    true(f"{what} settles no other request: {settled}", len(settled) <= 1)
    if over and settled:
        same(f"whose request is over in {what}", settled, over)
    for note in notes:
        same(f"conversation in {what}", note.value["conversation"], read.key)


def _sent(asked: dict) -> dict:
    return {name: asked[name] for name in ("client_id", "sender")}


def _check_post(what: str, asked: dict, message: dict) -> None:
    said = _sent(asked)
    same(what, {name: message[name] for name in said}, said)
    wanted = {name: asked[name] for name in ("content", "attachments", "sticker", "gif", "forwarded")} | {"edited": None}
    same(f"text in {what}", body(message)[1], wanted)
    # Of what is answered the text goes if it was deleted meanwhile; of the named, who has left.
    parent, reply = asked["reply_to"], message["reply_to"]
    if parent is not None and reply is not None and reply["content"] is None:
        parent = untold(parent)
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


def _check_settings(what: str, asked: dict, fact: dict, notes: list[dict]) -> None:
    """Each setting that is asked for is as asked; each note tells one of them."""
    same(f"actor in {what}", fact["by"], asked["actor"]["user"])
    about = fact["about"]
    for name, stands in (
        ("title", about["title"]),
        ("description", about["description"] or ""),
        ("announcements_only", about["announcements_only"]),
        ("avatar", about["avatar"]),
    ):
        if asked[name] is not None:
            same(f"{name} in {what}", stands, asked[name])
    possible = [
        ("title", {"kind": "RENAMED", "targets": [], "value": about["title"]}),
        ("description", {"kind": "SETTINGS_CHANGED", "targets": [], "value": "DESCRIPTION"}),
        ("announcements_only", {"kind": "SETTINGS_CHANGED", "targets": [], "value": _POSTS[about["announcements_only"]]}),
        ("avatar", {"kind": "SETTINGS_CHANGED", "targets": [], "value": "AVATAR"}),
    ]
    told = [body(note)[1] for note in notes]
    wanted = [note for name, note in possible if asked[name] is not None and note in told]
    same(f"notes in {what}", told, wanted)
    for note in notes:
        same(f"actor in the notes in {what}", note["sender"], asked["actor"])


_POSTS = {True: "ANNOUNCEMENTS_ONLY", False: "EVERYONE_POSTS"}


def _core(message: dict) -> dict:
    """What never changes of a message."""
    return {name: value for name, value in message.items() if name not in ("body", "reply_to", "mentions")}
