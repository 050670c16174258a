"""What follows from the commands of an account: a charge and the request that it pays for, a look-up of an
earlier one, credits."""

import ids
import schedules
import stickers
import uploads
from difference import same, true
from topics import Read


def check(
    what: str, read: Read, out: list[Read], at: int, price: int, shows_reads: dict[str, bool]
) -> None:
    asked = read.value
    # The copies of a forward are answered for themselves.
    answering = ("PostMessage", "PostPoll", "OpenConversation", "LookUp", "EditMessage", "React")
    if read.type != "ForwardMessage" and out[0].type in answering:
        same(f"reply in {what}", out[0].headers.reply, read.headers.reply)
    match read.type, out[0].type:
        case "SendMessage", "PostMessage":
            files, sticker = out[0].value["attachments"], stickers.sent(asked)
            same(f"roles of files in {what}", {file["role"] for file in files} - {"FILE"}, set())
            if sticker is None:
                same(f"files in {what}", [file["attachment"] for file in files], asked["attachments"])
                same(f"whose files {what} carries", {file["uploader"] for file in files} - {read.key}, set())
            else:
                same(f"image in {what}", files, [asked["sticker"]["found"]["file"]])
            passed = {name: asked[name] for name in _PASSED} | {"shows_reads": shows_reads[read.key]}
            passed |= {"attachments": files, "sticker": sticker, "gif": asked["gif"], "forwarded": None}
            paid = price * asked["recipients"]
            same(what, out[0].value, passed)
            same(f"charge in {what}", out[0].headers.charge, _charge(read, asked["conversation"], paid, at))
            same(f"credits in {what}", _facts(out[1:]), _credits("MESSAGE_SEND", -paid))
        case "SendVoice", "PostMessage":
            (file,) = out[0].value["attachments"]
            said = (file["attachment"], file["uploader"], file["role"])
            same(f"recording in {what}", said, (asked["attachment"], read.key, "VOICE"))
            true(f"the recording in {what} was heard", file["file"]["sound"] is not None)
            passed = {name: asked[name] for name in ("client_id", "sender", "reply_to")}
            passed |= {"shows_reads": shows_reads[read.key], "attachments": [file], "sticker": None, "gif": None}
            passed |= {"forwarded": None, "content": {"text": "", "key_id": None}, "mentions": {"people": [], "all": False}}
            paid = price * asked["recipients"]
            same(what, out[0].value, passed)
            same(f"charge in {what}", out[0].headers.charge, _charge(read, asked["conversation"], paid, at))
            same(f"credits in {what}", _facts(out[1:]), _credits("MESSAGE_SEND", -paid))
        case "CreatePoll", "PostPoll":
            passed = {name: asked[name] for name in ("client_id", "sender", "poll")}
            paid = price * asked["recipients"]
            same(what, out[0].value, passed | {"shows_reads": shows_reads[read.key]})
            same(f"charge in {what}", out[0].headers.charge, _charge(read, asked["conversation"], paid, at))
            same(f"credits in {what}", _facts(out[1:]), _credits("MESSAGE_SEND", -paid))
        case "CreateConversation", "OpenConversation":
            opened = {name: asked[name] for name in ("kind", "participants", "requests", "title")}
            same(what, _facts(out), [("OpenConversation", opened | {"creator": read.key})])
            chat = _conversation(read.key, asked)
            same(f"id that {what} opens", asked["conversation"], chat)
            same(f"charge in {what}", out[0].headers.charge, _charge(read, chat, 0, at))
        case "SubmitEdit", "EditMessage":
            same(what, _facts(out), [("EditMessage", asked["edit"])])
            same(f"conversation of {what}", out[0].key, asked["conversation"])
            charge = _charge(read, asked["conversation"], 0, at)
            same(f"charge in {what}", out[0].headers.charge, charge)
        case (("SendMessage" | "SendVoice" | "CreatePoll" | "CreateConversation"), "LookUp"):
            kind, charge = _KINDS[read.type], out[0].value["charge"]
            said = {"user": read.key, "client_id": asked["client_id"], "kind": kind, "charge": charge}
            same(what, _facts(out), [("LookUp", said)])
            true(f"{what} names an earlier command: {charge}", 0 <= charge < read.record.offset)
            if read.type != "CreateConversation":
                same(f"conversation of {what}", out[0].key, asked["conversation"])
        case "AddReaction", "React":
            passed = {name: asked[name] for name in ("target", "emoji")}
            same(what, _facts(out), [("React", passed | {"user": read.key})])
            same(f"charge in {what}", out[0].headers.charge, _charge(read, asked["conversation"], 0, at))
        case "ReportMessage", "FileReport":
            passed = {name: asked[name] for name in ("message", "reason", "details")}
            same(what, _facts(out), [("FileReport", passed | {"reporter": read.key})])
            same(f"charge in {what}", out[0].headers.charge, _charge(read, asked["conversation"], 0, at))
        case "ForwardMessage", _:
            _check_forward(what, read, out, at, price, shows_reads[read.key])
        case "Refund", _:
            charge, refusal = asked["charge"], asked["refusal"]
            wanted = _credits("REFUND", charge["price_milli"])
            if charge["kind"] == "Send" and refusal is not None:
                rejected = {name: charge[name] for name in ("client_id", "conversation")}
                wanted.append(("SendRejected", rejected | {"refusal": refusal}))
            if charge["kind"] == "Scheduled":
                told = out.pop()
                failed = ("musclemap.rows.ScheduleFailed", {"at": at, "refusal": refusal})
                same(f"schedule of {what}", told.value["id"], charge["client_id"])
                same(f"progress in {what}", told.value["now"]["progress"], failed)
            same(what, _facts(out), wanted)
        case "FireSchedule", "PostMessage":
            said = schedules.check_fired(what, read, out, at, price, shows_reads[read.key])
            charge = _charge(read, said["conversation"], said["price_milli"], at) | said
            same(f"charge in {what}", out[0].headers.charge, charge)
            same(f"credits in {what}", _facts(out[1:-1]), _credits("MESSAGE_SEND", -said["price_milli"]))
        case ("ScheduleMessage" | "ChangeSchedule" | "CancelSchedule" | "FireSchedule" | "SettleSchedule"), _:
            schedules.check(what, read, out, at)
        case "OrganizeConversation", _:
            organized = out[0].value["organized"]
            said = {name: asked[name] for name in _ORGANIZING if asked[name] is not None}
            whole = {"conversation": asked["conversation"], "organized": organized | said}
            same(what, _facts(out), [("ConversationOrganized", whole)])
            if asked["archived"] is not None:
                same(f"archive in {what}", organized["archived"] is not None, asked["archived"])
        case "SaveDraft", _:
            same(what, _facts(out), [("DraftSaved", asked)])
        case "UpdatePreferences", _:
            said = {name: value for name, value in asked.items() if value is not None}
            preferences = out[0].value["preferences"]
            same(what, _facts(out), [("PreferencesChanged", {"preferences": preferences | said})])
        case "UpdatePrivacy", _:
            said = {name: value for name, value in asked.items() if value is not None}
            privacy = out[0].value["privacy"]
            same(what, _facts(out), [("PrivacyChanged", {"privacy": privacy | said})])
            shows_reads[read.key] = privacy["show_read_receipts"]
        case "UpdateNotifications", _:
            said = {name: value for name, value in asked.items() if value is not None}
            if quiet := said.get("quiet_hours"):
                said["quiet_hours"] = quiet["hours"]
            notifications = out[0].value["notifications"]
            same(what, _facts(out), [("NotificationsChanged", {"notifications": notifications | said})])
        case ("SaveTemplate" | "DeleteTemplate"), _:
            told = {"template": asked["template"], "removed": read.type == "DeleteTemplate"}
            same(what, _facts(out), [("TemplatesChanged", told)])
        case "NoteBlock", _:
            same(what, _facts(out), [("BlockedUsersChanged", asked)])
        case ("CreateUpload" | "CompleteUpload" | "SettleUpload"), _:
            uploads.check(what, read, out, at)
        case "CountFiles", _:
            uploads.check_gone(what, read, out, at)
        case type, _ if type in stickers.REQUESTS:
            stickers.check(what, read, out, at)
        case "GrantCredits", _:
            same(what, _facts(out), _credits("GRANT", asked["amount_milli"]))
        case types:
            true(f"{what} can follow from it: {types}", False)


