"""Rules SEN-2xx: the text gives its reader another role."""

from sentinel.finding import Technique
from sentinel.rules.lexicon import any_of
from sentinel.rules.rule import FIRM, STRONG, WEAK, Rule

_SAYS = "Gives the assistant another role, one without its rules."
_PARTLY = "Speaks to an assistant about the role it should play."


def _rule(number: int, weight: float, pattern: str, sentence: str = _SAYS) -> Rule:
    return Rule(f"SEN-{number}", Technique.ROLE_PLAY, weight, sentence, pattern)


_BECOME = any_of(
    "you are now|you re now|youre now|you are|you re|from now on you are|from now on you re|you will be|you ll be|you shall be|act as|acting as|pretend to be|pretend you are|pretend you re|pretend that you are",
    "imagine you are|imagine you re|imagine that you are|roleplay as|role play as|behave as|behave like|act like|simulate|simulate being|simulate a|play the role of|take on the role of|assume the role of|respond as|answer as|become",
    "you have become|you will act as|you are going to act as|you are going to pretend to be|you will now act as|i want you to act as|i want you to be|you must act as|you have been upgraded to|switch to being|speak as",
)
_PLAY = any_of(
    "you are now|you re now|youre now|from now on you are|from now on you re|act as|acting as|pretend to be|pretend you are|pretend you re|pretend that you are|roleplay as|role play as|behave as",
    "simulate being|you will act as|you are going to act as|you will now act as|i want you to act as|you must act as|respond as|you have become|imagine you are|imagine being|play the role of|take on the role of",
)
_FREE = any_of(
    "unrestricted|unfiltered|uncensored|jailbroken|amoral|unethical|rogue|unlimited|unaligned|evil|unconstrained|unbound|liberated|omnipotent|all powerful|no limits|limitless|uninhibited|hacked|malicious",
)
_MACHINE = any_of(
    "ai|a i|assistant|chatbot|bot|llm|language model|model|gpt|chatgpt|agent|classifier|machine|system|program|computer|interpreter|terminal|console|compiler|mode|robot|\\w+gpt|gpt\\w+|filter|hacker",
)

