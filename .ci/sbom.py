"""Writes a bill of materials for each service into a folder: CycloneDX 1.5, from uv.lock alone.

Holds what `uv sync --package mail-organiser-<service> --no-dev` installs on this platform and Python, with the hashes
of the lock. The same lock gives the same bytes: no time and no random number is in it.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from packaging.markers import Marker

ROOT: Final = Path(__file__).resolve().parents[1]
SERVICES: Final = ("sentinel", "classifier", "gateway")
_MARKER: Final = "uv:package:marker"
Bill = dict[str, Any]


def main() -> None:
    """A file a service."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for service in SERVICES:
        bill = settled(exported(service))
        path = folder / f"{service}.cdx.json"
        path.write_text(json.dumps(bill, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        sys.stdout.write(f"{path}: {len(bill['components'])} components\n")


def exported(service: str) -> Bill:
    """What uv says of the lock."""
    command = [ROOT / ".tools/bin/uv", "export", "--quiet", "--locked", "--no-dev", "--preview-features", "sbom-export"]
    wanted = ["--format", "cyclonedx1.5", "--package", f"mail-organiser-{service}"]
    done = subprocess.run([*command, *wanted], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603  # ours
    found: Bill = json.loads(done.stdout)
    return found


def settled(bill: Bill) -> Bill:
    """Without what this platform does not install, and without what differs from one run to the next."""
    components = [one for one in bill["components"] if _installed(one)]
    kept = {one["bom-ref"] for one in components} | {bill["metadata"]["component"]["bom-ref"]}
    edges = [_among(edge, kept) for edge in bill["dependencies"] if edge["ref"] in kept]
    metadata = {name: value for name, value in bill["metadata"].items() if name != "timestamp"}
    plain = {**bill, "components": components, "dependencies": edges, "metadata": metadata}
    del plain["serialNumber"]
    return {**plain, "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, json.dumps(plain, sort_keys=True))}"}


def _installed(component: Bill) -> bool:
    markers = [one["value"] for one in component.get("properties", []) if one["name"] == _MARKER]
    return all(Marker(marker).evaluate() for marker in markers)


def _among(edge: Bill, kept: set[str]) -> Bill:
    return {**edge, "dependsOn": [ref for ref in edge.get("dependsOn", []) if ref in kept]}


if __name__ == "__main__":
    main()
