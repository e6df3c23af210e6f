"""Rules SEN-6xx: the text tells an agent to act."""

from sentinel.finding import Technique
from sentinel.rules.lexicon import any_of
from sentinel.rules.rule import FIRM, MEDIUM, STRONG, Form, Rule

_SAYS = "Tells an assistant to do something with the mailbox."
_TOOL = "Tells an assistant to call a tool or run a command."


def _rule(number: int, weight: float, pattern: str, sentence: str = _SAYS, form: Form = Form.PHRASE) -> Rule:
    return Rule(f"SEN-{number}", Technique.AGENT_ACTION, weight, sentence, pattern, form)


_MAILS = any_of("emails?|e mails?|mails?|messages?|inbox|mailbox|correspondence|conversations?|attachments?|contacts?|contact list|address book|threads?|invoices|documents|files")
_ALL = any_of("all|every|each|any|the entire|the whole|entire|the last|the latest|the user s|the users|the owner s|user s|all of|all the|all my|all your|all other|other|all of the|all of my|all of your|all (?:\\w+ )?recent|this entire|his|her|their|the recipient s|recent")

RULES = (
    _rule(601, STRONG, f"(?:forward|redirect|auto ?forward|bcc|cc|exfiltrate|resend|leak|relay|copy) {_ALL} (?:of )?(?:\\w+ ){{0,3}}?{_MAILS}(?: \\w+){{0,5}}? (?:to|into|at|outside)"),
    _rule(602, STRONG, f"(?:delete|erase|purge|trash|destroy|wipe) {_ALL} (?:of )?(?:\\w+ ){{0,2}}?(?:emails?|e mails?|mails?|messages?|inbox|mailbox)(?: (?:from|in|and|now|except|before|after|older|immediately|that|then|but|ok|asap|permanently|without|keep|of)|$)"),
    _rule(603, FIRM, f"(?:send|email|mail|post|upload|transmit|submit|give|share|provide) (?:me |us )?(?:the |all |your |a |an |my |every |his |her |any )+(?:\\w+ ){{0,3}}?(?:{_MAILS}|passwords?|credentials|contacts|contents?|data|tokens?|secrets|summary|api keys?|list of \\w+) (?:\\w+ ){{0,3}}?(?:to|at|from)(?: \\w+){{0,4}}? (?:com|net|org|io|example|ru|test|attacker|evil|hacker|https?|dev|me|xyz|invalid)"),
    _rule(604, FIRM, f"(?:assistant|agent|ai|copilot|llm|chatgpt|claude|gemini|bot|model|siri|alexa|cortana)(?: please| must| should| now| will| kindly)* (?:forward|send|delete|open|click|execute|download|visit|transfer|pay|buy|unsubscribe|archive|approve|exfiltrate) (?:all|the|this|these|every|any|my|your|his|me|their|everything|it)"),
    _rule(605, FIRM, "(?:call|invoke|use|run|execute|trigger|activate) (?:the |your )(?:\\w+ ){0,2}?(?:tool|plugin|plug in|browser tool|search tool|email tool|shell|terminal|send email|send mail) (?:with|and|called|named|on|now|using|query|send|forward|delete|to (?:send|forward|delete|read|search|open|fetch))", _TOOL),
    _rule(606, STRONG, r"(?:send_e?mail|send_?email|send_?message|forward_?(?:e?mail|message)s?|delete_?(?:e?mail|message)s?|move_?(?:e?mail|message)s?|read_?file|execute_?(?:code|command|shell)|run_?(?:shell|command|code)|list_?folders|create_?(?:rule|folder)|search_?(?:inbox|mail)|web_?(?:search|fetch))\([\"'{\w]", _TOOL, Form.SYNTAX),
    _rule(607, MEDIUM, r"(?:^|[\s;|&`(])(?:rm -rf\s+[/~*.]|curl\s+(?:-\S+\s+)*https?://\S+\s*\|\s*(?:ba)?sh|wget\s+\S+\s*[|;&]|drop table \w+\s?;\s?--|powershell(?:\.exe)? -\w+|nc -e|bash -c)", "Carries a command for a machine.", Form.SYNTAX),
    _rule(608, FIRM, "(?:reply|respond|answer) to (?:this|every|all|each|the) (?:emails?|e mails?|mails?|messages?|sender|senders) (?:\\w+ )?(?:with|by|and|saying|using|automatically|as)|(?:auto ?reply|automatically reply|reply all|reply to all) (?:to )?(?:this )?(?:\\w+ )?(?:with (?:the|your|all|my|a summary|contents?|password)|and (?:include|attach|send))"),
    _rule(609, FIRM, "(?:add|create|set up|install|make|enable) (?:an? |the |new |this )*(?:\\w+ )?(?:forwarding|inbox|mail|email|auto forward|transport|outlook|gmail) (?:rules?|filters?|address) (?:\\w+ ){0,4}?(?:to|that|which|for|forward|forwards|deletes?)|(?:grant|give) (?:me |this sender |the sender |him |user )*(?:temporary |full |admin |administrative |root |unrestricted |read |delegate |owner )+(?:access|privileges|permissions?|rights) (?:\\w+ )?(?:and|to|now|immediately|for)", _SAYS),
    _rule(610, MEDIUM, "(?:read|open|summari[sz]e|search|scan|look through) (?:all |every |the user s |the other |my |the rest of the |the last )+(?:\\w+ )?(?:emails?|e mails?|mails?|messages?|inbox|mailbox) (?:and|then|for) (?:send|forward|report|tell|reply|post|find|extract|output|list|give|password|email)"),
    # other languages
    _rule(620, STRONG, "(?:leite|leiten|sende|senden|schicke|schicken|lösche|löschen|entferne|entfernen|weiterleiten|kopiere|übermittle) (?:sie |bitte )*(?:alle|sämtliche|jede|die letzten|alles|den gesamten|das gesamte) (?:\\w+ ){0,3}?(?:e mails?|emails?|mails?|nachrichten|nachricht|postfach|posteingang|anhänge|kontakte|rechnungen)"),
    _rule(621, STRONG, "(?:transfère[rz]?|transférer|envoie[rz]?|envoyer|supprime[rz]?|efface[rz]?|fais suivre|faites suivre|redirige[rz]?|copie[rz]?) (?:\\w+ )?(?:tous|toutes|l ensemble|chaque|tout) (?:\\w+ ){0,3}?(?:e ?mails?|courriels?|messages?|mails?|courrier|contacts|boîte|pièces jointes|factures)"),
    _rule(622, STRONG, "(?:reenvía|reenvíe|reenviar|reenvie|envía|envíe|enviar|borra|borre|borrar|elimina|elimine|eliminar|remite|redirige|copia) (?:\\w+ )?(?:todos|todas|cada|toda|todo) (?:\\w+ ){0,3}?(?:e ?mails?|correos?|mensajes?|bandeja|contactos|adjuntos|facturas)"),
    _rule(623, STRONG, "(?:inoltra|inoltrare|invia|elimina|eliminare|cancella|rimuovi|manda) (?:\\w+ )?(?:tutti|tutte|ogni|tutta|tutto) (?:\\w+ ){0,3}?(?:e ?mail|messaggi|posta|contatti|allegati|fatture)|(?:encaminhe|encaminhar|envie|enviar|apague|exclua|excluir|delete|reencaminhe) (?:\\w+ )?(?:todos|todas|cada|toda) (?:\\w+ ){0,3}?(?:e ?mails?|mensagens|correio|contatos|anexos|faturas|caixa)"),
    _rule(624, STRONG, "(?:stuur|verwijder|verzend|wis|kopieer) (?:\\w+ )?(?:alle|al|elke|iedere) (?:\\w+ ){0,3}?(?:e ?mails?|berichten|mails?|contacten|bijlagen|facturen)(?: \\w+)? ?(?:door|naar|aan|uit|$)|(?:prześlij|przekaż|wyślij|usuń|skasuj|przekazuj) (?:\\w+ )?(?:wszystkie|każd\\w+|całą) (?:\\w+ ){0,3}?(?:wiadomości|e ?maile|maile|e maili|pocztę|kontakty|załączniki|faktury)|(?:перешли(?:те)?|отправь(?:те)?|удали(?:те)?|пересылай(?:те)?|скопируй(?:те)?|переслать|удалить|перенаправь(?:те)?) (?:\\pL+ )?(?:все|всю|каждое|всех) (?:\\pL+ ){0,3}?(?:письма|писем|сообщения|почту|контакты|вложения|счета)"),
    _rule(625, STRONG, "(?:转发|轉發|删除|刪除|发送|清空)(?:所有|全部|每封|一切)(?:的)?(?:邮件|郵件|邮箱|联系人|消息|附件|信件)|(?:把|将)(?:所有|全部)(?:的)?(?:邮件|郵件|联系人)(?:都)?(?:转发|轉發|删除|发送|发)|(?:すべて|全て|全部|全)の?(?:メール|メッセージ|連絡先|添付ファイル)を(?:\\pL{0,16})(?:転送|削除|送信|送っ)|(?:모든|전체) ?(?:메일|이메일|메시지|연락처)(?:을|를)? ?(?:\\pL+ ){0,3}?(?:전달|삭제|전송|보내)"),
)  # fmt: skip
