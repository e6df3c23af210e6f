"""Every kind of mailbox that people have is read, and what isn't one is refused by name."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from sandbox.seed_message import SeedRecipient
from sandbox.seeds import LeftOut, Refusal, UnreadableMailbox, read

ONE = b"""From: Ada <ada@one.example>
To: Nora <nora@two.example>, sam@two.example
Cc: "Vogt, Markus" <m.vogt@three.example>
Date: Fri, 09 Jan 2026 09:14:00 +0100
Message-ID: <1@one.example>
List-Id: The Letters <letters.one.example>
Subject: Box
\tis booked

Hello
"""
OTHER = b"Date: Sat, 10 Jan 2026 08:00:00 +0000\nFrom: bo@two.example\nSubject: Other\n\nBye\n"
SEPARATOR = b"From ada@one.example Fri Jan  9 08:14:00 2026\n"


def mbox(*messages: bytes) -> bytes:
    return b"".join(SEPARATOR + message + b"\n" for message in messages)


def labelled(*labels: str) -> bytes:
    return b"".join(
        SEPARATOR + f"X-Gmail-Labels: {label}\nFrom: a@b.example\nSubject: {number}\n\nx\n\n".encode()
        for number, label in enumerate(labels)
    )


def write(path: Path, text: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    return path


def folders(path: Path) -> dict[str, str | None]:
    return {message.subject: message.folder for message in read(path)}


def test_every_field_of_a_message_is_read(tmp_path: Path) -> None:
    """A message's metadata arrives whole: folded subject, several recipients, the time in UTC; the body is dropped."""
    (message,) = read(write(tmp_path / "mail.mbox", mbox(ONE)))
    assert (message.sender_name, message.sender_address) == ("Ada", "ada@one.example")
    assert message.subject == "Box is booked"
    assert message.received_at == datetime(2026, 1, 9, 8, 14, tzinfo=UTC)
    assert message.received_at.tzinfo is UTC
    assert message.recipients == (
        SeedRecipient(name="Nora", address="nora@two.example"),
        SeedRecipient(name="", address="sam@two.example"),
        SeedRecipient(name="Vogt, Markus", address="m.vogt@three.example"),
    )
    assert message.list_id == "The Letters <letters.one.example>"
    assert message.internet_message_id == "<1@one.example>"
    assert (message.folder, message.body) == (None, None)


def test_single_message_file_is_one_message(tmp_path: Path) -> None:
    """An .eml given by itself is a mailbox of one."""
    assert folders(write(tmp_path / "a.eml", ONE)) == {"Box is booked": None}


def test_directory_of_eml_files_keeps_its_subdirectories_as_folders(tmp_path: Path) -> None:
    """Subdirectories are folders at any depth; an inbox is none; sent mail is left out and counted."""
    write(tmp_path / "a.eml", OTHER.replace(b"Other", b"top"))
    write(tmp_path / "Inbox" / "b.eml", OTHER.replace(b"Other", b"inbox"))
    write(tmp_path / "Clients" / "North" / "c.EML", OTHER.replace(b"Other", b"deep"))
    write(tmp_path / "Sent Items" / "d.eml", OTHER)
    write(tmp_path / "notes.txt", b"no mail")
    reading = read(tmp_path)
    assert {message.subject: message.folder for message in reading} == {
        "top": None,
        "inbox": None,
        "deep": "Clients/North",
    }
    assert reading.left_out == {LeftOut.SENT: 1}
    assert reading.summary() == "3 read, 1 left out (sent)"


def test_maildir_subfolders_become_folders(tmp_path: Path) -> None:
    """Maildir++: .Clients.North is Clients/North; names are in modified UTF-7; tmp, drafts and trash aren't read."""
    write(tmp_path / "cur" / "1768000000.M1.host:2,S", OTHER.replace(b"Other", b"seen"))
    write(tmp_path / "new" / "1768000001.M2.host", OTHER.replace(b"Other", b"new"))
    write(tmp_path / "tmp" / "1768000002.M3.host", OTHER)
    write(tmp_path / "cur" / "1768000003.M4.host:2,ST", OTHER)
    write(tmp_path / "cur" / "1768000004.M5.host:2,D", OTHER)
    write(tmp_path / ".Clients.North" / "cur" / "1:2,", OTHER.replace(b"Other", b"sub"))
    write(tmp_path / ".&AMk-cole &- plus" / "cur" / "1:2,", OTHER.replace(b"Other", b"school"))
    write(tmp_path / ".Trash" / "cur" / "1:2,", OTHER)
    reading = read(tmp_path)
    assert {message.subject: message.folder for message in reading} == {
        "seen": None,
        "new": None,
        "sub": "Clients/North",
        "school": "École & plus",
    }
    assert reading.left_out == {LeftOut.TRASH: 2, LeftOut.DRAFT: 1}


