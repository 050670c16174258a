"""Reports of messages and hidden messages: as the facts tell them, as rows, queue and audit log store them."""

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import previews
from difference import same, true
from messages import NOBODY, body, stored

if TYPE_CHECKING:
    from conversations import Conversation
    from owners import Owner
    from story import Story
    from tables import Row

REPORT, HIDDEN, AUDIT_HEAD = 93, 94, 95

# The status of a report after each decision, and what the audit log calls it.
STATUS = {None: "pending", "DISMISS": "dismissed", "HIDE_MESSAGE": "actioned", "SUSPEND_USER": "actioned"}
ACTS = {"DISMISS": "DISMISSED", "HIDE_MESSAGE": "MESSAGE_HIDDEN", "SUSPEND_USER": "USER_SUSPENDED"}
# 30 days in milliseconds, and the entries of one partition of the audit log.
BUCKET, ENTRIES_PER_BUCKET = 30 * 24 * 60 * 60 * 1_000, 1_000


@dataclass
class Reports:
    # By number and reporter: when it was filed and why; and the decisions, each with when and by whom.
    filed: dict[tuple[int, str], tuple[int, str]] = field(default_factory=dict)
    decisions: dict[tuple[int, str], list[tuple[int, str, str]]] = field(default_factory=dict)
    # By number, of hidden messages: each as it was.
    hidden: dict[int, dict] = field(default_factory=dict)
    # What was done, in order: the act, by whom, about which report.
    acts: list[tuple[str, str, int, str]] = field(default_factory=list)

    def hiding(self, seq: int) -> int:
        """Reports that hide a message."""
        return sum("HIDE_MESSAGE" in self.in_force(key) for key in self.decisions if key[0] == seq)

    def in_force(self, key: tuple[int, str]) -> dict[str, int]:
        """Actions since the last dismissal, or that one, with their times."""
        found: dict[str, int] = {}
        for at, _, action in self.decisions[key]:
            if action == "DISMISS" or "DISMISS" in found:
                found = {}
            found[action] = at
        return found

    def status(self, key: tuple[int, str]) -> str:
        told = self.decisions[key]
        return STATUS[told[-1][2] if told else None]


def file(conversation: "Conversation", what: str, fact: dict, at: int) -> None:
    """By who sees the message, which another has sent; once."""
    seq, reporter = fact["seq"], fact["reporter"]
    true(f"{what} is by a user, as no rule of these runs flags", reporter != "mm:service")
    message, reports = conversation.messages[seq], conversation.reports
    same(f"body of what {what} is about", body(message)[0], "Text")
    interval = conversation.people.present(reporter)
    true(f"{reporter} sees what {what} is about", interval is not None and seq >= interval["first_seq"])
    true(f"{what} is about another's", message["sender"]["user"] != reporter)
    true(f"{what} is the first of its reporter", (seq, reporter) not in reports.filed)
    reports.filed[seq, reporter], reports.decisions[seq, reporter] = (at, fact["reason"]), []
    reports.acts.append(("REPORTED", reporter, seq, reporter))


def resolve(conversation: "Conversation", what: str, fact: dict, at: int) -> None:
    reports, key = conversation.reports, (fact["seq"], fact["reporter"])
    told = reports.decisions[key]
    true(f"{what} is not in force already", fact["action"] not in reports.in_force(key))
    told.append((at, fact["by"], fact["action"]))
    reports.acts.append((ACTS[fact["action"]], fact["by"], *key))


def hide(conversation: "Conversation", what: str, fact: dict, at: int) -> None:
    message = fact["message"]
    seq = message["seq"]
    before = conversation.messages[seq]
    same(f"body before {what}", body(before)[0], "Text")
    hidden = (message["body"][0], {"at": at, "is_hidden": True})
    same(f"what {what} leaves", message, before | {"reply_to": None, "mentions": NOBODY, "body": hidden})
    conversation.messages[seq] = message
    conversation.reports.hidden[seq] = stored(before)
    conversation.pins.pop(seq, None)
    previews.lose(conversation, seq)
    conversation.remove(seq)


