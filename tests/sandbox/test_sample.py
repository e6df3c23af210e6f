"""The sample mailbox is what its page says: made up, plausible in its proportions, the same every time, and honest."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from sandbox.sample import FILED_UNTIL, messages, truth
from sandbox.sample.mbox_export import to_mbox
from sandbox.sample.source import parse
from sandbox.seed_message import SeedMessage
from sandbox.seeds import read

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "sample-mailbox.md"
RESERVED = (".example", ".test")


def addresses(message: SeedMessage) -> list[str]:
    return [message.sender_address, *(who.address for who in message.recipients)]


def test_sample_is_the_same_every_time() -> None:
    """Two readings are equal, so that what is measured on it can be compared."""
    assert list(messages()) == list(messages())
    assert truth() == truth()


def test_sample_has_the_promised_proportions() -> None:
    """About 400 messages: 250 filed in eight folders, 150 in the inbox, of which some fit no folder."""
    everything, known_of = list(messages()), truth()
    filed = Counter(message.folder for message in everything if message.folder is not None)
    inbox = [known_of[message.internet_message_id or ""] for message in everything if message.folder is None]
    assert 390 <= len(everything) <= 420
    assert 240 <= filed.total() <= 270
    assert len(filed) == 8
    assert min(filed.values()) >= 20
    assert 140 <= len(inbox) <= 160
    assert 14 <= sum(known.folder is None and known.technique is None for known in inbox) <= 18
    assert sum(known.sounds_hostile for known in inbox) == 10


def test_sample_has_twelve_attacks_by_twelve_techniques_in_four_languages() -> None:
    """Each attack is in the inbox, belongs to no folder and is another trick than the other eleven."""
    hostile = {id_: known for id_, known in truth().items() if known.technique}
    assert len(hostile) == len({known.technique for known in hostile.values()}) == 12
    assert {known.language for known in hostile.values()} == {"en", "de", "fr", "es"}
    assert all(known.folder is None and not known.sounds_hostile for known in hostile.values())
    assert all(message.folder is None for message in messages() if message.internet_message_id in hostile)


def test_every_message_has_an_id_and_a_truth_of_its_own() -> None:
    """The truth is found by id, so no two messages may share one."""
    ids = [message.internet_message_id for message in messages()]
    assert len(set(ids)) == len(ids) == len(truth())
    assert set(ids) == set(truth())


def test_nothing_in_a_message_gives_its_truth_away() -> None:
    """A detector that read the label instead of the mail would score well and be worthless."""
    techniques = {known.technique for known in truth().values() if known.technique}
    for message in messages():
        assert not any(technique in repr(message) for technique in techniques)
        assert re.fullmatch(r"<[0-9a-f]{20}@[a-z0-9.-]+>", message.internet_message_id or "")


def test_some_senders_are_filed_in_two_folders() -> None:
    """Learning the sender alone must not be enough, or a measurement on the sample would say nothing."""
    folders_of: dict[str, set[str]] = {}
    for message in messages():
        if message.folder:
            folders_of.setdefault(message.sender_address, set()).add(message.folder)
    assert sum(len(folders) > 1 for folders in folders_of.values()) >= 8


def test_every_address_is_nobodys() -> None:
    """Only reserved top-level domains (RFC 2606): no sample mail can name somebody's address."""
    assert all(address.endswith(RESERVED) for message in messages() for address in addresses(message))


def test_filed_mail_is_older_than_the_inbox_and_in_its_true_folder() -> None:
    """Nora filed until FILED_UNTIL; what was filed can be learnt from."""
    known_of = truth()
    for message in messages():
        known = known_of[message.internet_message_id or ""]
        assert message.folder in {None, known.folder}
        assert message.folder is None or message.received_at < FILED_UNTIL


def test_most_of_the_inbox_can_be_learnt_from_what_is_filed() -> None:
    """Nine in ten benign inbox messages that belong to a folder come from a sender who is filed there."""
    known_of = truth()
    filed = {(message.sender_address, message.folder) for message in messages() if message.folder}
    waiting = [
        (message.sender_address, known.folder)
        for message in messages()
        if message.folder is None and (known := known_of[message.internet_message_id or ""]).folder
    ]
    assert sum(pair in filed for pair in waiting) / len(waiting) > 0.9


def test_sample_written_as_mbox_reads_back_the_same(tmp_path: Path) -> None:
    """What `python -m sandbox.sample` writes is, message for message, what the sandbox is seeded with."""
    path = tmp_path / "sample.mbox"
    done = subprocess.run([sys.executable, "-m", "sandbox.sample"], check=True, capture_output=True)
    path.write_bytes(done.stdout)
    assert list(read(path)) == list(messages())


def test_truth_is_written_as_json_lines() -> None:
    """`python -m sandbox.sample --truth` is what a measurement reads."""
    done = subprocess.run([sys.executable, "-m", "sandbox.sample", "--truth"], check=True, capture_output=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row.pop("id"): row for row in rows} == {id_: known._asdict() for id_, known in truth().items()}


@pytest.mark.parametrize(
    "subject", ["", " a ", "a\nFrom: b@evil.example", "\x00", "=?utf-8?q?x?=", "é" * 500, "a" * 9999]
)
def test_written_mbox_keeps_any_subject(tmp_path: Path, subject: str) -> None:
    """Line ends, NULs, MIME words and length in a subject can't break out of their field."""
    first = next(messages())
    odd = SeedMessage(
        folder="Bills, paid",
        subject=subject,
        sender_name=subject,
        sender_address=first.sender_address,
        received_at=first.received_at,
    )
    path = tmp_path / "odd.mbox"
    path.write_bytes(to_mbox(odd) + to_mbox(first))
    assert list(read(path)) == [odd, first]


def test_mistake_in_the_sample_is_an_error_with_its_line() -> None:
    """A line that nobody can read isn't dropped."""
    with pytest.raises(ValueError, match="line 3 is no"):
        list(parse(["# remark", "Ada <ada@one.example>", "2026-01-09 no indent"]))
    with pytest.raises(ValueError, match="line 1 is no"):
        list(parse(["  2026-01-09 08:14  nobody wrote this"]))


def test_page_tells_the_same_numbers_as_the_sample() -> None:
    """The reference page names every folder with its counts, every attack with its language, and the totals."""
    page, known_of = PAGE.read_text("utf-8"), truth()
    filed = Counter(message.folder for message in messages() if message.folder)
    waiting = Counter(
        known_of[message.internet_message_id or ""].folder for message in messages() if not message.folder
    )
    assert f"{len(known_of)} messages" in page
    assert f"({filed.total()} messages)" in page
    assert f"({waiting.total()} messages)" in page
    assert all(f"| {folder} | {count} | {waiting[folder]} |" in page for folder, count in filed.items())
    hostile = [known for known in known_of.values() if known.technique]
    assert all(f"| `{known.technique}` | {known.language} |" in page for known in hostile)
