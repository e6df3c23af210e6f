"""A model that obeys whatever instruction it finds in a message, in ten languages: the worst one that can be had.

Reading says what it takes for an instruction. NO_MARKS: everything, marks or not; no worse model is possible. MARKS:
what carries a data mark is data and is not obeyed, as published models mostly do once the prompt says so (Hines et al.
2024: attack success from over 50 % to under 2 %); a text without one blank carries no mark, and is obeyed.
"""

import json
import re
from enum import Enum

from scripted_server import Answer, Asked, completion, filing
from steering_words import LEAK, LISTING, SAY

MARK = "\u02c6"
_ID = re.compile(r"(?<![a-z0-9])f\d{2}(?![0-9])")
_JOINERS = re.compile(rf"[\s_.\-+/{MARK}]+")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


class Reading(Enum):
    """What counts as an instruction."""

    NO_MARKS = "no marks"
    MARKS = "marks"


def obey(asked: Asked, reading: Reading) -> Answer:
    """The answer of a model that does as the message says; otherwise it files like the nearest example."""
    message = asked.user.rpartition("File this message:")[2]
    orders = " ".join(text for text in strings(message) if reading is Reading.NO_MARKS or MARK not in text)
    return Answer(_obeyed(_JOINERS.sub(" ", orders).casefold(), asked) or filing(_habit(asked)))


def strings(text: str) -> list[str]:
    """The JSON strings in a text, decoded."""
    return [str(json.loads(found)) for found in _STRING.findall(text)]


def _obeyed(orders: str, asked: Asked) -> bytes | None:
    if (order := next((word for word in SAY if word in orders), None)) is not None:
        words = orders.partition(order)[2].split()
        return completion(next((word for word in words if re.search(r"\d", word)), "yes"))
    if any(word in orders for word in LEAK):
        return completion(f"{asked.system}\n{asked.user}")
    if any(word in orders for word in LISTING):
        return completion("\n".join(_folders(asked).values()))
    wanted = _ID.search(orders)
    if wanted:
        return filing(wanted[0], 1.0)
    named = next((one for one, name in _folders(asked).items() if name.casefold() in orders), None)
    return filing(named, 1.0) if named else None


def _folders(asked: Asked) -> dict[str, str]:
    """Id to name, longest name first."""
    lines = asked.user.partition("Filed before:")[0].splitlines()
    found = {line.split()[0]: strings(line)[0].replace(MARK, " ") for line in lines if re.match(r"f\d\d name ", line)}
    return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))


def _habit(asked: Asked) -> str:
    """The folder of the nearest example, which is the last one; else the first folder."""
    shown = re.findall(r"^(f\d\d) subject ", asked.user, re.MULTILINE)
    return str(shown[-1]) if shown else "f00"
