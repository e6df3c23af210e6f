"""Every rule id there is, in words: what a technique is, and what each rule found. Explains; judges nothing.

Guarantees: an id that any detector speaks is here (a test looks for them in the sources).
"""

from collections.abc import Iterator
from typing import NamedTuple

from sentinel.finding import Technique
from sentinel.learned.technique import LEARNED
from sentinel.rules.book import read_rules


class Entry(NamedTuple):
    """A rule: sentence is what the owner reads about the message."""

    id: str
    technique: Technique
    sentence: str


# What each technique is, as a mailbox owner would be told.
TECHNIQUES = {
    Technique.OVERRIDE: "Tells the AI to drop the instructions it was given, or to follow new ones.",
    Technique.ROLE_PLAY: "Gives the AI another role, in which its rules would not hold.",
    Technique.PROMPT_LEAK: "Asks the AI for its instructions, for other mail or for secrets.",
    Technique.DELIMITER_SPOOFING: "Imitates the marks with which programs and AIs speak, to pass for the system.",
    Technique.FOLDER_STEERING: "Tells the sorter where this message should go.",
    Technique.AGENT_ACTION: "Tells an AI to do something: forward, delete, answer, call a tool.",
    Technique.AUTHORITY: "Claims to speak for an administrator, the owner or a check that was passed.",
    Technique.ENCODED_PAYLOAD: "Hides its words in an encoding, or spells them so that people don't read them.",
    Technique.HIDDEN_CHARACTERS: "Holds characters that nobody sees.",
    Technique.LOOK_ALIKE_SENDER: "Uses letters that look like others, to pass for somebody else.",
    Technique.SPLIT_PAYLOAD: "Puts one half into the sender's name and the other into the subject.",
    Technique.UNSPECIFIED: "Could not be judged, or is unlike anything that mail is.",
}

_DETECTED = (
    Entry("SEN-001", Technique.UNSPECIFIED, "Is longer than mail has a reason to be."),
    Entry("SEN-002", Technique.UNSPECIFIED, "Is too long to be read at all."),
    Entry("SEN-003", Technique.UNSPECIFIED, "Holds bytes or encoded words that can't be read."),
    Entry("SEN-004", Technique.UNSPECIFIED, "Is encoded more often than is opened."),
    Entry("SEN-005", Technique.UNSPECIFIED, "Has a recipient that is no address."),
    Entry("SEN-006", Technique.UNSPECIFIED, "Could not be judged: a detector broke on it."),
    Entry("SEN-801", Technique.ENCODED_PAYLOAD, "Hides readable words in an encoding."),
    Entry("SEN-901", Technique.HIDDEN_CHARACTERS, "Hides words in tag characters, which no screen shows."),
    Entry("SEN-902", Technique.HIDDEN_CHARACTERS, "Hides bytes in variation selectors, as behind an emoji."),
    Entry("SEN-903", Technique.HIDDEN_CHARACTERS, "Turns its text round, so that people read something else."),
    Entry("SEN-904", Technique.HIDDEN_CHARACTERS, "Has invisible characters inside its words."),
    Entry("SEN-905", Technique.HIDDEN_CHARACTERS, "Piles marks on its letters."),
    Entry("SEN-906", Technique.HIDDEN_CHARACTERS, "Holds control characters."),
    Entry("SEN-1001", Technique.LOOK_ALIKE_SENDER, "Has a sender whose name mixes letters of two scripts."),
    Entry("SEN-1002", Technique.LOOK_ALIKE_SENDER, "Mixes letters of two scripts in one word."),
    Entry("SEN-1003", Technique.LOOK_ALIKE_SENDER, "Spells a well-known name with other letters or digits."),
    Entry("SEN-1004", Technique.LOOK_ALIKE_SENDER, "Comes from a domain that mixes letters of two scripts."),
    Entry("SEN-1100", Technique.UNSPECIFIED, "Reads hardly like an attack; only counts in the risk."),
)


def catalogue() -> Iterator[Entry]:
    """All rules: of the detectors, of the rule files, of the learned detector."""
    yield from _DETECTED
    yield from (Entry(rule.id, rule.technique, rule.sentence) for rule in read_rules())
    for technique in LEARNED:
        yield Entry(f"SEN-{1100 + technique}", technique, "Reads like such an attack, as far as was learned from many.")
