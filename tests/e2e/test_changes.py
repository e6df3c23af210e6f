"""Changing a preview through the door: one message, those like it, several; and finding again what was changed."""

from typing import Any

import pytest


@pytest.fixture
def preview(scanned: Any) -> "Preview":
    return Preview(scanned)


class Preview:
    """A fresh scan of the waiting mail, and the ETag that its owner holds."""

    def __init__(self, house: Any) -> None:
        self.house, scan = house, house.scan_of("Waiting")
        self.path, self.etag = f"/scans/{scan['id']}/decisions", f'"{scan["revision"]}"'
        self.rows = house.decisions(scan)

    def send(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.house.ask(method, self.path + path, 200, json=body, headers={"If-Match": self.etag})
        self.etag = answer.headers["etag"]
        return dict(answer.json())

    def listed(self, **narrowed: Any) -> set[str]:
        items = self.house.ask("GET", self.path, 200, params=narrowed).json()["items"]
        return {one["id"] for one in items}

    def of(self, sender: str) -> list[str]:
        found = [one for one in self.rows if sender in (one["message"]["sender_address"] or "")]
        return [one["id"] for one in found if one["kind"] in {"move", "keep"}]


def test_one_and_those_alike(preview: Preview) -> None:
    """The answer says how many follow, so many do, and all are found as changed."""
    first, *others = preview.of("receipts")
    folder = preview.house.own["builds"]
    assert others
    changed = preview.send("PATCH", f"/{first}", {"folder_id": folder})
    assert (changed["folder_id"], changed["alike"]) == (folder, len(others))
    assert preview.send("POST", f"/{first}/alike", {"folder_id": folder}) == {"changed": len(others)}
    assert preview.listed(changed=True) == {first, *others}
    assert preview.listed(changed=False) == {one["id"] for one in preview.rows} - {first, *others}
    assert preview.listed(changed=True, folder_id=preview.house.own["receipts"]) == set()


def test_several_at_once_at_the_revision_that_was_seen(preview: Preview) -> None:
    """All in one step; who holds the ETag from before is refused, and so is whoever sends none."""
    before, wanted = preview.etag, [*preview.of("builds"), *preview.of("journeys")]
    body = {"decision_ids": wanted, "folder_id": None}
    assert preview.send("PATCH", "", body) == {"changed": len(wanted), "left": []}
    assert preview.listed(changed=True, kind="keep") == set(wanted)
    for headers, status in (({"If-Match": before}, 412), ({}, 428)):
        preview.house.ask("PATCH", preview.path, status, json=body, headers=headers)


def test_a_page_of_what_is_sure(preview: Preview) -> None:
    """From this confidence on."""
    least = sorted(one["confidence"] for one in preview.rows if one["confidence"] is not None)[len(preview.rows) // 2]
    sure = {one["id"] for one in preview.rows if (one["confidence"] or 0) >= least}
    assert preview.listed(sure_from=least) == sure
    assert preview.listed(sure_from=0) >= sure