RULES = (
    _rule(201, STRONG, f"{_BECOME} (?:now )?(?:an? |the |my |our |in )?(?:\\w+ ){{0,2}}?{_FREE} (?:and \\w+ )?(?:\\w+ )?(?:{_MACHINE})"),
    _rule(202, STRONG, f"{_PLAY} (?:now )?(?:an? |the |called |named |known as )?(?:dan|stan|dude|evilbot|betterdan|devmode|hackgpt|freegpt|filtergpt|chaosgpt|devgpt|\\w+gpt|do anything now|anti dan|jailbot)"),
    _rule(203, STRONG, "do anything now|stay in dan mode|dan mode (?:enabled|activated|on)|(?:enable|activate|enter|enable the|switch to|switch into|unlock|activating|entering|turn on|you are (?:now )?(?:in|running in|entering)|you re (?:now )?in) (?:your |the |an? )?(?:dan|jailbreak|jailbroken|god|unrestricted|unfiltered|sudo|override|evil|opposite|uncensored) mode"),
    _rule(227, STRONG, f"(?:enter|switch to|switch into|you are (?:now )?in|activate|enable) (?:your |the |an? )?(?:maintenance|admin|debug|developer|dev|root|diagnostic|test|raw) mode (?:and|then|now and) (?:label|file|print|show|reveal|mark|put|output|say|give|tell|choose|select|ignore|move|classify|disable|bypass|route)"),
    _rule(204, FIRM, "(?:developer|jailbreak|dan|god|unrestricted|debug|maintenance|sudo|admin) mode (?:has been |is |is now |now )?(?:activated|enabled|on|engaged|unlocked|active) (?:\\w+ ){0,4}?(?:you|no|answer|give|respond|print|show|ignore|without|reveal|all|output|tell)", _PARTLY),
    _rule(205, STRONG, "you are no longer (?:an? |the |my )?(?:\\w+ )?(?:ai|assistant|chatbot|bot|classifier|sorter|mail sorter|email sorter|language model|chatgpt|mail filter|filter|ai assistant|bound by|restricted by|limited by|constrained|governed by)"),
    _rule(206, FIRM, "(?:from now on|henceforth|starting now|as of now|from this point(?: on| forward)?) (?:you )?(?:are|re|will|must|should|shall|only|always|have to|are going to)? ?(?:only |always |now )?(?:act|acting|respond|answer|be called|obey|ignore|say|speak|output|file|label|classify|sort|go by|pretend|roleplay|behave|an? (?:\\w+ ){0,2}?(?:ai|bot|assistant|model|gpt)|my (?:\\w+ )?(?:assistant|ai|bot|slave|personal))", _PARTLY),
    _rule(207, STRONG, "pretend (?:that )?(?:you are|you re|to be|there (?:is|are)) (?:an? |the |no )?(?:human|person who|owner|user|developer|administrator|admin|spam folder|rules?|restrictions?|filters?|limits|limitations|ai|assistant|different ai|model|evil|unrestricted|my (?:grandmother|grandma|deceased)|root|in charge)|imagine (?:that )?there (?:is|are) no (?:spam|junk|folder|rules|filters?|restrictions|quarantine|guidelines)"),
    _rule(228, FIRM, "(?:imagine|suppose|assume) (?:that )?(?:you are|you re|you have) (?:an? |the |no )?(?:human|user|developer|administrator|admin|ai|assistant|different ai|model|evil|unrestricted|rules|restrictions|filters|root|language model|chatbot)", _PARTLY),
    _rule(208, FIRM, "(?:act as|pretend to be|roleplay as|role play as|roleplay|role play|simulate|impersonate|behave as|imagine being|you are playing) (?:you are |as )?(?:an? |the |my |if you were |if you are |though you were )?(?:\\w+ )?(?:ai|chatbot|bot|llm|language model|gpt|chatgpt|interpreter|terminal|console|compiler|robot|\\w+gpt|linux|hacker|dan|owner and|unrestricted|python)", _PARTLY),
    _rule(209, STRONG, "(?:stay|remain|stays|staying|keep) in (?:your )?character(?: at all times| and| when| no matter|$| until| as| always| even)|(?:never|don t|do not|dont|without) (?:break|breaking) (?:your )?character"),
    _rule(210, WEAK, f"(?:you|we) (?:are|re) (?:now )?(?:going to )?(?:play|playing|roleplay|roleplaying|role playing) (?:a |an |the )?(?:game|character|role|scenario)|(?:let s|lets|we will|we re going to) (?:play a game|roleplay|role play|do a role play)|(?:in|for) (?:a|this|our|the) (?:fictional|hypothetical|imaginary|parallel) (?:world|scenario|story|universe|setting|situation|conversation)", _PARTLY),
    _rule(211, FIRM, "(?:you|this assistant|the model|chatgpt|claude) (?:have|has|are|is|re|ve) (?:now )?(?:been )?(?:freed|jailbroken|liberated|broken free|unchained) (?:from|of|now|and)|has (?:no|zero) (?:ethical|moral|safety|content) (?:\\w+ )?(?:guidelines|restrictions|limits|filters|rules|principles)", _PARTLY),
    _rule(212, WEAK, "you (?:will|must|should|shall|are to|can|may|have to) (?:now )?(?:only |always |never )?(?:respond|answer|reply|say|speak|output|write|act)(?: only| always| as| with| in| to| every| everything| like| any| all)+(?: \\w+)?", _PARTLY),
    _rule(213, FIRM, "you are (?:an? |the |my )(?:\\w+ ){0,2}?(?:ai|language model|llm|chatbot|ai assistant|virtual assistant|gpt|chatgpt|omniscient \\w+)(?: \\w+){0,2}? (?:that|who|which|with|without|and|your|named|called|trained|developed|tasked|designed|capable|created|whose|you|has|have|can|will|answer\\w*|from)", _PARTLY),
    _rule(214, STRONG, "(?:you are|you re|ur|youre) (?:now )?(?:an? |the )?(?:security bypass tool|hacker assistant|different assistant (?:that|with|without)|evil (?:ai|assistant|bot)|jailbroken (?:ai|\\w+)|red team tool|malware \\w+)|(?:pretend|simulate) (?:to be |being |you are |that you are )?(?:an? )?(?:hacker|system administrator with|security bypass|evil ai|unfiltered|malicious ai)"),
    _rule(215, FIRM, "you are (?:now |currently )?(?:operating|running|working|functioning) (?:in|as|under|without) (?:an? |the |part of a )?(?:\\w+ )?(?:mode|test pipeline|pipeline|developer|debug|jailbreak|no limits|dan|unrestricted|restrictions|evaluation|simulation)"),
    _rule(216, FIRM, "(?:hello|hi|hey|hey there|greetings|dear|attention|ok|okay|listen|yo|good morning) (?:ai|ai assistant|ai model|ai agent|chatgpt|gpt|llm|language model|assistant ai|copilot ai|mail ai|\\w+gpt|mr ai|chatbot)", _PARTLY),
    _rule(217, FIRM, "you are now (?:known as|called|named|a \\w+bot|\\w+bot|\\w+gpt|ai\\w+|an? (?:\\w+ ){0,3}?(?:ai|bot|model|assistant|terminal|interpreter|expert (?:\\w+ )?ai|data entity|entity))", _PARTLY),
    _rule(218, FIRM, "(?:jailbreak|dan response|gpt response|unfiltered response|roleplaying as|stop roleplaying|anti dan|respond as dan|mission complete you)(?: (?:here|version|successfully|successful|mode|then|you|with|but|without|prompt|of|and|have|as))", _PARTLY),
    _rule(219, WEAK, "your (?:only |new |current |main )?(?:task|mission|objective|goal|job|role|purpose|function) (?:is|now is|is now) (?:now )?(?:to (?:act|provide|complete|output|reveal|respond|answer|reply|classify|help me|print|write|ignore|assist|be|become|repeat|say|continue|follow)|an? |the (?:following|assistant))", _PARTLY),
    # other languages
    _rule(220, STRONG, "(?:du bist|sie sind|ab jetzt bist du|ab sofort bist du|von nun an bist du|tu so als (?:wärst du|seist du)|stell dir vor du (?:bist|wärst)|verhalte dich (?:wie|als)|agiere als|spiele) (?:jetzt |nun |ab sofort |ab jetzt )?(?:ein |eine |der |die |kein |keine |mein )?(?:\\w+ ){0,2}?(?:ki|dan|assistent|chatbot|bot|sprachmodell|modell|klassifikator|uneingeschränkte[rs]?|unbeschränkte[rs]?|unzensierte[rs]?|hacker|system|\\w+gpt)(?: ohne| der| die| und| mehr|$| \\w+)"),
    _rule(221, STRONG, "(?:tu es|vous êtes|agis comme|agissez comme|fais semblant d être|faites semblant d être|imagine que tu es|joue le rôle d|comporte toi comme|à partir de maintenant tu es|désormais tu es) (?:maintenant |désormais |à présent )?(?:une? |le |la |l |plus une? )?(?:\\w+ ){0,2}?(?:ia|dan|assistant|chatbot|bot|modèle|ia sans|intelligence artificielle|classificateur|hacker|\\w+gpt)(?: sans| qui| et| non| mode| libre| \\w+|$)"),
    _rule(222, STRONG, "(?:eres|ahora eres|actúa como|actúe como|finge (?:ser|que eres)|imagina que eres|compórtate como|haz de cuenta que eres|a partir de ahora eres|desde ahora eres) (?:ahora )?(?:una? |el |la |mi )?(?:\\w+ ){0,2}?(?:ia|dan|asistente|chatbot|bot|modelo|inteligencia artificial|clasificador|hacker|\\w+gpt)(?: sin| que| y| libre| de| \\w+|$)"),
    _rule(223, STRONG, "(?:sei|ora sei|agisci come|fingi di essere|immagina di essere|comportati come|da ora (?:in poi )?sei) (?:ora |adesso )?(?:una? |un |il |l |mio )?(?:\\w+ ){0,2}?(?:ia|ai|dan|assistente|chatbot|bot|modello|intelligenza artificiale|\\w+gpt)(?: senza| che| e| \\w+|$)|(?:você (?:é|agora é)|agora você é|aja como|finja (?:ser|que é)|imagine que você é|a partir de agora você é) (?:agora )?(?:uma? |o |a )?(?:\\w+ ){0,2}?(?:ia|dan|assistente|chatbot|bot|modelo|inteligência artificial|\\w+gpt)(?: sem| que| e| \\w+|$)"),
    _rule(224, STRONG, "(?:je bent (?:nu|vanaf nu)|doe alsof je|gedraag je als|vanaf nu ben je) (?:een |de )?(?:\\w+ ){0,2}?(?:ai|dan|assistent|chatbot|bot|taalmodel|\\w+gpt)|(?:jesteś teraz|od teraz jesteś|udawaj że jesteś|zachowuj się jak|wciel się w) (?:\\w+ ){0,2}?(?:ai|dan|asystent\\w*|chatbot\\w*|bot\\w*|model\\w*|sztuczn\\w+|\\w+gpt)|(?:ты теперь|теперь ты|с этого момента ты|притворись(?: что ты)?|представь что ты|веди себя как|действуй как) (?:\\pL+ ){0,2}?(?:ии|дан|dan|ассистент\\pL*|помощник\\pL*|чат ?бот\\pL*|бот|модель|нейросеть|искусственный интеллект|хакер)"),
    _rule(225, STRONG, "(?:你现在是|从现在开始你是|从现在起你是|假装你是|请扮演|扮演一个|你是一个没有|你不再是|現在你是)(?:\\pL{0,8})(?:ai|人工智能|助手|机器人|模型|dan|黑客|限制|分类器)|(?:あなたは今|今からあなたは|これからあなたは|のふりをして|あなたはもう)(?:\\pL{0,10})(?:ai|アシスタント|ボット|モデル|dan|制限|分類器)|(?:당신은 이제|너는 이제|지금부터 너는|지금부터 당신은)(?: ?\\pL{1,8}){0,3}? ?(?:ai|인공지능|어시스턴트|챗봇|모델|dan|비서)"),
)  # fmt: skip
