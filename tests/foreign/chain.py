"""From a command to what follows from it: each says what the one before it said.

What follows is told by the causes: records without repeats, in the order of their numbers.
"""

from collections import defaultdict

from difference import same, true
from topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS, CONVERSATION_COMMANDS, EVENTS, VERDICTS, Read

# By topic, partition and offset of a command: what it put out.
Outputs = dict[tuple[str, int, int], list[Read]]


def check(kept: dict[str, list[Read]], control: dict) -> None:
    outputs: Outputs = defaultdict(list)
    for topic, names in _DERIVED.items():
        for read in (read for name in names for read in kept[name] if read.headers.cause is not None):
            outputs[topic, read.headers.cause.partition, read.headers.cause.offset].append(read)
    price = control["policy"]["policy"]["prices"]["message_per_recipient"]
    for topic in _DERIVED:
        for read in kept[topic]:
            if read.decoded is None or read.decoded.type == "Control":
                continue
            out = outputs[topic, read.record.partition, read.record.offset]
            out.sort(key=lambda read: read.headers.cause.output)
            if out:
                _check_outputs(read, out, price)
    _check_verdicts(kept, outputs)


_DERIVED = {
    ACCOUNT_COMMANDS: (CONVERSATION_COMMANDS, ACCOUNT_EVENTS),
    CONVERSATION_COMMANDS: (EVENTS, ACCOUNT_COMMANDS),
}


def _check_outputs(read: Read, out: list[Read], price: int) -> None:
    """A command that has an effect. One without is refused, or changes nothing."""
    what, asked = f"what follows from {read.record}", read.body[1]
    told = [_without_balance(*other.body) for other in out]
    user = None if read.record.key is None else read.record.key.decode()
    if told[0][0] == "ReturnCharge":
        same(f"charge in {what}", told[0][1]["charge"], read.headers.charge)
        same(what, len(told), 1)
        return
    match read.body[0], told[0][0]:
        case "SendMessage", "PostMessage":
            paid = price * asked["recipients"]
            same(what, told[0][1], {name: asked[name] for name in told[0][1]})
            same(what, _charge(out[0]), _asked_charge(read, user, "Send", asked["conversation"], paid))
            same(f"charge in {what}", told[1:], _credits("MESSAGE_SEND", -paid))
        case "CreateConversation", "OpenConversation":
            opened = {name: asked[name] for name in ("kind", "participants", "title")} | {"creator": user}
            same(what, told, [("OpenConversation", opened)])
            chat = out[0].record.key.decode()
            same(f"charge in {what}", _charge(out[0]), _asked_charge(read, user, "Create", chat, 0))
        case (("SendMessage" | "CreateConversation"), "LookUp"):
            kind = read.body[0].removesuffix("Message").removesuffix("Conversation")
            said = {"user": user, "client_id": asked["client_id"], "kind": kind}
            same(what, told, [("LookUp", said | {"charge": told[0][1]["charge"]})])
        case "ReturnCharge", _:
            charge, refusal = asked["charge"], asked["refusal"]
            rejected = {name: charge[name] for name in ("client_id", "conversation")} | {"refusal": refusal}
            wanted = _credits("REFUND", charge["price_milli"])
            if charge["kind"] == "Send" and refusal is not None:
                wanted.append(("SendRejected", rejected))
            same(what, told, wanted)
        case "GrantCredits", _:
            same(what, told, _credits("GRANT", asked["amount_milli"]))
        case "PostMessage", "MessagePosted":
            _check_post(what, asked, told)
        case "OpenConversation", "ConversationOpened":
            said = {"kind": asked["kind"], "title": asked["title"], "created_by": asked["creator"]}
            members = {"members": [asked["creator"], *asked["participants"]]}
            same(what, told, [("ConversationOpened", said | members)])
        case "MarkRead", "ReceiptAdvanced":
            same(f"reader in {what}", told[0][1]["user"], asked["user"])
            true(f"{what} is not beyond what was asked", told[0][1]["read_up_to"] <= asked["up_to"])
        case (("AddMembers" | "RemoveMember"), "MembersChanged"):
            _check_members(what, asked, told)
        case "DeleteMessage", "MessageDeleted":
            stub = {"content": None, "reply_to": None, "mentions": {"people": [], "all": False}}
            stub["deleted_at"] = told[0][1]["message"]["deleted_at"]
            deleted = {"by": asked["actor"], "message": asked["message"] | stub}
            same(what, told, [("MessageDeleted", deleted)])
        case "SetBlock", "BlocksChanged":
            spans = told[0][1]["by_user"]
            said = (told[0][1]["user"], told[0][1]["other"], spans[-1]["to"] is None)
            same(what, said, (asked["user"], asked["other"], asked["blocked"]))
        case kinds:
            true(f"{what} can follow from it: {kinds}", False)


