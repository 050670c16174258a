"""From a command to what follows from it: each says what the one before it said.

What follows is found by the causes: records without repeats, in the order of their numbers.
"""

from collections import defaultdict

import chain_accounts
import chain_conversations
import schedules
from causes import Place
from difference import same, true
from times import Times
from topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS, CONVERSATION_COMMANDS, EVENTS, Read

# Where the outputs of a topic's commands go.
DERIVED = {
    ACCOUNT_COMMANDS: (CONVERSATION_COMMANDS, ACCOUNT_EVENTS),
    CONVERSATION_COMMANDS: (EVENTS, ACCOUNT_COMMANDS),
}

# By command: what it put out.
Outputs = dict[Place, list[Read]]


def outputs(kept: dict[str, list[Read]]) -> Outputs:
    found: Outputs = defaultdict(list)
    for topic, names in DERIVED.items():
        for read in (read for name in names for read in kept[name] if read.headers.cause is not None):
            cause = read.headers.cause
            found[topic, cause.partition, cause.offset].append(read)
    for out in found.values():
        out.sort(key=lambda read: read.headers.cause.output)
    return found


def check(kept: dict[str, list[Read]], found: Outputs, times: Times, control: dict) -> None:
    """Every command that has an effect. One without is refused, or changes nothing."""
    price = control["policy"]["policy"]["prices"]["message_per_recipient"]
    # Whether a user shows reads, as the commands of the account said so far; a user's are in order.
    shows_reads: dict[str, bool] = defaultdict(lambda: True)
    for topic in DERIVED:
        for read in kept[topic]:
            if read.decoded is None or read.type == "Control":
                continue
            out, what = found.get(read.place, []), f"what follows from {read.record}"
            if not out:
                _check_silence(read, what)
            elif topic == ACCOUNT_COMMANDS:
                chain_accounts.check(what, read, out, times[read.place], price, shows_reads)
            elif out[0].type == "Refund":
                _check_refund(what, read, out)
            else:
                notes = [other for other in out if other.type in chain_conversations.NOTES]
                counts = [other for other in out if other.type in chain_conversations.COUNTS]
                suspensions = [other for other in out if other.type in chain_conversations.SUSPENSIONS]
                blocks = [other for other in out if other.type in chain_conversations.BLOCKS]
                settles = [other for other in out if other.type in schedules.SETTLES]
                beside = schedules.SETTLES | chain_conversations.NOTES | chain_conversations.COUNTS
                beside |= chain_conversations.SUSPENSIONS | chain_conversations.BLOCKS
                facts = [other for other in out if other.type not in beside]
                chain_conversations.check(what, read, facts)
                chain_conversations.check_counts(what, read, counts)
                chain_conversations.check_notes(what, read, facts, notes)
                chain_conversations.check_suspensions(what, read, suspensions)
                chain_conversations.check_blocks(what, read, blocks)
                schedules.check_settled(what, read, facts, settles)
                true(f"{what} is about its owner", {other.key for other in facts} == {read.key})


def _check_silence(read: Read, what: str) -> None:
    """A command with a charge never comes to nothing: the charge pays for an effect, or goes back. A
    refund puts nothing out only where nothing was paid for a creation or an edit."""
    if read.headers.charge is not None:
        true(f"{what} is an effect, or a refund", False)
    if read.type == "Refund":
        charge = read.value["charge"]
        true(f"{what} is credits", charge["price_milli"] == 0)
        is_told = charge["kind"] == "Send" and read.value["refusal"] is not None
        true(f"{what} is a rejected send", not is_told)
        true(f"{what} is a schedule that failed", charge["kind"] != "Scheduled")


def _check_refund(what: str, read: Read, out: list[Read]) -> None:
    """A conversation that does nothing sends the charge back, and leaves the answer to the account."""
    same(f"number of {what}", len(out), 1)
    same(f"charge in {what}", out[0].value["charge"], read.headers.charge)
    same(f"key of {what}", out[0].key, read.headers.charge["user"])
    same(f"reply in {what}", out[0].headers.reply, read.headers.reply)
