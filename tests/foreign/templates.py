"""Templates: rows and answers against the commands that wrote them, and the charges of sends that named them."""

from dataclasses import dataclass

from api import Told, time
from chain import Outputs
from difference import same
from owners import TEMPLATE, TEMPLATES, Owner
from times import Times
from topics import Read


@dataclass
class Template:
    written: dict
    created_at: int
    uses: int = 0


def check(
    found: dict[str, Owner], commands: list[Read], outputs: Outputs, times: Times, told: dict[str, Told]
) -> None:
    """A command that changed a template has published it; a send that was charged has passed its charge on."""
    wanted: dict[str, dict[str, Template]] = {}
    for read in commands:
        if read.decoded is None or read.type not in _ABOUT or not (out := outputs.get(read.place)):
            continue
        kept, asked = wanted.setdefault(read.key, {}), read.value
        match read.type:
            case "SaveTemplate":
                fresh = Template(asked["written"], times[read.place])
                kept.setdefault(asked["template"], fresh).written = asked["written"]
            case "DeleteTemplate":
                del kept[asked["template"]]
            case "SendMessage" if out[0].type == "PostMessage" and asked["template"] is not None:
                kept[asked["template"]].uses += 1
            case "Refund" if asked["charge"]["template"] in kept:
                kept[asked["charge"]["template"]].uses -= 1
    for user, owner in found.items():
        stands = wanted.get(user, {})
        marks = [mark for row in owner[TEMPLATES].values() for mark in row.value["all"]]
        marked = {mark["template"]: mark["shortcut"] for mark in marks}
        same(f"templates of {user}", marked, {id: one.written["shortcut"] for id, one in stands.items()})
        rows = {key.decode(): row.value for key, row in owner[TEMPLATE].items()}
        rows = {id: row for id, row in rows.items() if row["written"] is not None}
        as_rows = {
            id: {"written": one.written, "uses": one.uses, "created_at": one.created_at}
            for id, one in stands.items()
        }
        same(f"rows of templates of {user}", rows, as_rows)
        if user in told:
            listed = [mark["template"] for mark in marks]
            served = [_served(id, stands[id]) for id in listed]
            same(f"templates that {user} is served", told[user].templates, served)


_ABOUT = {"SaveTemplate", "DeleteTemplate", "SendMessage", "Refund"}


def _served(id: str, template: Template) -> dict:
    return {
        "id": id,
        "name": template.written["name"],
        "content": template.written["content"],
        "shortcut": template.written["shortcut"],
        "category": template.written["category"],
        "useCount": template.uses,
        "createdAt": time(template.created_at),
    }
