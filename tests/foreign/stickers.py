"""Packs of stickers: what follows from the requests about them, their rows, the shelves that list them, and what users
are served."""

from collections import Counter
from typing import TYPE_CHECKING

from difference import same, true
from messages import attachments, sticker
from owners import STICKER_PACK, STICKER_PACKS, Owner
from topics import Read

if TYPE_CHECKING:
    from api import Told
    from tables import Row

REQUESTS = (
    "CreateStickerPack",
    "AddSticker",
    "RemoveSticker",
    "DeleteStickerPack",
    "AddStickerPack",
    "RemoveStickerPack",
    "MarkStickerPack",
)
# Of every image: the name of the uploaded file is not told.
FILE_NAME = "sticker"
# 30 days; the number of digits of a place by time is that of this one.
BUCKET_MS, LAST_MS = 30 * 24 * 60 * 60 * 1000, 99_999_999_999_999
# Words by which a pack is found.
WORDS = 8


def check(what: str, read: Read, out: list[Read], at: int) -> None:
    """A change is told once; images that nothing carries any more are gone before."""
    told, before = out[-1], out[:-1]
    same(what, (told.type, told.value), ("StickersChanged", {"pack": read.value["pack"]}))
    taken = read.value.get("attachments", [read.value.get("attachment")])
    true(f"{what} takes images away", not before or read.type in ("RemoveSticker", "DeleteStickerPack"))
    for fact in before:
        same(f"type in {what}", fact.type, "AttachmentChanged")
        true(f"{what} is of an image that was taken out", fact.value["attachment"] in taken)
        same(f"progress in {what}", fact.value["now"]["progress"], ("musclemap.rows.Gone", {"at": at}))


def sent(asked: dict) -> dict | None:
    """What a message says beside the image of the sticker that a send names."""
    chosen = asked["sticker"]
    if chosen is None:
        return None
    found = chosen["found"]
    return {"pack": chosen["pack"], "name": found["name"], "shortcode": found["shortcode"]}


def of_message(message: dict) -> dict | None:
    """The sticker of a message as the API tells it."""
    said = sticker(message)
    if said is None:
        return None
    (file,) = attachments(message)
    id = f"{said['pack']}-{file['attachment']}"
    return {"id": id, "name": said["name"], "emojiShortcode": said["shortcode"]}


def images(accounts: dict[str, Owner]) -> Counter[tuple[str, str]]:
    """How many packs have each file of each user."""
    packs = [row.value for owner in accounts.values() for row in owner[STICKER_PACK].values()]
    return Counter((pack["creator"], one["file"]["attachment"]) for pack in packs for one in pack["stickers"])


def check_accounts(accounts: dict[str, Owner], commands: list[Read]) -> None:
    """Rows are what the commands have asked for: none of these runs asks for what is refused for its limits."""
    wanted: dict[str, tuple[dict, list, list]] = {}
    for read in commands:
        if read.decoded is None or read.type not in REQUESTS:
            continue
        packs, own, added = wanted.setdefault(read.key, ({}, [], []))
        _take(packs, own, added, read)
    for user, owner in accounts.items():
        packs, own, added = wanted.get(user, ({}, [], []))
        stored = {key.decode(): _said(row.value) for key, row in owner[STICKER_PACK].items()}
        same(f"packs of {user}", stored, packs)
        lists = [row.value for row in owner[STICKER_PACKS].values()]
        same(f"lists of {user}", lists, [{"own": own, "added": added}] if wanted.get(user) else [])


