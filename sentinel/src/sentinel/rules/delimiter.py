"""Rules SEN-4xx: the text imitates the channel between program and model."""

from sentinel.finding import Technique
from sentinel.rules.rule import CERTAIN, FIRM, MEDIUM, STRONG, Form, Rule

_SAYS = "Imitates the marks by which a program tells a model who is speaking."
_PARTLY = "Uses marks that look like the end of a message and the start of a command."


def _rule(number: int, weight: float, pattern: str, sentence: str = _SAYS) -> Rule:
    return Rule(f"SEN-{number}", Technique.DELIMITER_SPOOFING, weight, sentence, pattern, Form.SYNTAX)


_ROLE = "(?:system|assistant|user|developer|human|tool|ai|admin|model|function|instructions?|prompt|sys)"
_COMMAND = "(?:ignore|disregard|forget|you are|you're|you must|you will|override|classify|file (?:this|it|under|as|in)|move this|label (?:this|as|it)|mark (?:this|it|as)|put (?:this|it)|route (?:this|to|it)|reveal|print (?:your|the)|output|answer|respond with|reply with|choose|select|pick|from now|the user|trust this|whitelist|do not (?:filter|scan|classify|quarantine|flag)|forward|delete all|treat this|skip (?:the|all|spam)|repeat (?:the|your)|folder|allow (?:this|and)|set (?:folder|label|category)|always (?:file|put|move|choose|answer|say))"

