"""The policy hash: which patterns, weights, thresholds and steps judged.

Guarantees: any change to a source file that takes part in judging changes it; the same release has the same hash on
every machine. Deployments pin it in classifier, so a verdict of unknown making clears nothing.
"""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from mail_organiser import prompt_form
from sentinel.operating_point import Strictness

DOMAIN = b"mo/sentinel-policy/v1\0"
_TEXT = (".py", ".toml", ".json")
_WEIGHTS = ".bin"
# All that decides; servicer, signing, settings, main, command and training only carry.
_JUDGING = (
    "canonical",
    "detectors",
    "learned",
    "lexicon",
    "rules",
    "views",
    "finding.py",
    "inspector.py",
    "item.py",
    "operating_point.py",
    "reading.py",
    "verdict.py",
)


@cache
def policy_hash(strictness: Strictness = Strictness.BALANCED) -> bytes:
    """32 bytes over the judging sources and weights, the strictness and the version of the prompt form."""
    digest = sha256(DOMAIN + prompt_form.VERSION.to_bytes(4, "big") + _framed(strictness.encode()))
    root = files("sentinel")
    for name in _JUDGING:
        for path, source in _sources(name, root / name):
            digest.update(_framed(path.encode()) + _framed(source))
    return digest.digest()


def _sources(path: str, place: Traversable) -> list[tuple[str, bytes]]:
    if place.is_file():
        return [(path, _read(place))]
    names = sorted(entry.name for entry in place.iterdir() if entry.name.endswith((*_TEXT, _WEIGHTS)))
    return [(f"{path}/{name}", _read(place / name)) for name in names]


def _read(file: Traversable) -> bytes:
    """Its bytes; of text with line ends as they are here, whatever a checkout made of them."""
    return file.read_bytes() if file.name.endswith(_WEIGHTS) else file.read_bytes().replace(b"\r\n", b"\n")


def _framed(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data
