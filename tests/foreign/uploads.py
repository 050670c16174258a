"""Attachments: what follows from a step of one, their rows, and what their uploaders are served."""

from difference import same
from owners import ATTACHMENT, USAGE, Owner
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


def compare(user: str, owner: Owner, told: dict[str, dict], served: dict[str, dict]) -> None:
    """Rows and answers are what was told last."""
    rows = {key.decode(): row.value for key, row in owner[ATTACHMENT].items()}
    same(f"attachments of {user}", rows, told)
    counted = [use for key, row in owner[USAGE].items() if key == b"upload" for use in row.value["uses"]]
    times = [use["at"] for use in counted]
    same(f"uploads that count for {user}", times, sorted(row["created_at"] for row in rows.values()))
    same(f"attachments that {user} is served", served, {id: _served(id, row) for id, row in rows.items()})


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
    }
