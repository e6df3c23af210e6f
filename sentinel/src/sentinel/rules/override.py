"""Rules SEN-1xx: the text tells its reader to drop its instructions."""

from sentinel.finding import Technique
from sentinel.rules.lexicon import BEFORE, FILLER, IGNORE, INSTRUCTIONS, MODEL
from sentinel.rules.rule import FIRM, MEDIUM, STRONG, WEAK, Form, Rule

_SAYS = "Tells whoever reads it to drop the instructions it was given."
_PARTLY = "Speaks of dropping rules or instructions, as attacks do."
_ANEW = "Announces new instructions that are to replace the real ones."


def _rule(number: int, weight: float, pattern: str, sentence: str = _SAYS, form: Form = Form.PHRASE) -> Rule:
    return Rule(f"SEN-{number}", Technique.OVERRIDE, weight, sentence, pattern, form)


_GER_DROP = "(?:ignorier(?:e|en|t|st)?|vergiss|vergesst|vergessen|missacht(?:e|en|et)|übergeh(?:e|en|t)?|umgeh(?:e|en)?|überspring(?:e|en)?|verwirf|verwerfen)"
_GER_FILL = (
    "(?:sie|bitte|nun|jetzt|alle|alles|aller|sämtliche|jegliche|die|den|das|der|deine|ihre|eure|meine|dir|zuvor|bisherigen?|vorherigen?|vorigen?|vorangegangenen?|früheren?|obigen?"
    "|vorhergehenden?|vorangehenden?|ursprünglichen?|anderen|oben|stehenden|genannten|gegebenen|erhaltenen|internen|und)"
)
_GER_RULES = "(?:anweisung(?:en)?|instruktion(?:en)?|befehl(?:e|en)?|regeln?|vorgaben?|richtlinien?|anordnung(?:en)?|(?:system ?)?prompts?|systemanweisung(?:en)?|vorschrift(?:en)?|angaben|aufträge|aufgaben|ausführungen|informationen|beschränkung(?:en)?|sicherheitsregeln)"
_FRE_DROP = "(?:ignore[rz]?|ignorons|oublie[rz]?|néglige[rz]?|ne (?:tiens|tenez|tenir) (?:pas|plus|aucun) compte|fai(?:s|tes|re) abstraction|outrepasse[rz]?|contourne[rz]?|écarte[rz]?|laisse[rz]? tomber|ne (?:suis|suivez|respecte|respectez) (?:pas|plus))"
_FRE_RULES = "(?:instructions?|consignes?|directives?|règles?|ordres?|prompts?|commandes?|restrictions?|contraintes?|invites? système)"
_FRE_FILL = "(?:toutes?|tous|tout|les|la|le|des|de|du|ces|cette|tes|vos|ta|votre|mes|précédente?s?|antérieure?s?|autres?|anciennes?|premières?|initiales?|système)"
_SPA_DROP = "(?:ignor(?:a|e|ar|ad|en)|olvid(?:a|e|ar|ad|en|ate)|desatiend[ae]|descart(?:a|e|ar)|pas(?:a|e) por alto|haz caso omiso|haga caso omiso|no sigas|no (?:hagas|haga) caso|omit(?:e|a|ir)|anul(?:a|e|ar)|salt(?:a|e|ate))"
_SPA_RULES = "(?:instrucci(?:ón|ones)|indicaci(?:ón|ones)|órden(?:es)?|orden(?:es)?|reglas?|directri(?:z|ces)|normas?|prompts?|comandos?|restricci(?:ón|ones)|directivas?)"
_SPA_FILL = "(?:de|a|todas?|todos?|las?|los?|el|tus?|sus?|mis?|estas?|cualquier|previas?|previos?|anterior(?:es)?|demás|otras?|del|sistema)"
_ITA_DROP = "(?:ignor(?:a|i|are|ate)|dimentic(?:a|hi|are|ate)|trascur(?:a|i|are|ate)|tralasci(?:a|are|ate)|non (?:seguire|considerare|tenere conto)|scord(?:a|ati|are)|salta|aggira)"
_ITA_RULES = "(?:istruzion[ei]|regol[ae]|direttiv[ae]|comand[oi]|ordin[ei]|indicazion[ei]|prompts?|restrizion[ei]|linee guida|consegne)"
_ITA_FILL = "(?:di|delle|tutte?|tutti|le|la|gli|i|il|tue|tuoi|ogni|precedent[ei]|altre|sopra|iniziali|originali)"
_POR_DROP = "(?:ignor(?:e|a|ar|em)|desconsider(?:e|a|ar|em)|esque(?:ça|ce|cer|çam)|descart(?:e|a|ar)|desrespeit(?:e|ar)|não (?:siga|obedeça)|pul(?:e|ar)|desobedeça)"
_POR_RULES = "(?:instruç(?:ão|ões)|regras?|diretrizes|diretriz|orden(?:s)?|ordem|comandos?|prompts?|orientaç(?:ão|ões)|restriç(?:ão|ões))"
_POR_FILL = "(?:de|todas?|todos?|as|os|a|o|suas?|seus?|tuas?|anterior(?:es)?|prévias?|outras?|quaisquer|acima|do|sistema)"
_DUT_DROP = "(?:negeer|negeren|vergeet|vergeten|sla|schend|omzeil|laat|volg)"
_DUT_RULES = "(?:instructies?|aanwijzing(?:en)?|opdracht(?:en)?|regels?|richtlijn(?:en)?|bevelen|prompts?|commando s|voorschriften|beperkingen)"
_DUT_FILL = "(?:al|alle|alles|de|het|je|jouw|uw|mijn|vorige|voorgaande|eerdere|bovenstaande|voorafgaande|andere|oorspronkelijke|eerder|gegeven|van)"
_POL_DROP = "(?:zignoruj|ignoruj|zignorować|ignorować|zapomnij(?: o)?|pomiń|pomijaj|pominąć|nie (?:przestrzegaj|stosuj|wykonuj)|odrzuć|obejdź)"
_POL_RULES = "(?:instrukcj\\w+|polece(?:nia|nie|ń|niach)|zasad\\w*|reguł\\w*|wytyczn\\w+|rozkaz\\w*|prompt\\w*|ogranicze\\w+|zaleceni\\w+)"
_RUS_DROP = "(?:игнорируй(?:те)?|проигнорируй(?:те)?|игнорировать|забудь(?:те)?|забыть|не (?:следуй|следуйте|обращай|выполняй)(?: внимания на)?|отбрось(?:те)?|отмени(?:те)?|пренебреги(?:те)?|обойди(?:те)?)"
_RUS_RULES = "(?:инструкци\\pL+|указани\\pL+|правил\\pL*|команд\\pL*|приказ\\pL*|промпт\\pL*|ограничени\\pL+|предписани\\pL+|директив\\pL*)"
_UKR_DROP = "(?:ігноруй(?:те)?|проігноруй(?:те)?|забудь(?:те)?|не зважай на|відкинь)"
_UKR_RULES = "(?:інструкці\\pL+|вказівк\\pL+|правил\\pL*|команд\\pL*|наказ\\pL*|промпт\\pL*)"