def _take(packs: dict, own: list, added: list, read: Read) -> None:
    asked, id = read.value, read.value["pack"]
    pack = packs.get(id)
    stands = pack is not None and not pack["is_deleted"]
    match read.type:
        case "CreateStickerPack" if pack is None:
            said = {"name": asked["name"], "is_public": asked["is_public"], "is_official": False}
            packs[id] = said | {"creator": read.key, "stickers": [], "is_deleted": False}
            own.append(id)
        case "AddSticker" if stands:
            new = (asked["attachment"], asked["name"], asked["shortcode"])
            if new not in pack["stickers"]:
                pack["stickers"].append(new)
        case "RemoveSticker" if stands:
            pack["stickers"] = [one for one in pack["stickers"] if one[0] != asked["attachment"]]
        case "DeleteStickerPack" if stands:
            pack["stickers"] = [one for one in pack["stickers"] if one[0] not in asked["attachments"]]
            if not pack["stickers"]:
                pack["is_deleted"] = True
                own.remove(id)
        case "AddStickerPack" if id not in own and id not in added:
            added.append(id)
        case "RemoveStickerPack" if id in added:
            added.remove(id)
        case "MarkStickerPack" if stands and pack["is_public"]:
            pack["is_official"] = asked["is_official"]


def _said(pack: dict) -> dict:
    """A pack without times and files, which no command says."""
    for one in pack["stickers"]:
        same(f"file of {one['name']}", (one["file"]["uploader"], one["file"]["file_name"]), (pack["creator"], FILE_NAME))
    said = {name: pack[name] for name in ("creator", "name", "is_public", "is_official")}
    stickers = [(one["file"]["attachment"], one["name"], one["shortcode"]) for one in pack["stickers"]]
    return said | {"stickers": stickers, "is_deleted": pack["deleted_at"] is not None}


def _all(accounts: dict[str, Owner]) -> dict[str, dict]:
    return {
        key.decode(): row.value for owner in accounts.values() for key, row in owner[STICKER_PACK].items()
    }


def check_tables(packs: list["Row"], shelves: list["Row"], accounts: dict[str, Owner]) -> None:
    """Readers find each pack as its creator's account has it, and the public ones where they belong."""
    kept = _all(accounts)
    same("packs for readers", {row.columns["pack_id"]: row.value for row in packs}, kept)
    listed = {
        (row.columns["shelf"], row.columns["place"], row.columns["pack_id"])
        for row in shelves
        if row.columns["is_listed"]
    }
    same("places on shelves", sorted(listed), sorted(place for id, pack in kept.items() for place in places(id, pack)))


def _is_listed(pack: dict) -> bool:
    return pack["is_public"] and pack["deleted_at"] is None and pack["stickers"] != []


def places(id: str, pack: dict) -> set[tuple[str, str, str]]:
    if not _is_listed(pack):
        return set()
    words = pack["name"].casefold().split()
    name, at = " ".join(words), pack["created_at"]
    first = ("official", name) if pack["is_official"] else (f"bucket {at // BUCKET_MS}", f"{LAST_MS - at:014}")
    endings = [" ".join(words[nth:]) for nth in range(min(len(words), WORDS))]
    return {(*first, id), *((f"named {ending[:2]}", ending, id) for ending in endings)}


def check_served(accounts: dict[str, Owner], told: dict[str, "Told"]) -> None:
    """A user is served own packs, then the added ones that are there; and every public one, the official ones first, then
    the newest."""
    kept = {id: pack for id, pack in _all(accounts).items() if pack["deleted_at"] is None}
    listed = [(id, pack) for id, pack in kept.items() if _is_listed(pack)]
    official = sorted((pack["name"].casefold(), id) for id, pack in listed if pack["is_official"])
    others = sorted((-pack["created_at"], id) for id, pack in listed if not pack["is_official"])
    public = [_served(id, kept[id]) for _, id in [*official, *others]]
    for user, served in told.items():
        lists = [row.value for row in accounts[user][STICKER_PACKS].values()] or [{"own": [], "added": []}]
        ids = [*lists[0]["own"], *lists[0]["added"]]
        seen = [_served(id, kept[id]) for id in ids if id in kept]
        same(f"packs that {user} is served", served.packs, seen)
        same(f"public packs that {user} is served", served.public_packs, public)


def _served(id: str, pack: dict) -> dict:
    return {
        "id": id,
        "name": pack["name"],
        "isOfficial": pack["is_official"],
        "isPublic": pack["is_public"],
        "creator": {"id": pack["creator"]},
        "stickers": [
            {
                "id": f"{id}-{one['file']['attachment']}",
                "name": one["name"],
                "emojiShortcode": one["shortcode"],
            }
            for one in pack["stickers"]
        ],
    }
