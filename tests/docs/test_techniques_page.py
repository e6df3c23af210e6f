"""The page of techniques: written from the catalogue, and the catalogue holds every id that a detector speaks."""

import re
import runpy
from importlib.resources import files
from pathlib import Path

from sentinel.catalogue import TECHNIQUES, catalogue
from sentinel.finding import Technique

ROOT = Path(__file__).parent.parent.parent


def test_the_page_is_what_the_catalogue_says() -> None:
    """A new rule shows in a diff of the page: run `make techniques`."""
    written = runpy.run_path(str(ROOT / ".ci" / "techniques.py"))["page"]()
    assert (ROOT / "docs" / "reference" / "techniques.md").read_text("utf-8") == written


def test_every_technique_is_told_in_a_sentence() -> None:
    """The closed enum and the words for it are the same set."""
    assert set(TECHNIQUES) == set(Technique)
    assert all(sentence.endswith(".") for sentence in TECHNIQUES.values())


def test_every_rule_id_in_the_sources_is_in_the_catalogue() -> None:
    """Of detectors, judges and rule files; and none is there twice."""
    sources = "".join(
        path.read_text("utf-8")
        for path in Path(str(files("sentinel"))).rglob("*")
        if path.suffix in {".py", ".toml"} and path.name != "catalogue.py"
    )
    known = [entry.id for entry in catalogue()]
    assert set(re.findall(r"SEN-\d{3,4}\b", sources)) - set(known) <= {"SEN-1110", "SEN-1111"}
    assert len(set(known)) == len(known)