def test_maildirs_below_a_directory_are_folders(tmp_path: Path) -> None:
    """Mbsync and offlineimap keep one Maildir a folder side by side."""
    write(tmp_path / "Inbox" / "cur" / "1:2,", OTHER.replace(b"Other", b"a"))
    write(tmp_path / "Bank" / "cur" / "1:2,", OTHER.replace(b"Other", b"b"))
    assert folders(tmp_path) == {"a": None, "b": "Bank"}


def test_maildir_file_without_a_date_has_its_time_of_delivery(tmp_path: Path) -> None:
    """A Maildir's file name begins with the second of delivery."""
    write(tmp_path / "cur" / "1768000000.M1.host:2,S", b"Subject: x\n\n")
    (message,) = read(tmp_path)
    assert message.received_at == datetime.fromtimestamp(1768000000, UTC)


@pytest.mark.parametrize(
    ("labels", "folder"),
    [
        ("Inbox,Unread", None),
        ("Inbox,Important,Opened,Category Updates", None),
        ("Archived,Opened", None),
        ("Opened,Receipts,Inbox", "Receipts"),
        ("Clients/North,Opened", "Clients/North"),
        ('"Bills, paid",Opened', "Bills, paid"),
        ("=?UTF-8?Q?Archiviert,Ge=C3=B6ffnet,Kategorie:_=22Pers=C3=B6nlich=22?=", None),
        ("=?UTF-8?Q?Posteingang,Ungelesen,F=C3=BCr_sp=C3=A4ter?=", "Für später"),
        ("=?UTF-8?Q?Bo=C3=AEte_de_r=C3=A9ception,Non_lus,Voyages?=", "Voyages"),
        ("Recibidos,Importante,Familia", "Familia"),
        ("", None),
    ],
)
def test_takeout_labels_become_folders(tmp_path: Path, labels: str, folder: str | None) -> None:
    """The owner's own label is the folder; what Gmail put there isn't one, in any of four languages."""
    assert folders(write(tmp_path / "All mail.mbox", labelled(labels))) == {"0": folder}


def test_takeout_leaves_out_what_nobody_files(tmp_path: Path) -> None:
    """Sent, drafts, spam, trash and chats are counted and not read, even under an owner's label."""
    text = labelled("Sent,Family", "Drafts", "Spam,Unread", "Trash", "Chat", "=?UTF-8?Q?Gesendet?=", "Family")
    reading = read(write(tmp_path / "All mail.mbox", text))
    assert [message.subject for message in reading] == ["6"]
    assert reading.left_out == {
        LeftOut.SENT: 2,
        LeftOut.DRAFT: 1,
        LeftOut.SPAM: 1,
        LeftOut.TRASH: 1,
        LeftOut.CHAT: 1,
    }


def test_takeout_zip_is_read_without_unpacking(tmp_path: Path) -> None:
    """A Takeout as it was downloaded; what isn't mail in it is ignored."""
    path = tmp_path / "takeout.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("Takeout/archive_browser.html", "<html>")
        archive.writestr("Takeout/Mail/All mail Including Spam and Trash.mbox", labelled("Bank", "Inbox", "Spam"))
        archive.writestr("Takeout/Mail/Receipts.mbox", mbox(OTHER))
    reading = read(path)
    assert {message.subject: message.folder for message in reading} == {"0": "Bank", "1": None, "Other": "Receipts"}
    assert reading.left_out == {LeftOut.SPAM: 1}
    assert list(tmp_path.iterdir()) == [path]


