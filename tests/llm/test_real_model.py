"""A whole house whose provider is a real model on this machine: make test-llm. For the way, not for quality.

SmolLM2-135M files little right (about a third, with filings shown); what is looked at is that a real model's answers
come back as decisions, in time, and that nothing depends on how good they are.
"""

import re
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cli.house import free_port

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".bench" / "llm" / "bin" / "python"
MESSAGES = [
    ("Travel", "Swiftwing Air: Schedule change for your booking"),
    ("Receipts", "Kestrel Rail: Receipt for your purchase"),
    ("School", "School: letter about the class trip"),
    ("Family", "Photos of the children from Sunday"),
    ("Bank", "Your bank statement is ready"),
    ("Build alerts", "Build failed on main"),
]
pytestmark = pytest.mark.llm


class RealModel:
    """The shim's process."""

    def __init__(self) -> None:
        self.metrics = free_port()

    def __call__(self, house: Any, stack: ExitStack) -> None:
        process = subprocess.Popen(
            [PYTHON, str(Path(__file__).with_name("shim.py"))],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        stack.callback(lambda: (process.kill(), process.communicate()))
        assert process.stdout is not None
        port = int(process.stdout.readline().split()[1])
        settings = house.place.path("settings", "classifier.toml")
        settings.write_text(
            f'{settings.read_text()}[provider]\nbase_url = "http://127.0.0.1:{port}/v1"\nmodel = "smollm2"\n'
            "prompt_price = 0.0\nanswer_price = 0.0\nthreshold = 1.0\ncall_seconds = 15.0\nconcurrency = 1\n"
            f"[metrics]\nport = {self.metrics}\n"
        )


def test_a_real_model_files_mail(lasting_house: Any) -> None:
    """From Graph to a preview: the model is probed, asked about each message, and its ids become folders."""
    model = RealModel()
    house = lasting_house("sample", model)
    own = house.choose_all()
    names = {folder: name for name, folder in own.items()}
    house.until(lambda: house.http.get("/api/v1/status").json()["provider"] == "ready", "the model to be probed")
    senders = [{"subject": subject, "sender_address": f"new{n}@else.test"} for n, (_, subject) in enumerate(MESSAGES)]
    house.deliver(*senders, folder="For the model")
    scan = house.scan_of("For the model")
    rows = house.decisions(scan)
    truth = {subject: name for name, subject in MESSAGES}
    right = sum(names.get(row["folder_id"]) == truth[row["message"]["subject"]] for row in rows)
    engines = Counter(row["engine"] for row in rows)
    page = house.scraped(model.metrics).decode()
    seconds = re.search(r"provider_question_seconds_sum ([\d.]+)", page)
    assert seconds is not None
    sys.stderr.write(f"{dict(engines)}, {right} of {len(rows)} right, {float(seconds[1]):.0f} s of thinking\n")
    assert (scan["state"], scan["done"]) == ("done", len(MESSAGES))
    assert engines["provider"] >= 1
    assert {row["folder_id"] for row in rows} <= {*own.values(), None}
