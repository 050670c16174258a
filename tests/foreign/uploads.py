"""Attachments: what follows from a step of one, their rows, and what uploaders and members are served."""

from collections import Counter

import ids
import stickers
from conversations import Conversation
from difference import same, true
from messages import attachments, gif, sticker
from owners import ATTACHMENT, USAGE, Owner
from story import Story
from topics import Read

# The state that the API tells, by the record that says how far an attachment is.
STATES = {"Uploading": "UPLOADING", "Scanning": "SCANNING", "Rejected": "REJECTED", "StoredFile": "READY"}


def check(what: str, read: Read, out: list[Read], at: int) -> None:
    """A step has one fact, which tells the whole attachment."""
    same(f"facts of {what}", [fact.type for fact in out], ["AttachmentChanged"])
    asked, told = read.value, out[0].value
    same(f"attachment of {what}", told["attachment"], asked["attachment"])
    now, since = told["now"], {"since": at}
    match read.type:
        case "CreateUpload":
            wanted = {"declared": asked["declared"], "created_at": at}
            same(what, {name: now[name] for name in wanted}, wanted)
            same(f"progress in {what}", now["progress"], ("musclemap.rows.Uploading", since))
        case "CompleteUpload":
            same(f"progress in {what}", now["progress"], ("musclemap.rows.Scanning", since))
        case "SettleUpload":
            same(f"progress in {what}", now["progress"], asked["finding"])


def check_gone(what: str, read: Read, out: list[Read], at: int) -> None:
    """What nothing carries any more is gone; how often the others are carried no fact tells."""
    true(f"{what} counts less", not read.value["more"])
    for fact in out:
        told = fact.value
        true(f"{what} is of a file that was counted", told["attachment"] in read.value["attachments"])
        same(f"progress in {what}", told["now"]["progress"], ("musclemap.rows.Gone", {"at": at}))


def is_gone(row: dict) -> bool:
    return row["progress"][0] == "musclemap.rows.Gone"


def carried(story: Story) -> Counter[tuple[str, str]]:
    """How many messages that stand, and conversations as their image, carry each file of each user. A message
    has a file as its uploader's account tells it."""
    found: Counter[tuple[str, str]] = Counter()
    for conversation in story.conversations.values():
        carrying = [(message, file) for message in _standing(conversation) for file in attachments(message)]
        files = [file for _, file in carrying]
        for message, file in carrying:
            told = story.accounts[file["uploader"]].attachments[file["attachment"]]
            file_name = stickers.FILE_NAME if sticker(message) else told["declared"]["file_name"]
            wanted = (file_name, ("musclemap.messaging.StoredFile", file["file"]))
            name = f"{file['attachment']} in {conversation.id}"
            same(f"file {name}", (file["file_name"], told["progress"]), wanted)
        avatar = conversation.about and conversation.about["avatar"]
        found.update((file["uploader"], file["attachment"]) for file in [*files, *([avatar] if avatar else [])])
    return found


def _standing(conversation: Conversation) -> list[dict]:
    """Messages with their content, those that are hidden too."""
    return [conversation.reports.hidden.get(seq, message) for seq, message in conversation.messages.items()]


def compare(user: str, owner: Owner, told: dict[str, dict], served: dict[str, dict], uses: Counter) -> None:
    """Rows and answers are what was told last; a row has the number of what carries the file as well."""
    rows = {key.decode(): row.value for key, row in owner[ATTACHMENT].items()}
    same(f"attachments of {user}", _unused(rows), _unused(told))
    wanted = {id: uses[user, id] for id in rows}
    same(f"uses of the attachments of {user}", {id: row["uses"] for id, row in rows.items()}, wanted)
    counted = [use for key, row in owner[USAGE].items() if key == b"upload" for use in row.value["uses"]]
    times = [use["at"] for use in counted]
    same(f"uploads that count for {user}", times, sorted(row["created_at"] for row in rows.values()))
    same(f"attachments that {user} is served", served, {id: _served(id, row) for id, row in rows.items() if not is_gone(row)})


def _unused(told: dict[str, dict]) -> dict[str, dict]:
    return {id: now | {"uses": 0} for id, now in told.items()}


def of_message(id: str, seq: int, message: dict) -> list[dict]:
    """The files of a message as the API tells them; none of a sticker."""
    files = [] if sticker(message) else attachments(message)
    return [
        {
            "id": f"{file['attachment']}-{ids.message(id, seq)}",
            "state": "READY",
            "fileName": file["file_name"],
            "contentType": file["file"]["content_type"],
            "byteSize": file["file"]["byte_size"],
            "rejectedReason": None,
            "width": file["file"]["width"],
            "height": file["file"]["height"],
            "placeholder": file["file"]["placeholder"],
            **_sound(file["file"]),
        }
        for file in files
    ]


def _sound(file: dict) -> dict:
    """What is heard of audio, as the API tells it."""
    sound = file.get("sound") or {}
    length = sound.get("duration_ms")
    return {"durationSeconds": None if length is None else length / 1_000, "waveform": sound.get("peaks")}


def content_type(message: dict) -> str:
    """Of a text: what stands beside it, whether all files are images, and whether one is the message itself."""
    if sticker(message):
        return "STICKER"
    if gif(message):
        return "GIF"
    files = attachments(message)
    types = [file["file"]["content_type"] for file in files]
    if not types:
        return "TEXT"
    if any(file["role"] == "VOICE" for file in files):
        return "VOICE"
    return "IMAGE" if all(type.startswith("image/") for type in types) else "FILE"


def _served(id: str, row: dict) -> dict:
    declared, (record, progress) = row["declared"], row["progress"]
    name = record.rsplit(".", 1)[-1]
    file = progress if name == "StoredFile" else {}
    return {
        "id": id,
        "state": STATES[name],
        "fileName": declared["file_name"],
        "contentType": file.get("content_type", declared["content_type"]),
        "byteSize": file.get("byte_size", declared["byte_size"]),
        "rejectedReason": progress.get("reason"),
        "width": file.get("width"),
        "height": file.get("height"),
        "placeholder": file.get("placeholder"),
        **_sound(file),
    }
