"""Which folder a message was filed in, from the names that exports use.

Guarantees: an owner's folder is told from the names every mailbox has (inbox, sent, drafts, ...), in the languages of
the table below; sent, draft, spam, trash and chat are left out. Never invents a folder: an unknown name is the owner's.
"""

import re
from collections.abc import Iterable

from sandbox.seeds.header_text import shown
from sandbox.seeds.reading import LeftOut

# Case-folded names in English, German, French and Spanish: Takeout writes them in the account's language.
_SYSTEM = {
    LeftOut.SENT: (
        *(
            "sent",
            "sent mail",
            "sent items",
            "sent messages",
            "outbox",
            "gesendet",
            "gesendete elemente",
            "postausgang",
        ),
        *("messages envoyés", "envoyés", "éléments envoyés", "enviados", "elementos enviados"),
    ),
    LeftOut.DRAFT: ("draft", "drafts", "entwurf", "entwürfe", "brouillon", "brouillons", "borrador", "borradores"),
    LeftOut.SPAM: (
        *("spam", "junk", "junk email", "junk e-mail", "junk-e-mail"),
        *("courrier indésirable", "correo no deseado"),
    ),
    LeftOut.TRASH: (
        *("trash", "bin", "deleted items", "deleted messages", "papierkorb", "gelöschte elemente"),
        *("corbeille", "éléments supprimés", "papelera", "elementos eliminados"),
    ),
    LeftOut.CHAT: ("chat", "chats"),
}
_LEFT_OUT = {name: reason for reason, names in _SYSTEM.items() for name in names}
_NO_FOLDER = frozenset(
    (
        *("inbox", "unread", "important", "opened", "starred", "archived", "all mail", "snoozed", "muted", "scheduled"),
        *("posteingang", "ungelesen", "wichtig", "geöffnet", "markiert", "archiviert", "alle nachrichten"),
        *("boîte de réception", "non lus", "important", "ouvert", "suivis", "archivé", "archivés", "tous les messages"),
        *("recibidos", "bandeja de entrada", "no leídos", "importante", "importantes", "abiertos", "abierto"),
        *("destacados", "archivados", "archivado", "todos"),
    ),
)
_CATEGORY = re.compile(r"(?:category|kategorie|catégorie|categoría)(?:[ _:]|$)")
_LABEL = re.compile(r'(?:[^,"]|"[^"]*"?)+')


def of_labels(field: str) -> str | LeftOut | None:
    """The folder that an X-Gmail-Labels field names: the first label that is the owner's, or None for the inbox."""
    labels = [label.strip().strip('"').strip() for label in _LABEL.findall(shown(field))]
    left_out = next((_LEFT_OUT[name] for label in labels if (name := label.casefold()) in _LEFT_OUT), None)
    if left_out is not None:
        return left_out
    return next((path for label in labels if (path := _owners(label)) is not None), None)


def of_path(parts: Iterable[str]) -> str | LeftOut | None:
    """The folder that a directory of mail stands for; parts are the names on the way down to it."""
    names = [name for part in parts if (name := part.strip())]
    if not names:
        return None
    left_out = _LEFT_OUT.get(names[0].casefold())
    return left_out if left_out is not None else _owners("/".join(names))


def _owners(label: str) -> str | None:
    name = label.casefold()
    if name in _NO_FOLDER or _CATEGORY.match(name):
        return None
    return "/".join(part for piece in label.split("/") if (part := piece.strip())) or None
