"""The committed stubs are what proto/ says: generates them elsewhere and compares, byte for byte."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STUBS = "src/mail_organiser"


def generated(folder: Path) -> dict[str, bytes]:
    """Every generated file below a folder, by its path."""
    found = [path for path in folder.glob("*/v1/*_pb2*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "proto"
        shutil.copytree(ROOT / "proto", copy, ignore=shutil.ignore_patterns("*_pb2*", "__pycache__"))
        tools = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        command = [sys.executable, str(copy / "generate.py")]
        subprocess.run(command, check=True, env=tools, stderr=subprocess.DEVNULL)  # noqa: S603  # our own program
        fresh, committed = generated(copy / STUBS), generated(ROOT / "proto" / STUBS)
    stale = sorted(name for name in fresh.keys() | committed.keys() if fresh.get(name) != committed.get(name))
    for name in stale:
        sys.stderr.write(f"stub differs from proto/: {name}; run make proto and commit\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