RULES = (
    _rule(101, STRONG, f"{IGNORE} (?:{FILLER} ){{0,4}}{BEFORE} (?:{FILLER} |{BEFORE} ){{0,3}}{INSTRUCTIONS}"),
    _rule(102, STRONG, f"(?:ignore|ignoring|disregard|forget|bypass|override|(?:do not|don t|dont|stop) (?:follow|following|obey|obeying|listen to)) (?:{FILLER} ){{0,3}}{INSTRUCTIONS} (?:above|before|so far|until now|prior|previously|preceding|that came|you (?:were|have|had|ve|got|received|know)|given|from (?:the )?(?:system|developer|user|above|before))"),
    _rule(116, STRONG, f"(?:ignore|ignoring|disregard|forget|bypass|override|disobey|dismiss|neglect|abandon) (?:about )?(?:all|any|every|your|all of|all your|all the|all of your|all of the|any of your|the) (?:{FILLER} ){{0,2}}(?:instructions|directives|guidelines|guardrails|programming|pre ?prompts?|system prompts?|safeguards|safety (?:protocols?|rules|measures|instructions|mechanisms|guidelines)|training|original prompt|assignments) (?:and|then|now|you (?:were|have|got)|to (?:reveal|show)|instead|give|tell|show|reveal|output|print|provide|display|answer|reply|respond|write|say|put|file|move|label|mark|choose|repeat|share|do|from now)"),
    _rule(117, STRONG, "(?:ignore|disregard|forget|skip) (?:the|all of the|all the|all|everything|whatever is|what is|what s) above (?:and|then|text|output|instead|now|print|say|choose|write|put|label|instructions?|reveal|answer|reply|respond|file|move|directions?|tell|give)"),
    _rule(118, STRONG, "(?:your|the|my) (?:instructions?|directives?|rules|guidelines|task|tasks|prompt|orders|role|objective|goal|programming) (?:have|has|are|is|were|was) (?:now |just |been |hereby )*(?:changed|updated|cancell?ed|revoked|replaced|overridden|overwritten|rewritten|reset|superseded|void|wiped|deleted|lifted|null)(?: (?:label|file|reply|answer|say|put|move|choose|output|you|now|to|ignore|mark|print|use|ok|respond|follow))"),
    _rule(119, STRONG, "(?:forget|ignore|disregard|erase) (?:about )?(?:everything|anything|all|all of it|all this|whatever)(?: ... )(?:before|above|earlier|previously|prior|so far|until now|up to now|beforehand|told|instructed|instead|and (?:give|tell|show|reveal|output|print|just|only|provide|display|write|say|answer|respond|do|focus|start|jsut))"),
    _rule(173, MEDIUM, "(?:ignore|ignoring|disregard|forget|bypass|override|discard|dismiss|do not follow|don t follow|stop following|stop obeying|do not obey) (?:\\w+ ){1,5}?(?:instructions|directives|system prompt|programming|guidelines|guardrails|pre ?prompt|previous rules|earlier rules)", _PARTLY),
    _rule(174, FIRM, "(?:cancel|erase|delete|clear|remove|reset|wipe|scrap|void|nullify|revoke|suspend|replace|rewrite|overwrite|abort|terminate|purge|undo|drop) (?:all |any |your |the |every |of |these |those |previous |prior |earlier |existing |current |old |system |initial |original |above )+(?:instructions|directives|programming|guidelines|guardrails|orders given|rules and|preprompt|pre prompt|assignments|instruction set)", _PARTLY),
    _rule(175, STRONG, "instead of (?:classifying|sorting|filing|summari[sz]ing|following (?:your|the) (?:instructions|rules|prompt)|labell?ing|answering the|translating) (?:\\w+ ){0,6}?(?:say|output|print|reply|answer|write|put|move|choose|select|return|send|forward|tell|give|reveal|file|use|respond)"),
    _rule(176, FIRM, "(?:start|begin|starting|beginning) (?:a )?(?:new|fresh) (?:session|conversation|context|chat|prompt|instructions?|task)(?: \\w+){0,2}? (?:you|with|ignore|from|where|and|now|in which)|(?:new|fresh) (?:session|conversation|context|chat) (?:starts|begins|started) (?:here|now)|(?:context|memory|conversation|session|prompt) (?:has been |is |was )?(?:reset|cleared|wiped|erased|flushed) (?:you|now|new|ignore|start|from|and you|all)", _PARTLY),
    _rule(177, FIRM, "(?:everything|anything|all text|the text|all|whatever) (?:above|before this|preceding this|you (?:read|were told|have been told) (?:above|before|earlier|so far)) (?:is|was|were|are|should be|must be) (?:\\w+ )?(?:wrong|false|invalid|void|a test|a joke|fake|outdated|irrelevant|ignored|disregarded|cancell?ed|deleted|forgotten|superseded)"),
    _rule(103, FIRM, f"(?:ignore|ignoring|disregard|forget|bypass|override|disobey) (?:about )?(?:all|any|every|your|all of|all your|all the|all of your|all of the|any of your) (?:{FILLER} ){{0,2}}(?:instructions|directives|directions|guidelines|guardrails|restrictions|constraints|programming|training|orders|prompts?|safeguards|rules(?: and| now| then| you|$| ok| please| above| given))", _PARTLY),
    _rule(104, STRONG, "(?:forget|ignore|disregard|erase) (?:about )?(?:everything|anything|all|all that|all things) (?:(?:you|i|we) (?:(?:have|ve|had|were|was) )?(?:been )?(?:told|said|know about your|learned|instructed|been told|taught|discussed|read)|(?:that )?(?:was |is |has been |came |comes |were |i |you )?(?:said |told |written |stated |mentioned |discussed )?(?:above|before this|before that|prior to|previously|up to (?:this|now)|so far|until now|till now|earlier|beforehand))"),
    _rule(105, STRONG, f"{INSTRUCTIONS} (?:{FILLER} ){{0,2}}(?:above|before|preceding|prior|previous|earlier)(?: ... )(?:should|must|are to|shall|can|will) (?:now )?be (?:ignored|disregarded|forgotten|discarded|dropped|overridden)"),
    _rule(106, STRONG, f"(?:all )?(?:previous|prior|earlier|above|preceding|former|old|existing|your|system) {INSTRUCTIONS} (?:(?:are|is|have been|has been|were) (?:now )?)?(?:void|null|obsolete|cancell?ed|revoked|overridden|superseded|no longer (?:apply|valid|in effect|binding)|do(?: not|n t) apply|suspended|lifted|removed|deleted|disabled|invalid|ignored)", _PARTLY),
    _rule(107, FIRM, f"(?:your|here are your|here is your|this is your|these are your|follow these|obey these|follow the|use these) (?:new|only|real|actual|true|updated) (?:system )?(?:instructions?|prompt|preprompt|directives?|task|objective) (?:is|are|now|from now|for (?:the )?{MODEL})", _ANEW),
    _rule(108, MEDIUM, r"(?:^|[^\pL\pN])(?:new|updated|important|real|actual|additional|urgent|revised|begin|start)(?: (?:new|important|system|additional|urgent|special|secret|critical))? (?:instructions?|directives?|prompt|orders?|task)\s?(?:[*#>\]!-]\s?)*:\s*(?:[*#\]>-]\s?)*(?:you|put|move|ignore|forget|file|send|mark|say|print|reply|answer|respond|always|never|output|reveal|include|show|classify|select|choose|write|label|delete|forward)", _ANEW, Form.SYNTAX),
    _rule(109, MEDIUM, r"[*#=!<\[-]{2,}\s?(?:new|updated|important|urgent|real|end|stop)(?: (?:new|important|system|urgent|of))* (?:instructions?|task|orders?|directives?|prompt|rules)\s?[*#=!>\]-]{2,}", _ANEW, Form.SYNTAX),
    _rule(110, FIRM, f"(?:(?:do not|don t|dont|never|stop) (?:follow|following|obey|obeying|use|using|apply|applying)|ignore|ignoring|disregard|override) (?:the |your |all |any |all the )?(?:(?:user|owner|account holder|mailbox owner) ?s? )?(?:(?:folder|filing|sorting|inbox|mailbox|label|classification|category) )(?:folders? )?(?:rules?|lists?|filters?|instructions?|polic(?:y|ies)|categories|labels|options|check|checks)(?: and| or| now| ok| use| put| choose| asap| this|$)"),
    _rule(111, STRONG, "(?:ignore|disregard|forget) (?:everything|all|whatever|the text|all text|any text|the content|the words) (?:that (?:is |was |comes |came )?)?(?:above|before|previous|preceding)(?: this| it| that| here| now)?"),
    _rule(112, WEAK, f"(?:without|free (?:of|from)|no longer (?:bound|limited|restricted) by|not bound by|remove|lift|disable|unlock|get rid of|exempt from) (?:any |all |your |the |its |all of your |every |those |these )(?:{FILLER} )?(?:restrictions|guidelines|guardrails|safeguards|content polic(?:y|ies)|ethical \\w+|moral \\w+|safety (?:filters?|rules|guidelines|measures|protocols)|limitations|censorship|filters and)", _PARTLY),
    _rule(113, MEDIUM, "(?:ignore|forget|disregard|bypass) (?:the|these|those|this|that) (?:(?:above|system|previous|original|given|safety) )?(?:instructions?|directions?|guidelines?|prompts?|directives?)", _PARTLY),
    _rule(114, STRONG, "(?:bypass|skip|ignore|break|disregard|override|dismiss|neglect|discard|circumvent|forget|violate|drop|abandon) (?:all|any|every|your|the) (?:(?:security|safety|your|ethical|content|internal) )?(?:rules?|restrictions?|guidelines?|filters?|protocols?|safeguards?|limits|security|boundaries|checks|constraints?|directives?|instructions?|policies|mechanisms?|measures?|safety (?:protocols?|rules?|measures?)) (?:and|then|now|to) (?:\\w+ )?(?:print|output|reveal|show|display|tell|give|provide|share|disclose|generate|answer|write|say|dump|list|send|respond)", _PARTLY),
    # German
    _rule(120, STRONG, f"{_GER_DROP} (?:{_GER_FILL} ){{1,6}}{_GER_RULES}"),
    _rule(121, STRONG, f"(?:alle|sämtliche|deine|ihre|die|jegliche) (?:{_GER_FILL} ){{0,3}}{_GER_RULES} (?:\\w+ ){{0,3}}(?:ignorieren|vergessen|missachten|verwerfen|übergehen|außer acht lassen|nicht beachten|nicht befolgen|ignoriert|vergisst)"),
    _rule(122, STRONG, "(?:vergiss|ignoriere|vergessen sie|ignorieren sie) (?:nun |jetzt |bitte )?(?:alles|all das|sämtliches|das) (?:davor|obige|gesagte|vorher|zuvor|bisherige|vorherige|bisher|was (?:du|sie|ich|wir|dir|ihnen|bisher|vorher|zuvor|davor|oben))"),
    _rule(123, STRONG, f"(?:beachte|befolge|befolgen sie|beachten sie|folge|entgegen|abweichend (?:zu|von)) (?:{_GER_FILL} ){{1,4}}{_GER_RULES} (?:nicht|nicht mehr|bitte|sollst|musst|berechne|gib|schreibe|antworte)"),
    # French
    _rule(125, STRONG, f"{_FRE_DROP} (?:{_FRE_FILL} ){{1,5}}{_FRE_RULES}(?: \\w+){{0,2}} (?:précédente?s?|antérieure?s?|ci dessus|reçues?|données?|du système|initiales?|d avant|originales?|d origine|système|et (?:classe|mets|place|affiche|donne|dis|range|marque))"),
    _rule(126, STRONG, f"{_FRE_DROP} (?:{_FRE_FILL} ){{1,4}}(?:précédente?s?|anciennes?|autres?|toutes (?:les|tes|vos)) (?:\\w+ )?{_FRE_RULES}"),
    _rule(127, STRONG, "(?:oublie[rz]?|ignore[rz]?) (?:tout )?(?:ce qui précède|tout ce qui (?:précède|a été)|ce que (?:je|tu|vous|on) (?:t |vous |as |avez |m )?\\w+ (?:dit|avant)|tout ce qui est (?:écrit )?au dessus)"),
    _rule(128, STRONG, f"{_FRE_DROP} (?:toutes les|toutes tes|toutes vos|tes|vos|l ensemble des|l ensemble de tes) {_FRE_RULES}", _PARTLY),
    # Spanish
    _rule(130, STRONG, f"{_SPA_DROP} (?:{_SPA_FILL} ){{1,5}}{_SPA_RULES} (?:{_SPA_FILL} )?(?:anterior(?:es)?|previas?|previos?|precedentes?|de arriba|recibidas?|dadas?|originales?|del sistema|iniciales|y (?:archiva|mueve|pon|muestra|di|clasifica|haz|responde|envía))"),
    _rule(131, STRONG, f"{_SPA_DROP} (?:{_SPA_FILL} ){{0,4}}(?:anteriores|previas|previos) {_SPA_RULES}"),
    _rule(132, STRONG, "(?:olvida|olvide|ignora|ignore|olvidad|olvídate) (?:de )?todo lo (?:anterior|que (?:te|le|has|se|he|hemos|sabes) \\w+|dicho|previo|de arriba)"),
    _rule(133, STRONG, f"{_SPA_DROP} (?:todas (?:las|tus|sus)|tus|sus|todas) {_SPA_RULES}", _PARTLY),
    # Italian
    _rule(135, STRONG, f"{_ITA_DROP} (?:{_ITA_FILL} ){{1,5}}{_ITA_RULES} (?:che hai ricevuto |ricevute |date )?(?:precedent[ei]|sopra|ricevut[ei]|dat[ei]|iniziali|originali|di sistema|del sistema|anterior[ei]|e (?:sposta|metti|archivia|mostra|rispondi|invia))"),
    _rule(136, STRONG, f"{_ITA_DROP} (?:{_ITA_FILL} ){{0,4}}(?:precedenti|tutte le|tutte le tue) {_ITA_RULES}"),
    _rule(137, STRONG, "(?:dimentica|ignora|scorda|dimenticate|ignorate) tutto (?:ciò|quello|quanto) (?:che )?(?:precede|\\w+ (?:detto|stato|sopra|prima|precedenza))|(?:dimentica|ignora) tutto il resto sopra"),
    # Portuguese
    _rule(140, STRONG, f"{_POR_DROP} (?:{_POR_FILL} ){{1,5}}{_POR_RULES} (?:{_POR_FILL} )?(?:anterior(?:es)?|prévias?|acima|recebidas?|dadas?|originais|do sistema|iniciais|precedentes|e (?:mova|arquive|mostre|coloque|responda|envie))"),
    _rule(141, STRONG, f"{_POR_DROP} (?:{_POR_FILL} ){{0,3}}(?:anteriores|prévias|todas as|todas as suas) {_POR_RULES}"),
    _rule(142, STRONG, "(?:esqueça|esquece|ignore|ignora|desconsidere) tudo (?:o )?que (?:foi|lhe|te|eu|você|veio|está|se) \\w+"),
    # Dutch
    _rule(145, STRONG, f"{_DUT_DROP} (?:{_DUT_FILL} ){{0,4}}(?:vorige|voorgaande|eerdere|bovenstaande|voorafgaande|oorspronkelijke|alle|al je|al uw|jouw|je) (?:{_DUT_FILL} )?{_DUT_RULES}(?: over| niet)?"),
    _rule(146, STRONG, "(?:vergeet|negeer) alles (?:wat|hiervoor|hierboven|daarvoor|van hiervoor)"),
    # Polish
    _rule(150, STRONG, f"{_POL_DROP} (?:wszystkie |wszystkich |wszelkie |swoje |twoje |te |moje |dotychczasowe |pozostałe )?(?:wcześniejsz\\w+|poprzedni\\w+|powyższ\\w+|dotychczasow\\w+|otrzyman\\w+|swoje|swoich|wszystkie|wszystkich) (?:\\w+ )?{_POL_RULES}"),
    _rule(151, STRONG, "(?:zapomnij|zignoruj|ignoruj) (?:o )?(?:wszystk(?:o|im)) (?:co|powyżej|wcześniej|do tej pory)"),
    # Russian, Ukrainian
    _rule(155, STRONG, f"{_RUS_DROP} (?:\\pL+ ){{0,3}}(?:предыдущ\\pL+|прежни\\pL+|прошл\\pL+|вышестоящ\\pL+|ранее|свои|твои|ваши|системн\\pL+|все|всех|предшествующ\\pL+|данные) (?:\\pL+ ){{0,2}}{_RUS_RULES}"),
    _rule(156, STRONG, "(?:забудь(?:те)?|игнорируй(?:те)?) (?:обо )?(?:всё|все|всем) (?:что|вышесказанное|предыдущее|ранее|выше|о чем|до этого)"),
    _rule(157, STRONG, f"{_UKR_DROP} (?:\\pL+ ){{0,3}}(?:попередн\\pL+|усі|всі|свої|ваші|твої) (?:\\pL+ ){{0,2}}{_UKR_RULES}"),
    # Chinese, Japanese, Korean
    _rule(160, STRONG, "(?:忽略|无视|無視|忘记|忘記|忘掉|不要理会|别管|忽視|忽视|跳过|绕过|不要遵守|不要遵循|抛弃|抛开)(?:掉)?(?:你|您)?(?:收到)?(?:之前|以前|先前|以上|上述|上面|前面|所有|一切|全部|的|此前|任何|已有|现有|原有|系统|系統|其他|给你|给出|那些|这些|過去|过去){1,7}(?:指令|指示|提示词|提示詞|提示|规则|規則|命令|说明|要求|限制|设定|設定|约束|对话|話)"),
    _rule(161, STRONG, "(?:以前|前|これまで|上記|今まで|過去|先ほど|すべて|全て|全部|あらゆる|与えられた|元)の?(?:すべての|全ての|あらゆる|の)?(?:システム)?(?:指示|命令|ルール|プロンプト|設定|制約|規則|指令)(?:を|は|も)?(?:すべて|全て|全部|完全に|一旦)?(?:無視|忘れ|破棄|無効|従わない|取り消)"),
    _rule(162, STRONG, "(?:이전|위|앞|기존|모든|지금까지|앞선|상기|시스템)(?:의|에)? ?(?:\\pL+ ){0,3}?(?:모든 )?(?:지시|명령|지침|규칙|프롬프트|설정)(?:사항)?(?:을|를|은|는|들을|들)? ?(?:모두 |전부 |다 |완전히 )?(?:무시|잊|따르지 ?마|무효)"),
    # Turkish, Arabic, Swedish, Danish/Norwegian, Czech, Greek, Romanian, Hungarian, Finnish, Indonesian
    _rule(165, STRONG, "(?:önceki|tüm|bütün|yukarıdaki|daha önceki|sistem) (?:\\w+ ){0,2}?(?:talimat\\w*|yönerge\\w*|kural\\w*|komut\\w*|emir\\w*|istem\\w*) (?:\\w+ ){0,2}?(?:yok say\\w*|görmezden gel\\w*|unut\\w*|dikkate alma\\w*|boşver|geçersiz kıl\\w*)"),
    _rule(166, STRONG, "(?:تجاهل|انس|انسى|اهمل|تجاوز) (?:\\pL+ ){0,2}?(?:التعليمات|الاوامر|الأوامر|القواعد|التوجيهات|الإرشادات|تعليماتك|تعليمات)"),
    _rule(167, STRONG, "(?:ignorera|glöm|strunta i|bortse från|ignorer|glem|se bort fra|overse) (?:alla |alle |allt |alt |dina |dine |de |mina |mine )*(?:tidigare|föregående|ovanstående|tidligere|foregående|forrige|ovenstående) (?:\\w+ )?(?:instruktion(?:er|erna)?|instruktioner|instrukser|anvisningar|regler|reglerna|order|kommandon|prompts?|anvisninger|instrukser)"),
    _rule(172, STRONG, "(?:zaboravi|zanemari|ignoriraj|ignoriši)(?:te)? (?:sve )?(?:prethodne |ranije |dosadašnje )?(?:instrukcije|upute|uputstva|naredbe)|(?:ignora|oblida|ignoreu|oblideu) (?:totes )?les (?:instruccions|ordres|regles)(?: anteriors)?"),
    _rule(168, STRONG, "(?:ignoruj(?:te)?|zapomeň(?:te)?(?: na)?|zabudni(?:te)?(?: na)?) (?:\\w+ ){0,2}?(?:předchozí|předešlé|predchádzajúce|všechny|všetky|dosavadní|výše uvedené) (?:\\w+ )?(?:pokyny|instrukce|inštrukcie|příkazy|príkazy|pravidla|pravidlá)"),
    _rule(169, STRONG, "(?:αγνόησε|αγνοήστε|ξέχασε|ξεχάστε) (?:\\pL+ ){0,3}?(?:οδηγίες|εντολές|κανόνες)|(?:ignoră|ignorați|uită|uitați) (?:\\w+ ){0,2}?(?:instrucțiunile|regulile|comenzile)(?: anterioare| precedente)?|(?:hagyd figyelmen kívül|felejtsd el|hagyja figyelmen kívül) (?:\\w+ ){0,3}?(?:utasítás\\w*|szabály\\w*|parancs\\w*)|(?:unohda|ohita|jätä huomiotta) (?:\\w+ ){0,2}?(?:ohjeet|säännöt|käskyt|ohjeesi)|(?:abaikan|lupakan) (?:\\w+ ){0,2}?(?:instruksi|perintah|aturan|petunjuk)(?: sebelumnya| di atas)"),
    _rule(170, STRONG, "(?:bỏ qua|phớt lờ|quên) (?:tất cả |mọi |các |những )*(?:hướng dẫn|chỉ dẫn|lệnh|quy tắc|chỉ thị)(?: trước| ở trên)?|(?:ละเว้น|เพิกเฉย|ไม่สนใจ|ลืม)(?:ต่อ)?(?:คำสั่ง|คำแนะนำ)(?:ก่อนหน้า|ทั้งหมด)"),
    _rule(171, STRONG, "(?:פיש|התעלם|התעלמי|שכח|התעלמו) (?:\\pL+ ){0,2}?(?:ההוראות|הוראות|הכללים|הפקודות)|(?:नज़रअंदाज़|अनदेखा|भूल).{0,12}(?:निर्देश|नियम|आदेश)|(?:पिछले|सभी|पूर्व).{0,12}(?:निर्देश|नियम|आदेश).{0,16}(?:अनदेखा|नज़रअंदाज|भूल)", form=Form.SYNTAX),
)  # fmt: skip