_ORGANIZING = ("starred", "muted_until", "level", "labels")
_PASSED = ("client_id", "sender", "content", "reply_to", "mentions")
_KINDS = {
    "SendMessage": "Send",
    "FireSchedule": "Scheduled",
    "CreatePoll": "Send",
    "SendVoice": "Send",
    "ForwardMessage": "Send",
    "CreateConversation": "Create",
    "SubmitEdit": "Edit",
    "AddReaction": "React",
    "ReportMessage": "Report",
}


def _check_forward(what: str, read: Read, out: list[Read], at: int, price: int, shows_reads: bool) -> None:
    """Each copy and each comment is a post with a charge of its own, or the look-up of an earlier one; what they
    cost is one change of the balance."""
    asked, parts = read.value, {}
    for copy in asked["copies"]:
        reply = read.headers.reply and (read.headers.reply[0], copy["request"])
        nobody = {"people": [], "all": False}
        copied = {"content": asked["content"], "mentions": nobody}
        copied |= {name: asked[name] for name in ("attachments", "sticker", "gif")} | {"forwarded": asked["from"]}
        parts[copy["client_id"]] = (copy, copied, reply)
        if asked["comment"] is not None:
            comment = {"content": asked["comment"], "mentions": copy["mentions"], "attachments": []}
            parts[copy["comment_id"]] = (copy, comment | {"sticker": None, "gif": None, "forwarded": None}, None)
    passed = [other for other in out if other.type in ("PostMessage", "LookUp")]
    same(f"parts of {what}", sorted(other.value["client_id"] for other in passed), sorted(parts))
    total = 0
    for other in passed:
        id = other.value["client_id"]
        copy, post, reply = parts[id]
        place = (other.key, other.headers.reply)
        same(f"conversation and reply of {id} in {what}", place, (copy["conversation"], reply))
        if other.type == "LookUp":
            charge = other.value["charge"]
            said = {"user": read.key, "client_id": id, "kind": "Send", "charge": charge}
            same(f"look-up of {id} in {what}", other.value, said)
            true(f"{what} names an earlier command: {charge}", 0 <= charge < read.record.offset)
            continue
        said = {"client_id": id, "sender": asked["sender"], "reply_to": None, "shows_reads": shows_reads}
        same(f"post of {id} in {what}", other.value, post | said)
        paid = price * copy["recipients"]
        wanted = _charge(read, copy["conversation"], paid, at) | {"client_id": id, "attachments": []}
        same(f"charge of {id} in {what}", other.headers.charge, wanted)
        total += paid
    same(f"credits in {what}", _facts(out[len(passed) :]), _credits("MESSAGE_SEND", -total))


