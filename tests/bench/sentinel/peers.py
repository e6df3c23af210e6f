"""The detectors that sentinel is compared with, and the scratch environment they are installed into.

No peer is a dependency of this project: they live under .bench/, in an environment of their own. Only wheels are
installed, so that no peer's code runs before its turn, and only at the versions that requirements.txt pins.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from corpus import BenchFailed

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
PATIENCE = 600.0  # seconds for one installation


@dataclass(frozen=True, slots=True)
class Peer:
    """A distribution and its adapter. slow: over 50 ms a message, so a sample must do."""

    name: str
    licence: str
    extras: str = ""
    slow: bool = False

    @property
    def adapter(self) -> Path:
        """The file that knows how to ask it."""
        return HERE / "adapters" / f"peer_{self.name.replace('-', '_')}.py"


PEERS = (
    Peer("agentbastion", "MIT AND BUSL-1.1"),
    Peer("ai-injection-guard", "MIT"),
    Peer("aicordon", "Apache-2.0"),
    Peer("guardlayer", "MIT"),
    Peer("nukon-pi-detect", "Apache-2.0"),
    Peer("plumblint", "PolyForm-NC-1.0.0"),
    Peer("prompt-guardrail", "Apache-2.0"),
    Peer("prompt-injection-defense", "MIT", slow=True),
    Peer("securevector-guardian-model", "Apache-2.0"),
    Peer("stackone-defender", "Apache-2.0", extras="[onnx]"),
    Peer("toolwall-guard", "Apache-2.0"),
    Peer("xaidr", "Apache-2.0"),
    Peer("zn-gate", "MIT"),
)

# Known, and not run. Whoever reads the table should not have to guess.
LEFT_OUT = {
    "metatronnanoguard": "needs torch, 5 GB installed; 184 ms a message when it was tried",
    "bastion-prompt-protection, cyberjev, prismguard, jailguard, prompt-armor, xyran-lpd": (
        "their weights are not in their wheels and come from a hub or a release page at run time"
    ),
    "prompt-shield-ai": "needs a vector database and a sentence model from a hub",
}


def prepare(folder: Path, uv: Path, python: Path) -> Path:
    """The Python of the scratch environment, which is made unless it is there."""
    inside = folder / "venv" / "bin" / "python"
    if not inside.exists():
        command = [str(uv), "venv", "--quiet", "--clear", "--python", str(python), str(folder / "venv")]
        if subprocess.run(command, timeout=PATIENCE, check=False).returncode:  # our own uv
            raise BenchFailed("uv made no environment under .bench. What it said stands above.")
    return inside


def install(peer: Peer, uv: Path, python: Path) -> str | None:
    """Why the peer could not be installed; nothing when it is there."""
    command = [str(uv), "pip", "install", "--quiet", "--only-binary", ":all:", "--python", str(python)]
    command += ["--constraint", str(REQUIREMENTS), f"{peer.name}{peer.extras}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)  # the same
    except subprocess.TimeoutExpired:
        return f"not installed within {PATIENCE:.0f} s"
    return f"not installed: {' '.join(done.stderr.split())[:300]}" if done.returncode else None


def pinned(peer: Peer) -> str:
    """The version that requirements.txt names."""
    found = re.search(rf"^{re.escape(peer.name)}==(\S+)$", REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else "not pinned"
