"""The policy hash: which patterns, weights, thresholds and steps judged.

Guarantees: any change to a source file that takes part in judging changes it; the same release has the same hash on
every machine. Deployments pin it in classifier, so a verdict of unknown making clears nothing.
"""

from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from mail_organiser import prompt_form

DOMAIN = b"mo/sentinel-policy/v1\0"
# All that decides; servicer, signing, settings, main and command only carry.
_JUDGING = (
    "canonical",
    "detectors",
    "rules",
    "views",
    "finding.py",
    "inspector.py",
    "item.py",
    "reading.py",
    "verdict.py",
)


def policy_hash() -> bytes:
    """32 bytes over the judging sources and the version of the prompt form."""
    digest = sha256(DOMAIN + prompt_form.VERSION.to_bytes(4, "big"))
    root = files("sentinel")
    for name in _JUDGING:
        for path, source in _sources(name, root / name):
            digest.update(_framed(path.encode()) + _framed(source.replace(b"\r\n", b"\n")))
    return digest.digest()


def _sources(path: str, place: Traversable) -> list[tuple[str, bytes]]:
    if place.is_file():
        return [(path, place.read_bytes())]
    names = sorted(entry.name for entry in place.iterdir() if entry.name.endswith((".py", ".toml")))
    return [(f"{path}/{name}", (place / name).read_bytes()) for name in names]


def _framed(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data