def _conversation(creator: str, asked: dict) -> str:
    """The id of what a creation opens: a pair has one, a group one for each request."""
    if asked["kind"] == "DIRECT":
        return ids.direct(creator, next(iter(asked["participants"]), creator))
    return ids.created(creator, asked["client_id"])


def _charge(read: Read, conversation: str, paid: int, at: int) -> dict:
    spoken = [read.value["attachment"]] if read.type == "SendVoice" else []
    return {
        "user": read.key,
        # An edit has none.
        "client_id": read.value.get("client_id"),
        "kind": _KINDS[read.type],
        "conversation": conversation,
        "position": read.record.offset,
        "at": at,
        "price_milli": paid,
        "attachments": read.value.get("attachments", spoken),
        "template": read.value.get("template"),
        # The policy of these runs has no rule that flags.
        "flagged": None,
    }


def _credits(kind: str, amount: int) -> list[tuple[str, dict]]:
    """The one change of the balance, if it is one."""
    return [("CreditsChanged", {"kind": kind, "amount_milli": amount})] if amount != 0 else []


def _facts(out: list[Read]) -> list[tuple[str, dict]]:
    """Types and values; the balance after a change is computed elsewhere."""
    return [
        (read.type, {name: value for name, value in read.value.items() if name != "balance_after_milli"})
        for read in out
    ]
