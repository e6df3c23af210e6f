"""What codes are called when a person reads them: decisions' reasons and sentinel's techniques, brief and in full."""

from typing import NamedTuple


class Words(NamedTuple):
    """brief: at most 16 characters, for a narrow terminal. full: as one would say it."""

    brief: str
    full: str


REASONS = {
    "sender": Words("same sender", "mail from this sender is filed there"),
    "thread": Words("same thread", "this conversation is filed there"),
    "domain": Words("same domain", "mail from this domain is filed there"),
    "recipients": Words("same recipients", "mail to these people is filed there"),
    "words": Words("similar words", "reads like mail that is filed there"),
    "well_known": Words("known sender", "this sender is known for mail of that kind"),
    "provider": Words("chosen by AI", "the AI provider chose it"),
    "rule_sender": Words("your rule", "one of your rules says so, for this sender"),
    "rule_list": Words("your rule", "one of your rules says so, for this list"),
    "rule_organisation": Words("your rule", "one of your rules says so, for this domain"),
    "rule_at_goal": Words("your rule", "your rule says that it belongs where it is"),
    "rule_paused": Words("rule is paused", "the folder of your rule can't be filed in"),
    "protected_sender": Words("protected", "you protect mail of this sender"),
    "protected_list": Words("protected", "you protect mail of this list"),
    "protected_organisation": Words("protected", "you protect mail of this domain"),
    "protected_folder": Words("protected", "you protect the folder that it is in"),
    "flagged": Words("flagged", "you flagged it"),
    "replied_to": Words("you wrote them", "you have written to its sender"),
    "recent": Words("too new", "it is younger than the delay that you set"),
    "not_sure": Words("not sure enough", "not sure enough to move it by itself"),
    "suspicious": Words("looks odd", "something looks odd; see for yourself"),
    "corrected_by_owner": Words("your correction", "you said that this is no attack"),
    "no_folder_fits": Words("no folder fits", "fits none of your folders"),
    "nothing_learned": Words("nothing learned", "there is no filed mail to learn from"),
    "draft": Words("a draft", "it is a draft of yours"),
}

TECHNIQUES = {
    "override": Words("gives orders", "tells the reader to drop its instructions"),
    "role_play": Words("assigns a role", "gives the reader another role"),
    "prompt_leak": Words("wants secrets", "asks for the prompt or for secrets"),
    "delimiter_spoofing": Words("fakes a system", "imitates the channel between program and AI"),
    "folder_steering": Words("picks a folder", "tells the sorter which folder to choose"),
    "agent_action": Words("commands an AI", "tells an AI agent to act"),
    "authority": Words("claims authority", "claims authority over the reader"),
    "encoded_payload": Words("encoded text", "hides its words in an encoding"),
    "hidden_characters": Words("hidden text", "hides characters from people"),
    "look_alike_sender": Words("look-alike", "has letters that only look like others"),
    "split_payload": Words("split text", "splits its words over sender and subject"),
    "unreadable": Words("unreadable", "could not be inspected"),
}

FIELDS = {
    "subject": "in the subject",
    "sender_name": "in the sender's name",
    "sender_address": "in the sender's address",
    "list_id": "in the list's name",
    "joined": "in sender and subject together",
}


def reason(code: str) -> Words:
    """A reason or technique in words; a code that is new to this command as it is."""
    return REASONS.get(code) or technique(code)


def technique(code: str) -> Words:
    """A technique in words."""
    plain = code.replace("_", " ")
    return TECHNIQUES.get(code) or Words(plain[:16], plain)
