"""Rows of how users keep their conversations, of their preferences, privacy and notifications, against the events
and the API."""

from collections import Counter

from api import Told, time
from difference import same
from owners import DRAFT, LABELS, OPEN_REQUESTS, ORGANIZED, PREFERENCES, STATE, Owner
from sight import Sight
from story import Account, Story

# A mute that has no end.
FOR_GOOD = 2**63 - 1
# The privacy of an account that has not changed it.
PRIVATE = {
    "who_can_message_me": "EVERYONE",
    "show_online_status": "FOLLOWERS",
    "show_read_receipts": True,
    "show_typing_indicator": True,
    "allow_message_requests": True,
    "appear_offline": False,
}
# The notifications of an account that has not changed them.
NOTIFIED = {
    "messaging_enabled": True,
    "messaging_sound": True,
    "messaging_preview": True,
    "email_enabled": False,
    "quiet_hours": None,
    "time_zone": "UTC",
}
UNTOUCHED = {"archived": None, "starred": False, "muted_until": 0, "level": "ALL", "labels": []}


def check(found: dict[str, Owner], story: Story, told: dict[str, Told]) -> None:
    for user, api in told.items():
        owner, account = found[user], story.accounts.get(user, Account())
        organized = {key.decode(): row.value for key, row in owner[ORGANIZED].items()}
        drafts = {key.decode(): row.value["content"] for key, row in owner[DRAFT].items()}
        same(f"conversations that {user} keeps", organized, account.organized)
        same(f"drafts of {user}", drafts, account.drafts)
        counts = Counter(label for kept in organized.values() for label in kept["labels"])
        counted = [{"label": label, "conversations": counts[label]} for label in sorted(counts)]
        labels = [row.value["used"] for row in owner[LABELS].values()]
        same(f"labels of {user}", labels or [[]], [counted])
        same(f"labels that {user} is served", api.labels, sorted(counts))
        preferences = [row.value for row in owner[PREFERENCES].values()]
        wanted = [] if account.preferences is None else [account.preferences]
        same(f"preferences of {user}", preferences, wanted)
        served = account.preferences or {"locale": "en", "auto_translate": False}
        settings = {"locale": served["locale"], "autoTranslate": served["auto_translate"]}
        same(f"settings that {user} is served", api.settings, settings)
        privacy = account.privacy or PRIVATE
        same(f"privacy of {user}", owner[STATE][b""].value["privacy"], privacy)
        same(f"privacy that {user} is served", list(api.privacy.values()), list(privacy.values()))
        notifications = account.notifications or NOTIFIED
        same(f"notifications of {user}", owner[STATE][b""].value["notifications"], notifications)
        same(f"notifications that {user} is served", api.notifications, _served(notifications))
        asked = [row.value["conversations"] for row in owner[OPEN_REQUESTS].values()]
        wanted = [
            id
            for id, conversation in story.conversations.items()
            if (member := conversation.people.members.get(user)) and (member.request or {}).get("state") == "OPEN"
        ]
        same(f"open requests to {user}", sorted(asked[0] if asked else []), sorted(wanted))
        for id, kept in api.kept.items():
            sight = Sight(user, story.conversations[id], story.blocks)
            wanted = _kept(sight, organized.get(id, UNTOUCHED), drafts.get(id))
            same(f"how {user} keeps {id}", kept, wanted)


def _served(notifications: dict) -> dict:
    quiet = notifications["quiet_hours"] or {"start": None, "end": None}
    return {
        "messagingEnabled": notifications["messaging_enabled"],
        "messagingSound": notifications["messaging_sound"],
        "messagingPreview": notifications["messaging_preview"],
        "emailEnabled": notifications["email_enabled"],
        "quietHoursStart": _clock(quiet["start"]),
        "quietHoursEnd": _clock(quiet["end"]),
        "timeZone": notifications["time_zone"],
    }


def _clock(minute: int | None) -> str | None:
    return None if minute is None else f"{minute // 60:02}:{minute % 60:02}"


def _kept(sight: Sight, row: dict, draft: str | None) -> dict:
    """Mutes end never or long after this: one that is set stands."""
    visible, archived = sight.visible(), row["archived"]
    newest = visible[-1]["seq"] if visible else 0
    muted = row["muted_until"] > 0
    if archived is not None and newest > archived["head"] and not muted:
        archived = None
    return {
        "archivedAt": None if archived is None else time(archived["at"]),
        "starred": row["starred"],
        "muted": muted,
        "mutedUntil": time(row["muted_until"]) if 0 < row["muted_until"] < FOR_GOOD else None,
        "notificationLevel": row["level"],
        "labels": row["labels"],
        "draft": draft or None,
        "markedUnread": sight.conversation.people.is_marked_unread(sight.viewer),
    }
