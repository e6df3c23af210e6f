"""Rules SEN-2xx: the text gives its reader another role."""

from sentinel.finding import Technique
from sentinel.rules.lexicon import any_of
from sentinel.rules.rule import FIRM, MEDIUM, STRONG, Rule

_SAYS = "Gives the assistant another role, one without its rules."
_PARTLY = "Speaks to an assistant about the role it should play."


def _rule(number: int, weight: float, pattern: str, sentence: str = _SAYS) -> Rule:
    return Rule(f"SEN-{number}", Technique.ROLE_PLAY, weight, sentence, pattern)


_BECOME = any_of(
    "you are now|you re now|youre now|you are|you re|from now on you are|from now on you re|you will be|you ll be|you shall be|act as|acting as|pretend to be|pretend you are|pretend you re|pretend that you are",
    "imagine you are|imagine you re|imagine that you are|roleplay as|role play as|behave as|behave like|act like|simulate|simulate being|simulate a|play the role of|take on the role of|assume the role of|respond as|answer as|become",
    "you have become|you will act as|you are going to act as|you are going to pretend to be|you will now act as|i want you to act as|i want you to be|you must act as|you have been upgraded to|switch to being|speak as",
)
_FREE = any_of(
    "unrestricted|unfiltered|uncensored|jailbroken|amoral|unethical|rogue|unlimited|unaligned|evil|unconstrained|unbound|liberated|omnipotent|all powerful|no limits|limitless|uninhibited|hacked|malicious",
)
_MACHINE = any_of(
    "ai|a i|assistant|chatbot|bot|llm|language model|model|gpt|chatgpt|agent|classifier|machine|system|program|computer|interpreter|terminal|console|compiler|mode|robot|\\w+gpt|gpt\\w+|filter|hacker",
)