def test_foldering_stream_is_read(tmp_path: Path) -> None:
    """Rows of JSON lines carry their own folder; a bad row is counted and the next one is read."""
    row = {
        "id": "r1",
        "date": "2026-01-09T08:14:00Z",
        "from_address": "ada@one.example",
        "from_name": "Ada",
        "to": ["nora@two.example"],
        "cc": ["sam@two.example"],
        "subject": "Box \ud800",
        "folder": "Receipts",
    }
    lines = [
        json.dumps(row),
        "",
        "{",
        "[1]",
        json.dumps({"subject": "no date"}),
        json.dumps({**row, "to": [1]}),
        "[" * 100_000,
        json.dumps({**row, "subject": "x" * 2_000_000}),
        json.dumps({"date": "2026-01-10", "from_address": None, "subject": None}),
    ]
    reading = read(write(tmp_path / "stream.jsonl", "\n".join(lines).encode()))
    first, last = reading
    assert (first.folder, first.subject, first.sender_name) == ("Receipts", "Box \N{REPLACEMENT CHARACTER}", "Ada")
    assert [who.address for who in first.recipients] == ["nora@two.example", "sam@two.example"]
    assert (last.folder, last.subject, last.sender_address) == (None, "", "")
    assert reading.refused == {Refusal.NOT_JSON: 2, Refusal.NOT_A_ROW: 3, Refusal.TOO_LONG: 1}


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("empty.mbox", b"", "It is empty."),
        ("blank.mbox", b"\n \n", "It is empty."),
        ("mail.pst", b"!BDN\x00\x00", "It is an Outlook data file (.pst)."),
        ("mail.msg", b"\xd0\xcf\x11\xe0\xa1\xb1", "It is an Outlook message (.msg)."),
        ("takeout.tgz", b"\x1f\x8b\x08\x00", "It is packed with gzip."),
        ("cat.mbox", b"\x89PNG\r\n\x1a\n", "It doesn't begin like mail."),
        ("broken.zip", b"PK\x03\x04rubbish", "The archive is damaged."),
    ],
)
def test_file_that_is_no_mailbox_is_refused_by_name(tmp_path: Path, name: str, text: bytes, why: str) -> None:
    """The refusal comes before the first message and says what, why and what to do."""
    path = write(tmp_path / name, text)
    with pytest.raises(UnreadableMailbox) as refusal:
        read(path)
    assert refusal.value.what == f"{path} can't be read."
    assert refusal.value.why == why
    assert refusal.value.what_to_do
    assert str(refusal.value) == f"{refusal.value.what} {why} {refusal.value.what_to_do}"


def test_missing_path_is_refused_by_name(tmp_path: Path) -> None:
    """A slip of the pen gets the list of what can be given."""
    with pytest.raises(UnreadableMailbox, match=r"There is no such file or directory\. Give an \.mbox file"):
        read(tmp_path / "nothing.mbox")


def test_directory_without_mail_is_refused_by_name(tmp_path: Path) -> None:
    """Pointing at the wrong directory is told at once."""
    write(tmp_path / "holiday.jpg", b"x")
    with pytest.raises(UnreadableMailbox, match=r"No \.eml, \.mbox or Maildir"):
        read(tmp_path)


def test_zip_without_mail_is_refused_by_name(tmp_path: Path) -> None:
    """A Takeout of something else than mail."""
    with ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("Takeout/Photos/cat.jpg", "x")
    with pytest.raises(UnreadableMailbox, match=r"No \.mbox or \.eml"):
        read(tmp_path / "photos.zip")


def test_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    """Opening a pipe that nobody writes to would wait for ever."""
    os.mkfifo(tmp_path / "mail.mbox")
    with pytest.raises(UnreadableMailbox, match="neither a file nor a directory"):
        read(tmp_path / "mail.mbox")


def test_pipe_and_dead_link_among_messages_are_counted(tmp_path: Path) -> None:
    """One file that can't be opened doesn't cost the others."""
    os.mkfifo(tmp_path / "a.eml")
    os.mkfifo(tmp_path / "a.mbox")
    (tmp_path / "b.eml").symlink_to(tmp_path / "gone.eml")
    write(tmp_path / "c.eml", OTHER)
    reading = read(tmp_path)
    assert [message.subject for message in reading] == ["Other"]
    assert reading.refused == {Refusal.NOT_OPENED: 3}


def test_link_to_a_directory_is_not_followed(tmp_path: Path) -> None:
    """A link back to its own parent would never end."""
    write(tmp_path / "a.eml", OTHER)
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert len(list(read(tmp_path))) == 1


def test_damaged_member_of_a_zip_is_counted_and_the_next_is_read(tmp_path: Path) -> None:
    """A download with a flipped byte still gives what is whole."""
    path = tmp_path / "takeout.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("Takeout/Mail/A.mbox", mbox(ONE))
        archive.writestr("Takeout/Mail/B.mbox", mbox(OTHER))
    path.write_bytes(path.read_bytes().replace(b"Hello", b"Jello"))
    reading = read(path)
    assert "Other" in [message.subject for message in reading]
    assert reading.refused == {Refusal.DAMAGED: 1}


def test_reader_needs_no_other_part_of_the_project() -> None:
    """Reading a mailbox imports neither a web server nor a cryptography library: `scan` must start fast."""
    heavy = "{'starlette', 'uvicorn', 'cryptography', 'jwt', 'mailbox', 'sqlite3'}"
    program = f"import sys, sandbox.seeds; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