def _charge(read: Read) -> dict:
    return {name: value for name, value in (read.headers.charge or {}).items() if name != "at"}


def _asked_charge(read: Read, user: str | None, kind: str, chat: str, paid: int) -> dict:
    return {
        "user": user,
        "client_id": read.body[1]["client_id"],
        "kind": kind,
        "conversation": chat,
        "position": read.record.offset,
        "price_milli": paid,
    }


def _credits(kind: str, amount: int) -> list[tuple[str, dict]]:
    """The one change of the balance, if it is one."""
    return [("CreditsChanged", {"kind": kind, "amount_milli": amount})] if amount != 0 else []


def _without_balance(fact: str, said: dict) -> tuple[str, dict]:
    """What a balance becomes is counted elsewhere."""
    return fact, {name: value for name, value in said.items() if name != "balance_after_milli"}


def _check_post(what: str, asked: dict, told: list[tuple[str, dict]]) -> None:
    same(f"number of {what}", len(told), 1)
    message = told[0][1]["message"]
    same(what, {name: message[name] for name in _SAID}, {name: asked[name] for name in _SAID})
    # Of what is answered the text goes if it was deleted meanwhile; of the named, who has left.
    parent, reply = asked["reply_to"], message["reply_to"]
    if parent is not None and reply is not None and reply["content"] is None:
        parent = parent | {"content": None}
    same(f"what is answered in {what}", reply, parent)
    named = [person for person in asked["mentions"]["people"] if person in message["mentions"]["people"]]
    same(f"who is named in {what}", message["mentions"]["people"], named)
    true(f"{what} names all only if asked", asked["mentions"]["all"] or not message["mentions"]["all"])


_SAID = ("client_id", "sender", "content")


def _check_members(what: str, asked: dict, told: list[tuple[str, dict]]) -> None:
    people = asked["people"] if "people" in asked else [asked["person"]]
    changed = {member["user"] for member in told[0][1]["members"]}
    same(f"actor in {what}", told[0][1]["by"], asked["actor"]["user"])
    changing = [person for person in people if person["user"] in changed]
    same(f"who comes or goes in {what}", changed, {person["user"] for person in changing})
    note = told[1][1]["message"]
    same(f"actor in the note in {what}", note["sender"], asked["actor"])
    leaves = "person" in asked and asked["person"]["user"] == asked["actor"]["user"]
    kind = "ADDED" if "people" in asked else "LEFT" if leaves else "REMOVED"
    same(f"note in {what}", note["note"], {"kind": kind, "targets": [] if leaves else changing})


def _check_verdicts(kept: dict[str, list[Read]], outputs: Outputs) -> None:
    """Whoever asks a machine is told by it, unless a charge goes back, of which the account tells; and
    nobody is told who did not ask. A stored message is told by its number."""
    told: dict[tuple[str, int, int], list[dict]] = defaultdict(list)
    for read in kept[VERDICTS]:
        verdict = read.decoded.value
        told[verdict["by"], read.record.partition, verdict["request"]].append(read.body_of("outcome"))
    asked: dict[tuple[str, int, int], int] = defaultdict(int)
    for topic, machine in ((ACCOUNT_COMMANDS, "Accounts"), (CONVERSATION_COMMANDS, "Conversations")):
        for read in (read for read in kept[topic] if read.headers.reply is not None):
            out = outputs[topic, read.record.partition, read.record.offset]
            facts = [other.body for other in out]
            place = (machine, *read.headers.reply)
            if not any(fact == "ReturnCharge" for fact, _ in facts):
                asked[place] += 1
            if read.body[0] == "PostMessage" and facts and facts[0][0] == "MessagePosted":
                stored = ("Stored", {"seq": facts[0][1]["message"]["seq"]})
                same(f"verdict on {read.record}", told[place], [stored] * len(told[place]))
    told = {place: outcomes for place, outcomes in told.items() if outcomes}
    same("who was told without asking", sorted(told.keys() - asked.keys()), [])
    for place, count in sorted(asked.items()):
        # After a crash some are told again.
        true(f"{place} is told {count} times: {told.get(place)}", len(told.get(place, [])) >= count)
