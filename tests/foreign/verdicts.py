"""Who asks a machine is answered by it; and nobody is answered who did not ask."""

from collections import defaultdict

from avro import short
from chain import Outputs
from difference import same, true
from topics import ACCOUNT_COMMANDS, CONVERSATION_COMMANDS, VERDICTS, Read

MACHINES = {ACCOUNT_COMMANDS: "Accounts", CONVERSATION_COMMANDS: "Conversations"}

# By machine, partition of the verdicts, and request.
Asked = tuple[str, int, int]


def check(kept: dict[str, list[Read]], outputs: Outputs) -> None:
    """Where a charge goes back, the account answers instead of the conversation. After a crash some are
    answered again."""
    answers: dict[Asked, list[tuple[str, dict]]] = defaultdict(list)
    for read in kept[VERDICTS]:
        kind, outcome = read.value["outcome"]
        place = read.value["by"], read.record.partition, read.value["request"]
        answers[place].append((short(kind), outcome))
    asked: dict[Asked, list[Read]] = defaultdict(list)
    for topic, machine in MACHINES.items():
        for read in (read for read in kept[topic] if read.headers.reply is not None):
            out = outputs.get(read.place, [])
            if not any(other.type == "Refund" for other in out):
                asked[machine, *read.headers.reply].append(read)
    same("who was answered without asking", sorted(answers.keys() - asked.keys()), [])
    for place, commands in sorted(asked.items()):
        found = answers.get(place, [])
        true(f"{place} is answered {len(commands)} times: {found}", len(found) >= len(commands))
        wanted = [_wanted(read, outputs.get(read.place, [])) for read in commands]
        for kind, outcome in found:
            fits = any(_fits(kind, outcome, kinds, exact) for kinds, exact in wanted)
            true(f"{place} is answered by one of {wanted}, not {kind} {outcome}", fits)


def _wanted(read: Read, out: list[Read]) -> tuple[set[str], dict | None]:
    """Kinds of outcome that a command may have, and the outcome if it is known."""
    match [read.type, *(other.type for other in out)]:
        case ["PostMessage" | "PostPoll", *types] if "MessageCreated" in types:
            created = next(other for other in out if other.type == "MessageCreated")
            return {"Stored"}, {"seq": created.value["message"]["seq"]}
        case [
            "SendMessage" | "SendVoice" | "CreatePoll" | "CreateConversation" | "SubmitEdit" | "AddReaction"
            | "ReportMessage",
            passed,
            *_,
        ]:
            return {"Accepted"}, {"repeated": passed == "LookUp"}
        case ["FireSchedule", "ScheduleChanged"]:
            (_, failed), = [other.value["now"]["progress"] for other in out]
            return {"Refused"}, {"refusal": failed["refusal"]}
        case ["FireSchedule", "PostMessage", *_]:
            return {"Accepted"}, {"repeated": False}
        case ["Refund", *_]:
            refusal = read.value["refusal"]
            known = ({"Done"}, {"changed": False}) if refusal is None else ({"Refused"}, {"refusal": refusal})
            return known
        case ["LookUp"]:
            return {"Stored", "Done", "Refused"}, None
        case [
            "SendMessage" | "SendVoice" | "CreatePoll" | "CreateConversation" | "SubmitEdit" | "AddReaction"
            | "ReportMessage" | "PostMessage" | "PostPoll"
        ]:
            return {"Refused"}, None
        case [_]:
            # What was asked for holds already, or is refused.
            return {"Done", "Refused"}, None
        case _:
            return {"Done"}, {"changed": True}


def _fits(kind: str, outcome: dict, kinds: set[str], exact: dict | None) -> bool:
    # An answer that was not given before a crash may be lost; then it is: ask again.
    is_lost = kind == "Refused" and outcome["refusal"]["code"] == "UNAVAILABLE"
    return is_lost or (kind in kinds and (exact is None or outcome == exact))
