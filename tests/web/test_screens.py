"""Every screen, as everybody meets it: axe finds nothing, nothing is cut off, and the browser complains of nothing.

In light and dark, 1100 and 380 CSS pixels wide; with text at 200 %; with reduced motion.
"""

from typing import Any

import pytest
from visit import NARROW, Visit

SCREENS = ("preview", "quarantine", "folders", "rules", "activity", "account", "status")
MOVING = """() => [...document.querySelectorAll("*")].filter((one) => {
  const { transitionDuration, animationName } = getComputedStyle(one);
  return animationName !== "none" || transitionDuration.split(", ").some((each) => each !== "0s"); }).length"""


@pytest.fixture(scope="module")
def visit(lasting_house: Any, visits: Any) -> Visit:
    """The sample, looked at; one run done, so that each screen has something to show."""
    house = lasting_house()
    house.choose_all()
    scan = house.scan()
    few = [row["id"] for row in house.decisions(scan, kind="move")[:3]]
    house.ended(f"/moves/{house.approve(scan, decision_ids=few)['id']}")
    return visits(house)  # type: ignore[no-any-return]  # the fixture's


def test_the_door(sample_house: Any, visits: Any) -> None:
    """Before anybody signed in: the door, and status."""
    visit = visits(sample_house, enter=False)
    visit.page.goto(f"{visit.url}/")
    visit.settled()
    assert visit.looks() == []
    visit.go("status")
    assert visit.looks() == []


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen(visit: Visit, screen: str) -> None:
    """With content in it."""
    visit.go(screen)
    assert visit.looks() == []


def test_an_opened_row(visit: Visit) -> None:
    """A message of the preview with its evidence."""
    visit.go("preview")
    visit.page.locator("tr.message th button").first.click()
    visit.page.locator("tr.detail").wait_for()
    assert visit.looks() == []


def test_a_run(visit: Visit) -> None:
    """What came of a run, message by message."""
    run = visit.page.evaluate("""async () => {
      const headers = { authorization: `Bearer ${sessionStorage.getItem("mail-organiser.token")}` };
      const get = async (path) => (await fetch(`/api/v1/mailboxes${path}`, { headers })).json();
      const { id } = (await get("")).items[0];
      return (await get(`/${id}/moves`)).items[0].id; }""")
    visit.go(f"moves/{run}")
    assert visit.looks() == []


@pytest.mark.parametrize("screen", SCREENS)
def test_text_at_twice_its_size(visit: Visit, screen: str) -> None:
    """Nothing has to be scrolled to the side on a telephone whose owner has text at 200 %."""
    visit.look("light", NARROW)
    visit.go(screen)
    visit.page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    try:
        assert visit.overflow() == []
    finally:
        visit.page.evaluate("() => { document.documentElement.style.fontSize = ''; }")


def test_reduced_motion(visit: Visit) -> None:
    """Who asks for no motion gets none."""
    visit.page.emulate_media(reduced_motion="reduce")
    for screen in SCREENS:
        visit.go(screen)
        assert visit.page.evaluate(MOVING) == 0
    visit.page.emulate_media(reduced_motion="no-preference")
    assert visit.page.evaluate(MOVING) > 0


def test_axe_finds_what_is_wrong(visit: Visit) -> None:
    """A picture without a text is found: what finds nothing looks."""
    visit.go("status")
    visit.page.evaluate("() => document.getElementById('main').append(document.createElement('img'))")
    assert any(one.startswith("image-alt") for one in visit.faults())
    visit.page.evaluate("() => document.querySelector('main img').remove()")
