"""Push subscriptions: rows against the commands that asked for them, as no event tells them."""

from difference import same
from owners import PUSH, Owner
from topics import Read


def check(found: dict[str, Owner], commands: list[Read]) -> None:
    """Of each address the last command stands: none of these runs asks for what is refused."""
    wanted: dict[str, dict[str, tuple]] = {}
    for read in commands:
        if read.decoded is None:
            continue
        kept = wanted.setdefault(read.key, {})
        match read.type:
            case "RegisterPush":
                record, channel = read.value["channel"]
                kept[_address(channel)] = (record, channel, read.value["device"])
            case "RemovePush":
                if read.value["named"] is None:
                    kept.clear()
                else:
                    kept.pop(_address(read.value["named"]["address"][1]), None)
    for user, owner in found.items():
        rows = [one for row in owner[PUSH].values() for one in row.value["all"]]
        stored = {_address(one["channel"][1]): (*one["channel"], one["device"]) for one in rows}
        same(f"push subscriptions of {user}", stored, wanted.get(user, {}))
        same(f"addresses of {user}", len(rows), len(stored))


def _address(channel: dict) -> str:
    return channel.get("endpoint") or channel["token"]
