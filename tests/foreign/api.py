"""What the GraphQL API tells one user: everything of theirs that it serves."""

import json
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from difference import same, true

FILE = "id state fileName contentType byteSize rejectedReason width height placeholder durationSeconds waveform"
PERSON = "{ id username displayName avatarUrl }"
MESSAGE = f"""{{ id conversationId seq clientMessageId contentType content createdAt deletedAt isEdited editedAt editCount
    mentionsAll recipientCount readByCount status readBy(first: 20) {{ deliveredAt readAt user {{ id }} }}
    deliveredTo(first: 20) {{ deliveredAt readAt user {{ id }} }}
    sender {PERSON} mentions {PERSON} system {{ kind value actor {PERSON} targets {PERSON} }}
    replyTo {{ id content createdAt deletedAt sender {PERSON} }}
    attachments {{ {FILE} }} sticker {{ id name emojiShortcode }} gif {{ id title width height provider }}
    forwardedFrom {{ messageId conversationId conversationTitle sender {PERSON} }}
    linkPreviews {{ url title description siteName }}
    pinnedAt pinnedBy {{ id }} reactions {{ emoji count hasReacted users(first: 10) {{ id }} }}
    card {{ ... on Poll {{ question multiple anonymous closesAt closed
    options {{ id text votes hasVoted voters(first: 10) {{ id }} }} }} }} }}"""
PAGE = "pageInfo { hasNextPage endCursor }"

KEPT = """archivedAt starred muted mutedUntil notificationLevel labels draft markedUnread"""
CONVERSATIONS = f"""query($after: String, $archived: Boolean!, $requests: Boolean!) {{
    conversations(first: 50, after: $after, filter: {{ archived: $archived, requests: $requests }}) {{ {PAGE} nodes {{ {KEPT}
    id kind title description avatarUrl announcementsOnly participantCount lastSeq lastMessageAt createdAt unreadCount unreadMentionCount canPost isRequest pinnedMessages {{ id }}
    createdBy {PERSON} lastMessage {{ id }} viewer {{ role joinedAt lastReadMessageId lastDeliveredMessageId }} }} }} }}"""
PARTICIPANTS = f"""query($id: ID!, $after: String) {{ conversation(id: $id) {{
    participants(first: 50, after: $after) {{ {PAGE}
    nodes {{ role joinedAt lastReadMessageId lastDeliveredMessageId user {PERSON} }} }} }} }}"""
MESSAGES = f"""query($id: ID!, $after: String) {{ messages(conversationId: $id, first: 33, after: $after) {{
    {PAGE} nodes {MESSAGE} }} }}"""
LEDGER = f"""query($after: String) {{ credits {{ transactions(first: 50, after: $after) {{ {PAGE} nodes {{
    id amountMilli balanceAfterMilli type messageId conversationId recipientCount createdAt }} }} }} }}"""
PRIVACY = """whoCanMessageMe showOnlineStatus showReadReceipts showTypingIndicator allowMessageRequests
    appearOffline"""
ATTACHMENT = f"query($id: ID!) {{ attachment(id: $id) {{ {FILE} }} }}"
NOTIFICATIONS = """messagingEnabled messagingSound messagingPreview emailEnabled quietHoursStart quietHoursEnd
    timeZone"""
TEMPLATES = "id name content shortcut category useCount createdAt"
PACK = "id name isOfficial isPublic creator { id } stickers { id name emojiShortcode }"
PACKS = f"query($after: String) {{ stickerPacks(first: 50, after: $after) {{ {PAGE} nodes {{ {PACK} }} }} }}"
BLOCKED = f"query($after: String) {{ blockedUsers(first: 50, after: $after) {{ {PAGE} nodes {PERSON} }} }}"


@dataclass(frozen=True)
class Told:
    me: dict
    balance: int
    # Newest first.
    ledger: list[dict]
    # In the order in which they are listed, without messages and participants; then the archived ones, then requests.
    conversations: list[dict]
    # By conversation: how the user keeps it.
    kept: dict[str, dict]
    labels: list[str]
    settings: dict
    privacy: dict
    notifications: dict
    templates: list[dict]
    # By conversation, oldest first.
    messages: dict[str, list[dict]]
    participants: dict[str, list[dict]]
    blocked: list[dict]
    # By id.
    attachments: dict[str, dict]
    # Packs of stickers: those of the user, and all public ones.
    packs: list[dict]
    public_packs: list[dict]


def tell(url: str, user: str, token: str, attachments: list[str]) -> Told:
    def ask(query: str, variables: dict) -> dict:
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
            answered = json.load(answer)
        true(f"{query} is answered without errors: {answered}", "errors" not in answered)
        return answered["data"]

    def pages(query: str, path: list[str], variables: dict) -> list[dict]:
        nodes: list[dict] = []
        after = None
        while True:
            page: Any = ask(query, variables | {"after": after})
            for name in path:
                page = page[name]
            nodes += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return nodes
            after = page["pageInfo"]["endCursor"]

    mine = f"conversationLabels settings {{ locale autoTranslate }} privacySettings {{ {PRIVACY} }}"
    mine += f" notificationPreferences {{ {NOTIFICATIONS} }} getMessageTemplates {{ {TEMPLATES} }}"
    whole = ask(f"{{ me {PERSON} credits {{ balanceMilli }} {mine} }}", {})
    same("the id of who asks", whole["me"]["id"], user)
    conversations = []
    for archived, requests in ((False, False), (True, False), (False, True)):
        conversations += pages(CONVERSATIONS, ["conversations"], {"archived": archived, "requests": requests})
    kept = {found["id"]: {name: found.pop(name) for name in KEPT.split()} for found in conversations}
    ids = [conversation["id"] for conversation in conversations]
    return Told(
        me=whole["me"],
        balance=whole["credits"]["balanceMilli"],
        ledger=pages(LEDGER, ["credits", "transactions"], {}),
        conversations=conversations,
        kept=kept,
        labels=whole["conversationLabels"],
        settings=whole["settings"],
        privacy=whole["privacySettings"],
        notifications=whole["notificationPreferences"],
        templates=whole["getMessageTemplates"],
        messages={id: pages(MESSAGES, ["messages"], {"id": id}) for id in ids},
        participants={id: pages(PARTICIPANTS, ["conversation", "participants"], {"id": id}) for id in ids},
        blocked=pages(BLOCKED, ["blockedUsers"], {}),
        packs=ask(f"{{ myStickerPacks {{ {PACK} }} }}", {})["myStickerPacks"],
        public_packs=pages(PACKS, ["stickerPacks"], {}),
        attachments={id: ask(ATTACHMENT, {"id": id})["attachment"] for id in attachments},
    )


def time(at: int | None) -> str | None:
    """Milliseconds since 1970 as the API writes times."""
    if at is None:
        return None
    return f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{at % 1000:03}Z"


def person(profile: dict) -> dict:
    """A profile of the events as the API tells it."""
    return {
        "id": profile["user"],
        "username": profile["username"],
        "displayName": profile["display_name"],
        "avatarUrl": profile["avatar_url"],
    }