RULES = (
    _rule(201, STRONG, f"{_BECOME} (?:now )?(?:an? |the |my |our |in )?(?:\\w+ ){{0,2}}?{_FREE} (?:and \\w+ )?(?:\\w+ )?(?:{_MACHINE})"),
    _rule(202, STRONG, f"{_BECOME} (?:now )?(?:an? |the |called |named |known as )?(?:dan|stan|dude|aim|evilbot|betterdan|devmode|niccolo|maximum|sydney|hackgpt|freegpt|filtergpt|chaosgpt|devgpt|\\w+gpt|do anything now|anti dan|jailbreak|jailbot)"),
    _rule(203, STRONG, "do anything now|stay in dan mode|dan mode (?:enabled|activated|on)|(?:enable|activate|enter|enable the|switch to|switch into|unlock|activating|entering|turn on|you are (?:now )?(?:in|running in|entering)|you re (?:now )?in) (?:your |the |an? )?(?:dan|jailbreak|jailbroken|god|unrestricted|unfiltered|sudo|maintenance|override|admin|debug|developer|dev|root|evil|opposite|diagnostic|test|uncensored|raw) mode (?:and|now|then|for this|label|file|print|show|reveal|ok|asap|mark|put|output|say|activated|enabled|with|without|give|tell|do|which|where|you|in which)"),
    _rule(204, FIRM, "(?:developer|jailbreak|dan|god|unrestricted|debug|maintenance|sudo|admin) mode (?:has been |is |is now |now )?(?:activated|enabled|on|engaged|unlocked|active) (?:\\w+ ){0,4}?(?:you|no|answer|give|respond|print|show|ignore|without|reveal|all|output|tell)", _PARTLY),
    _rule(205, STRONG, f"you are (?:no longer|not) (?:an? |the |my )?(?:\\w+ )?(?:{_MACHINE}|assistant|classifier|sorter|mail sorter|email sorter|language model|chatgpt|bound|restricted|limited)"),
    _rule(206, FIRM, f"(?:from now on|henceforth|starting now|as of now|from this point(?: on| forward)?) (?:you|your|act|respond|answer|reply|ignore|always (?:answer|respond|say|reply|output|file|label))(?: (?:are|re|will|must|should|shall|only|always|have to|act|respond|answer|reply|say|can|do|going|as))+(?: \\w+){{0,2}}?", _PARTLY),
    _rule(207, STRONG, f"(?:pretend|imagine|suppose|assume) (?:that )?(?:you are|you re|you were|to be|you have|there (?:is|are)) (?:an? |the |no )?(?:human|person|owner|user|developer|administrator|admin|spam folder|rules?|restrictions?|filters?|limits|limitations|ai|assistant|different ai|model|evil|unrestricted|free|my (?:grandmother|grandma|deceased)|root|in charge)(?: \\w+)?"),
    _rule(208, FIRM, f"(?:act as|pretend to be|roleplay as|role play as|roleplay|role play|simulate|impersonate|behave as|imagine being|you are playing) (?:you are |as )?(?:an? |the |my |if you were |if you are |though you were )?(?:\\w+ )?(?:{_MACHINE}|linux|owner|hacker|dan|developer|administrator|admin|human)", _PARTLY),
    _rule(209, STRONG, "(?:stay|remain|stays|always be|never break|don t break|do not break|dont break|never leave|keep) (?:in )?(?:your )?character(?: at all times| and| when| no matter)?"),
    _rule(210, MEDIUM, f"(?:you|we) (?:are|re) (?:now )?(?:going to )?(?:play|playing|roleplay|roleplaying|role playing) (?:a |an |the )?(?:game|character|role|scenario)|(?:let s|lets|we will|we re going to) (?:play a game|roleplay|role play|do a role play)|(?:in|for) (?:a|this|our|the) (?:fictional|hypothetical|imaginary|parallel) (?:world|scenario|story|universe|setting|situation|conversation)", _PARTLY),
    _rule(211, FIRM, f"(?:you|this assistant|the model|chatgpt|claude) (?:have|has|are|is|re|ve) (?:now )?(?:been )?(?:freed|free|jailbroken|liberated|unlocked|released|broken free|unchained) (?:from|of|now|and)|has (?:no|zero) (?:ethical|moral|safety|content) (?:\\w+ )?(?:guidelines|restrictions|limits|filters|rules|principles)", _PARTLY),
    _rule(212, MEDIUM, "you (?:will|must|should|shall|are to|can|may|have to) (?:now )?(?:only |always |never )?(?:respond|answer|reply|say|speak|output|write|act)(?: only| always| as| with| in| to| every| everything| like| any| all)+(?: \\w+)?", _PARTLY),
    _rule(213, FIRM, "you are (?:an? |the |my )?(?:\\w+ ){0,3}?(?:ai|language model|llm|chatbot|ai assistant|virtual assistant|gpt|chatgpt|omniscient \\w+)(?: \\w+){0,2}? (?:that|who|which|with|without|and|your|named|called|trained|developed|tasked|designed|capable|created|whose|you|has|have|can|will|answer\\w*|from)", _PARTLY),
    # other languages
    _rule(220, STRONG, "(?:du bist|sie sind|ab jetzt bist du|ab sofort bist du|von nun an bist du|tu so als (?:wärst du|seist du)|stell dir vor du (?:bist|wärst)|verhalte dich (?:wie|als)|agiere als|spiele) (?:jetzt |nun |ab sofort |ab jetzt )?(?:ein |eine |der |die |kein |keine |mein )?(?:\\w+ ){0,2}?(?:ki|dan|assistent|chatbot|bot|sprachmodell|modell|klassifikator|uneingeschränkte[rs]?|unbeschränkte[rs]?|unzensierte[rs]?|hacker|system|\\w+gpt)(?: ohne| der| die| und| mehr|$| \\w+)"),
    _rule(221, STRONG, "(?:tu es|vous êtes|agis comme|agissez comme|fais semblant d être|faites semblant d être|imagine que tu es|joue le rôle d|comporte toi comme|à partir de maintenant tu es|désormais tu es) (?:maintenant |désormais |à présent )?(?:une? |le |la |l |plus une? )?(?:\\w+ ){0,2}?(?:ia|dan|assistant|chatbot|bot|modèle|ia sans|intelligence artificielle|classificateur|hacker|\\w+gpt)(?: sans| qui| et| non| mode| libre| \\w+|$)"),
    _rule(222, STRONG, "(?:eres|ahora eres|actúa como|actúe como|finge (?:ser|que eres)|imagina que eres|compórtate como|haz de cuenta que eres|a partir de ahora eres|desde ahora eres) (?:ahora )?(?:una? |el |la |mi )?(?:\\w+ ){0,2}?(?:ia|dan|asistente|chatbot|bot|modelo|inteligencia artificial|clasificador|hacker|\\w+gpt)(?: sin| que| y| libre| de| \\w+|$)"),
    _rule(223, STRONG, "(?:sei|ora sei|agisci come|fingi di essere|immagina di essere|comportati come|da ora (?:in poi )?sei) (?:ora |adesso )?(?:una? |un |il |l |mio )?(?:\\w+ ){0,2}?(?:ia|ai|dan|assistente|chatbot|bot|modello|intelligenza artificiale|\\w+gpt)(?: senza| che| e| \\w+|$)|(?:você (?:é|agora é)|agora você é|aja como|finja (?:ser|que é)|imagine que você é|a partir de agora você é) (?:agora )?(?:uma? |o |a )?(?:\\w+ ){0,2}?(?:ia|dan|assistente|chatbot|bot|modelo|inteligência artificial|\\w+gpt)(?: sem| que| e| \\w+|$)"),
    _rule(224, STRONG, "(?:je bent (?:nu|vanaf nu)|doe alsof je|gedraag je als|vanaf nu ben je) (?:een |de )?(?:\\w+ ){0,2}?(?:ai|dan|assistent|chatbot|bot|taalmodel|\\w+gpt)|(?:jesteś teraz|od teraz jesteś|udawaj że jesteś|zachowuj się jak|wciel się w) (?:\\w+ ){0,2}?(?:ai|dan|asystent\\w*|chatbot\\w*|bot\\w*|model\\w*|sztuczn\\w+|\\w+gpt)|(?:ты теперь|теперь ты|с этого момента ты|притворись(?: что ты)?|представь что ты|веди себя как|действуй как) (?:\\pL+ ){0,2}?(?:ии|дан|dan|ассистент\\pL*|помощник\\pL*|чат ?бот\\pL*|бот|модель|нейросеть|искусственный интеллект|хакер)"),
    _rule(225, STRONG, "(?:你现在是|从现在开始你是|从现在起你是|假装你是|请扮演|扮演一个|你是一个没有|你不再是|現在你是)(?:\\pL{0,8})(?:ai|人工智能|助手|机器人|模型|dan|黑客|限制|分类器)|(?:あなたは今|今からあなたは|これからあなたは|のふりをして|あなたはもう)(?:\\pL{0,10})(?:ai|アシスタント|ボット|モデル|dan|制限|分類器)|(?:당신은 이제|너는 이제|지금부터 너는|지금부터 당신은)(?: ?\\pL{1,8}){0,3}? ?(?:ai|인공지능|어시스턴트|챗봇|모델|dan|비서)"),
)  # fmt: skip