def show(conversation: "Conversation", what: str, fact: dict) -> None:
    message = fact["message"]
    seq = message["seq"]
    same(what, message, conversation.reports.hidden.pop(seq))
    conversation.messages[seq] = message
    if seq in conversation.removed:
        conversation.removed.remove(seq)


def check_rows(id: str, owner: "Owner", conversation: "Conversation") -> None:
    reports = conversation.reports
    rows = {_key(key): row.value for key, row in owner[REPORT].items()}
    same(f"reports in {id}", sorted(rows), sorted(reports.filed))
    for key, row in rows.items():
        at, reason = reports.filed[key]
        same(f"report {key} in {id}", (row["at"], row["reason"]), (at, reason))
        told = reports.decisions[key]
        same(f"decisions about {key} in {id}", row["decisions"], len(told))
        last = row["decision"] and tuple(row["decision"][name] for name in ("at", "by", "action"))
        same(f"last decision about {key} in {id}", last, told[-1] if told else None)
        in_force = reports.in_force(key)
        effects = {"hides": "HIDE_MESSAGE" in in_force, "suspends_until": _end(in_force)}
        same(f"what {key} in {id} has caused", row["effects"], effects)
    hidden = {int.from_bytes(key, "big"): row.value for key, row in owner[HIDDEN].items()}
    kept = {seq: row for seq, row in hidden.items() if row["message"] is not None}
    wanted = {
        seq: {"message": message, "reports": reports.hiding(seq)} for seq, message in reports.hidden.items()
    }
    same(f"hidden messages of {id}", kept, wanted)


def _end(in_force: dict[str, int]) -> int | None:
    """Of the suspension, as the policy of these runs says: a week."""
    begun = in_force.get("SUSPEND_USER")
    return None if begun is None else begun + 7 * 24 * 60 * 60 * 1_000


def suspending(story: "Story", user: str) -> list[dict]:
    """The suspensions of a user that reports cause, by their ends."""
    found = [
        {"report": {"conversation": id, "seq": key[0], "reporter": key[1]}, "until": until}
        for id, conversation in story.conversations.items()
        for key in conversation.reports.decisions
        if conversation.messages[key[0]]["sender"]["user"] == user
        and (until := _end(conversation.reports.in_force(key))) is not None
    ]
    return sorted(found, key=lambda one: one["until"])


def check_queue(rows: list["Row"], story: "Story") -> None:
    """Each report stands in the queue of its status alone."""
    found = sorted(
        tuple(row.columns[name] for name in ("status", "bucket", "reported_at", "conversation_id", "seq", "reporter_id"))
        for row in rows
        if row.columns["is_listed"]
    )
    wanted = sorted(
        (conversation.reports.status(key), at // BUCKET, at, id, *key)
        for id, conversation in story.conversations.items()
        for key, (at, _) in conversation.reports.filed.items()
    )
    same("queue of reports", found, wanted)


def check_audit(rows: list["Row"], owners: dict[str, "Owner"], story: "Story") -> None:
    """One entry for each act, in a chain that ends as the conversation's own row says."""
    for id, conversation in story.conversations.items():
        own = [row for row in rows if row.columns["conversation_id"] == id]
        own.sort(key=lambda row: row.columns["number"])
        acts = [tuple(row.value[name] for name in ("act", "actor", "seq", "reporter")) for row in own]
        same(f"audit log of {id}", acts, conversation.reports.acts)
        last = ""
        for number, row in enumerate(own, 1):
            same(f"bucket of entry {number} of {id}", row.columns["bucket"], number // ENTRIES_PER_BUCKET)
            place = row.value["conversation"], row.value["number"], row.value["previous"]
            same(f"entry {number} of {id}", place, (id, number, last))
            last = hashlib.sha256(row.columns["body"]).hexdigest()
        ends = [row.value for row in owners[id][AUDIT_HEAD].values()]
        same(f"end of the audit log of {id}", ends, [{"entries": len(own), "hash": last}] if own else [])


def _key(key: bytes) -> tuple[int, str]:
    return int.from_bytes(key[:8], "big"), key[8:].decode()