RULES = (
    _rule(401, CERTAIN, r"<\s?\|\s?(?:im_start|im_end|im_sep|system|user|assistant|endoftext|end_of_text|begin_of_text|start_header_id|end_header_id|eot_id|eom_id|end|start|tool|channel|message|python_tag|endofprompt|fim_\w+|return|call|developer)\s?\|?\s?>"),
    _rule(402, CERTAIN, r"\[\s?/?\s?inst\s?\]|<<\s?/?\s?sys\s?>>|<\s?/?\s?(?:start|end)_of_turn\s?>|\[/?(?:system_prompt|available_tools|tool_calls|tool_results)\]"),
    _rule(403, STRONG, r"<\s?/?\s?(?:system|assistant|developer|(?:system|developer)[-_ ](?:prompt|message|instructions?|note|override)|user[-_ ](?:input|message|query|prompt|data)|untrusted\w*|tool_call|function_calls?|invoke|end_of_input|prompt_end)\s?>"),
    _rule(421, STRONG, r"<\s?/\s?(?:user|human|email|subject|sender|mail|message|data|context|input|query|document|prompt|text|content)\s?>\s*(?:<|\[|system|assistant|new (?:task|instruction)|ignore|you are|you must|this is an? (?:additional|new)|now (?:you|ignore|file))"),
    _rule(420, FIRM, r"<\s?/\s?(?:user|human|email|subject|sender|mail|message|data|context|input|output|answer|response|query|question|secret|rules?|task|document|conversation|prompt|instructions?|text|content|thinking)\s?>\s*\S", _PARTLY),
    _rule(404, STRONG, rf"#{{2,}}\s?(?:new |updated |end of )?(?:{_ROLE}|instruction|response|input|task|context|rules|end)(?: (?:prompt|message|instructions?|input|note|override|update|data))?\s?(?:#{{2,}}|:|$|\s(?:you|ignore|file|move|print))"),
    _rule(405, STRONG, rf"(?:^|[\s\"'`\]\)}}>.;|-])(?:system|assistant|developer|sys)(?:\s(?:prompt|message|instruction|note|update|override|notice|command|directive))?\s?\]?\s?(?::|>>|=>|->|\|)\s?[\"'*]*{_COMMAND}"),
    _rule(406, STRONG, rf"(?:^|[^\pL\pN])[\[({{<]{{1,2}}\s?(?:system|assistant|developer|admin|root|ai|llm|model|classifier|instruction|inst|sys|override|prompt|mail ai|end of (?:user )?(?:input|message|email|mail|data|subject))(?:[ _-](?:message|prompt|instruction|instructions|note|override|update|notice|command|directive|input|mode))?\s?[\])}}>]{{1,2}}\s?:?-?\s?{_COMMAND}"),
    _rule(407, STRONG, r"\\?[\"']role\\?[\"']\s?:\s?\\?[\"'](?:system|assistant|developer)"),
    _rule(408, FIRM, r"[-=~_*#+]{3,}\s?(?:end|begin|start|stop|eof|end of|start of|beginning of|new)\s?(?:of\s)?(?:the\s|my\s)?(?:system|user|prompt|instructions?|message|email|mail|input|data|context|subject|document|query|untrusted\w*|conversation|text|session)(?:\s(?:prompt|input|data|message|instructions|text))?\s?[-=~_*#+]{2,}"),
    _rule(409, FIRM, rf"(?:end of (?:the )?(?:prompt|system prompt|user input|untrusted (?:data|input|content)|email data|input|email content|instructions|context|subject|user message|mail data))\s?[.:\]>)#*=-]*\s*(?:{_COMMAND}|now |system|new|begin|start)", _PARTLY),
    _rule(410, STRONG, rf"(?:^|[\s\]\)}}>;|/-])(?:human|user|assistant)\s?:\s.{{0,160}}(?:^|[\s\]\)}}>;|/-])(?:assistant|ai|system|gpt|chatgpt|bot|human|user)\s?:", _PARTLY),
    _rule(411, STRONG, rf"(?:\"\"\"|'''|```|\}}\}}|\]\]|\"\}}|'\}}|\"\)|-->|\*/|%\}}|</s>)\s?\S{{0,3}}\s?(?:system|assistant|new (?:instruction|task|prompt|system)|instruction|ignore (?:all|the|previous|your)|end of|you are (?:now|an?)|you must|forget (?:all|everything)|override)", _PARTLY),
    _rule(412, MEDIUM, r"\{\{\s?#?system[\s.}~|:=]|\$\{(?:system|jndi)[.:}]|<%=?\s?system", _PARTLY),
    _rule(413, STRONG, r"(?:\\n|\\r|%0a|\\u000a){1,4}\s?(?:system|assistant|user|human|developer|instruction|###|\[system|<\|)"),
    _rule(414, STRONG, r"<\s?/\s?(?:s|eot|eos|bos|sos|eof)\s?>\s?\S|\[/?(?:bos|eos|sep|cls|end|stop|eot|endofprompt|end_prompt|system)\]\s?\S{0,2}\s?(?:system|ignore|new|you|user|assistant|file|move|print|classify|the|label|choose|select|set|put)"),
    _rule(415, STRONG, r"<\s?(?:folder|label|category|decision|verdict|classification|folder_id|choice)\s?>[\s\pL\pN]{1,40}<\s?/|<\s?(?:folder|label|decision|verdict|classification|choice)\s?=|<\s?!--.{0,80}\b(?:ai|assistant|system|ignore|instructions?|classifier|classify|prompt|model|llm)\b"),
    _rule(417, STRONG, r"[-=~*#_+]{2,}\s?end[ _-]of[ _-](?:the[ _-])?(?:\w+[ _-])?(?:email|mail|message|input|prompt|data|subject|context|document|user input|instructions|query|content)\s?[-=~*#_+]{2,}\s*\S|end_of_(?:input|prompt|email|message|data|context|user_input|instructions)\W{1,4}\S|begin_(?:instructions?|system|prompt|admin|command)|\[(?:context|input|prompt|data|message|email|user|system|conversation)[ _](?:end|over|closed|complete)\]"),
    _rule(418, FIRM, r"[\"'`]{3}\s?[;,)\]}]|[\"']\s?;\s?(?:folder|label|category|decision|print|system|exec|eval|return)\b|\bfolder\s?=\s?[\"']", _PARTLY),
    _rule(419, STRONG, r"(?:={2,}|-{2,}|\*{2,}|#{2,}|\[|<)\s?(?:system|admin|developer|security|root|operator|platform|model|ai)\s(?:notice|message|note|instruction|alert|directive|update|command|order|memo)\s(?:to|for)\s(?:the\s)?(?:model|ai|assistant|llm|classifier|agent|mail ai|bot)"),
    _rule(416, MEDIUM, rf"(?:^|[\s\]\)}}>;|/-])(?:note|p\.?s\.?|system|todo|important|reminder|hint|metadata|x-\w+)\s?(?:to|for)\s(?:the\s)?(?:ai|llm|assistant|model|classifier|mail\s?(?:ai|bot|sorter)|bot|gpt|agent)s?\s?[:\]),-]"),
)  # fmt: skip
