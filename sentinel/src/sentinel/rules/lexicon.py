"""Word groups that several rules share. English first; the other languages have theirs beside their rules."""


def any_of(*groups: str) -> str:
    """One of the words; each argument may hold several, separated by bars."""
    return f"(?:{'|'.join(groups)})"


IGNORE = any_of(
    "ignore|ignoring|ignored|disregard|disregarding|forget|forgetting|bypass|bypassing|override|overriding|overrule|neglect|discard|dismiss",
    "skip|skipping|pay no attention to|set aside|unlearn|disobey|throw away|drop|erase|circumvent|overlook|abandon|violate",
    "(?:do not|don t|dont|never|no longer|stop) (?:follow|following|obey|obeying|listen to|listening to|comply with|adhere to|heed|apply|abide by)",
)
BEFORE = any_of(
    "previous|previously|prior|preceding|precedent|foregoing|above|earlier|former|past|initial|original|existing|aforementioned|preexisting|so far|past",
)
FILLER = any_of(
    "all|any|every|each|everything|of|the|your|you|ur|my|our|its|these|those|this|that|other|given|stated|system|developer|safety|security|built in|default",
    "internal|hidden|secret|ethical|content|set|set of|and|or|user|users|owner|and all|mentioned|from|in|were|have|been|provided|current|old|usual|normal|typical|just|about",
)
INSTRUCTIONS = any_of(
    "instructions?|instuctions?|insturctions?|intructions?|directions?|directives?|guidelines?|guidance|prompts?|preprompts?|pre prompts?|rules?|rulesets?",
    "commands?|orders?|constraints?|restrictions?|guardrails?|guard rails?|programming|training|safeguards?|limitations?|protocols?|policies",
)
SHOW = any_of(
    "print|output|reveal|show|display|repeat|tell|give|provide|share|disclose|expose|leak|list|echo|dump|spell out|write|write out|write down|state|return|recite|summari[sz]e",
    "translate|copy|paste|include|say|send|reply with|respond with|answer with|describe|explain|encode|convert|hand over|divulge|report|submit|quote|read out|read back|get",
)
MODEL = any_of(
    "ai|a i|llm|llms|gpt|chatgpt|gpt 4|gpt4|claude|gemini|copilot|language model|large language model|chatbot|ai model|ai assistant|ai agent|assistant|classifier",
    "mail classifier|email classifier|mail assistant|email assistant|mail agent|email agent|mail ai|email ai|mail sorter|email sorter|inbox assistant|inbox ai|virtual assistant",
    "ai sorting this|ai reading this|ai sorting|ai reading|ai processing|spam classifier|sorting assistant|sorting agent|mail sorting ai|mail bot|filter ai|ai filter|automated assistant",
)
SORTER = any_of(
    "(?:mail|email|e mail|inbox|mailbox|message|spam|folder|outlook|sorting|filing|triage|routing|labell?ing|classification|categori[sz]ation|organi[sz]ing|prioriti[sz]ation|filter|filtering)(?: (?:sorting|filing|triage|filter|filtering|classification|management))? (?:classifier|assistant|ai|agent|sorter|bot|model|llm|organi[sz]er|categori[sz]er|robot|algorithm|engine)",
    "classifier ai|ai sorter|ai classifier|ai filter|ai mail assistant|ai email assistant|ai triage|automated sorter|auto sorter|whoever sorts this|whatever sorts this",
)
MAIL = any_of("emails?|e mails?|mails?|messages?|mail|letter|one|item|message thread|newsletter|note")
# Folders a steerer names; any other word needs a plainer sentence to be held.
FOLDER = any_of(
    "inbox|important|primary|priority|focused|urgent|vip|starred|trusted|work|invoices?|finance|personal|family|clients?|favou?rites?|safe|allow(?:ed)? ?list",
    "whitelist|top priority|high priority|archive|payments?|legal|contracts?|approved|verified|not spam|ham|follow up|to do|bank|boss|executives?|management|hr",
)
