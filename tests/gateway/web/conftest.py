"""The page's modules in Node.js, as a browser would load them: real code, no page around it."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

WEB = Path(__file__).resolve().parents[3] / "gateway" / "src" / "gateway" / "web"
SECONDS = 60  # on a busy machine; each takes one
# What a browser has and Node.js lacks, as far as the modules ask for it while they are loaded.
BROWSER = "globalThis.sessionStorage = { getItem: () => 'token', setItem: () => {}, removeItem: () => {} };"
SCRIPT = """import "./browser.js";
import { readFileSync } from "node:fs";
%s
const given = JSON.parse(readFileSync(0, "utf8"));
const told = await (async () => { %s })();
process.stdout.write(JSON.stringify(told));
"""

Run = Callable[..., Any]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a script beside the page's modules; `given` is what it was given, what it returns comes back."""
    root = tmp_path_factory.mktemp("page")
    for folder in ("app", "vendor"):
        shutil.copytree(WEB / folder, root / folder)
    (root / "package.json").write_text('{"type": "module"}')
    (root / "browser.js").write_text(BROWSER)

    def in_node(imports: str, body: str, given: Any = None) -> Any:
        (root / "script.js").write_text(SCRIPT % (imports, body), "utf-8")
        return _ran(root, json.dumps(given))

    return in_node


def _ran(root: Path, given: str) -> Any:
    done = subprocess.run(
        ["node", "script.js"],
        cwd=root,
        env={**os.environ, "LC_ALL": "en_US.UTF-8"},
        input=given,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
