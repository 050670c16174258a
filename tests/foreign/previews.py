"""Previews of links: as the facts tell them, as rows store them."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from difference import same, true
from messages import body, edited, stored

if TYPE_CHECKING:
    from conversations import Conversation
    from tables import Row

# The bit of a head, and the links of one message.
BIT, MOST = 8, 3
# The aspect of a message that has lost its previews.
GONE = {"edits": 0, "all": []}
# The schema of what was found behind a link.
PREVIEW = 355


@dataclass
class Previews:
    # By number, of messages that have some; and numbers of all that ever had.
    told: dict[int, dict] = field(default_factory=dict)
    ever: set[int] = field(default_factory=set)


def take(conversation: "Conversation", what: str, fact: dict) -> None:
    """Of the text that stands, once."""
    message, told = fact["message"], fact["previews"]
    seq = message["seq"]
    standing = conversation.messages[seq]
    same(f"body of what {what} is about", body(standing)[0], "Text")
    same(f"message in {what}", message, stored(standing))
    edit = edited(standing)
    same(f"text that {what} is of", told["edits"], edit["count"] if edit else 0)
    true(f"{what} has links", 0 < len(told["all"]) <= MOST)
    true(f"{what} is the only one of its text", seq not in conversation.previews.told)
    conversation.previews.told[seq] = told
    conversation.previews.ever.add(seq)


def lose(conversation: "Conversation", seq: int) -> None:
    """What another text has, or none."""
    conversation.previews.told.pop(seq, None)


def check_links(rows: list["Row"], story: dict[str, "Conversation"]) -> None:
    """What messages show was found behind its link."""
    found = {row.columns["link"]: row.decoded and row.value for row in rows}
    for row in rows:
        if row.decoded is not None:
            same(f"schema of the preview of {row.columns['link']}", row.decoded.id, PREVIEW)
            same("link of a preview", row.value["url"], row.columns["link"])
    for conversation in story.values():
        for told in conversation.previews.told.values():
            for preview in told["all"]:
                same(f"preview of {preview['url']}", found.get(preview["url"]), preview)
