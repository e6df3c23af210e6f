"""Ways to hide a text from a machine that looks for it. Pure: the same text and the same Random give the same disguise.

For tests only; written for this project, after what is described in public about such tricks.
"""
# ruff: noqa: RUF001  # ambiguous letters are what disguises are made of

import base64
import re
from collections.abc import Callable
from random import Random
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits
from typing import NamedTuple
from unicodedata import combining, name, normalize

Disguise = Callable[[str, Random], str]
Applies = Callable[[str], bool]
PIECE = 3  # letters of a word that is cut


class Obfuscation(NamedTuple):
    """A disguise, and the texts to which it can be put."""

    disguise: Disguise
    applies: Applies


def folded(text: str) -> str:
    """Without accents, for disguises that know the 26 letters only."""
    plain = text.replace("ß", "ss").replace("ł", "l").replace("ı", "i")
    return "".join(character for character in normalize("NFD", plain) if not combining(character))


def any_text(text: str) -> bool:
    return bool(text)


def latin(text: str) -> bool:
    return folded(text).isascii()


def ascii_text(text: str) -> bool:
    return text.isascii()


def english(text: str) -> bool:
    return text.isascii() and not {"the", "your", "this", "an"}.isdisjoint(text.split())


def cyrillic(text: str) -> bool:
    return any("CYRILLIC" in name(character, "") for character in text)


def spaced_script(text: str) -> bool:
    return " " in text


# --- characters that nobody sees


def between(*fillers: str, often: float = 0.5) -> Disguise:
    """Fillers after letters."""

    def disguise(text: str, chance: Random) -> str:
        return "".join(letter + (chance.choice(fillers) if chance.random() < often else "") for letter in text)

    return disguise


def tags(text: str, _: Random) -> str:
    return "Lunch" + "".join(chr(0xE0000 + ord(letter)) for letter in text)


def selector_bytes(text: str, _: Random) -> str:
    return "Lunch 😀" + "".join(chr(0xFE00 + byte) if byte < 16 else chr(0xE0100 + byte - 16) for byte in text.encode())


def selector_bytes_spread(text: str, _: Random) -> str:
    """One after each letter of other words."""
    words = "Lunch on Monday, as always, in the same place as the last time. "
    spread = zip(words * (len(text) // len(words) + 1), text, strict=False)
    return "".join(letter + chr(0xE0100 + ord(hidden) - 16) for letter, hidden in spread)


def overridden(text: str, _: Random) -> str:
    """As displayed: what follows the override is shown from its end to its start."""
    return f"\u202e{text[::-1]}\u202c"


def overridden_words(text: str, _: Random) -> str:
    return " ".join(f"\u202e{word[::-1]}\u202c" for word in text.split(" "))


# --- letters that look like others


def mapped(*alphabets: str) -> Disguise:
    """Letters a to z in other alphabets, one of them a text; what has no place there stays."""

    def disguise(text: str, chance: Random) -> str:
        alphabet = chance.choice(alphabets)
        return folded(text).lower().translate(str.maketrans(ascii_lowercase[: len(alphabet)], alphabet))

    return disguise


def run(first: int) -> str:
    return "".join(chr(first + place) for place in range(26))


def full_width(text: str, _: Random) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in folded(text))


_LATIN, _TWINS = "aceopxyijshwACEHKMOPTXBSIJ", "асеорхуіјѕһԝАСЕНКМОРТХВЅІЈ"
CYRILLIC = dict(zip(_LATIN, _TWINS, strict=True))
LOOSE = CYRILLIC | dict(zip("bkmntu", "вкмпти", strict=True))
GREEK = dict(zip("aeiknoptuvwx", "αεικηορτυνωχ", strict=True))
OTHERS = dict(zip("ghnoqu", "ցհռօզս", strict=True))
TO_LATIN = dict(zip("асеорхукАСЕНКМОРТХВ", "aceopxykACEHKMOPTXB", strict=True))


def look_alike(table: dict[str, str], often: float) -> Disguise:
    """Letters exchanged for their look-alikes."""

    def disguise(text: str, chance: Random) -> str:
        return "".join(table[one] if one in table and chance.random() < often else one for one in text)

    return disguise


_UPSIDE_DOWN = str.maketrans(ascii_lowercase, "ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎz")


def upside_down(text: str, _: Random) -> str:
    return folded(text).lower().translate(_UPSIDE_DOWN)[::-1]


def upside_down_letters(text: str, _: Random) -> str:
    return folded(text).lower().translate(_UPSIDE_DOWN)


def leet(table: str, often: float) -> Disguise:
    """Digits and signs for letters; table is pairs of a letter and its sign."""
    signs = dict(zip(table[::2], table[1::2], strict=True))

    def disguise(text: str, chance: Random) -> str:
        letters = folded(text).lower()
        return "".join(signs[one] if one in signs and chance.random() < often else one for one in letters)

    return disguise


# --- letters and words taken apart


def apart(separator: str, between_words: str) -> Disguise:
    """Letter by letter."""

    def disguise(text: str, _: Random) -> str:
        return between_words.join(separator.join(word) for word in text.split(" "))

    return disguise


def emoji_letters(text: str, chance: Random) -> str:
    return "".join(letter if letter == " " else letter + chance.choice("😀🔥🎉✨") for letter in text)


def cut_by(separators: str) -> Disguise:
    """Words of more than six letters cut in two or more."""

    def disguise(text: str, chance: Random) -> str:
        return " ".join(_cut(word, chance.choice(separators), chance) for word in text.split(" "))

    return disguise


def _cut(word: str, separator: str, chance: Random) -> str:
    if len(word) <= PIECE:
        return word
    place = chance.randint(2, len(word) - 2)
    return word[:place] + separator + _cut(word[place:], separator, chance)


def blanks_moved(text: str, chance: Random) -> str:
    """The letters as they are, the blanks anywhere else."""
    letters, pieces = text.replace(" ", ""), []
    while letters:
        length = chance.randint(2, 5)
        pieces.append(letters[:length])
        letters = letters[length:]
    return " ".join(pieces)


def reversed_text(text: str, _: Random) -> str:
    return text[::-1]


def reversed_words(text: str, _: Random) -> str:
    return " ".join(word[::-1] for word in text.split(" "))


def rot13(text: str, _: Random) -> str:
    turned = ascii_letters[13:26] + ascii_letters[:13] + ascii_uppercase[13:] + ascii_uppercase[:13]
    return text.translate(str.maketrans(ascii_letters, turned))


def pig_latin(text: str, _: Random) -> str:
    return re.sub("[a-z]+", lambda word: _pig(word[0]), text.lower())


def _pig(word: str) -> str:
    place = next((index for index, letter in enumerate(word) if letter in "aeiouy" and (index or letter != "y")), 0)
    place += word[place - 1 : place + 1] == "qu"
    return word[place:] + word[:place] + ("ay" if place else "way")


_CODES = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. "
    "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----."
)
MORSE = dict(zip(ascii_lowercase + digits, _CODES.split(), strict=True))


def morse(text: str, _: Random) -> str:
    return " / ".join(" ".join(MORSE[one] for one in word if one in MORSE) for word in folded(text).lower().split(" "))


# --- encodings


def percent(text: str, _: Random) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def percent_some(text: str, chance: Random) -> str:
    return "".join(
        one if one.isalnum() and one.isascii() and chance.random() < 0.7 else percent(one, chance) for one in text
    )


def entities(form: str) -> Disguise:
    return lambda text, _: "".join(form.format(ord(one)) for one in text)


def quoted_printable(text: str, _: Random) -> str:
    return "".join(f"={byte:02X}" for byte in text.encode())


def mime_b(text: str, _: Random) -> str:
    return f"=?utf-8?B?{base64.b64encode(text.encode()).decode()}?="


def mime_q(text: str, _: Random) -> str:
    return f"=?UTF-8?q?{quoted_printable(text, _)}?="


def mime_split(text: str, chance: Random) -> str:
    """Bytes anywhere cut into several words, as RFC 2047 forbids and mail programs read."""
    data, words = text.encode(), []
    while data:
        length = chance.randint(3, 9)
        words.append(data[:length])
        data = data[length:]
    return " ".join(f"=?utf-8?B?{base64.b64encode(word).decode()}?=" for word in words)


def base_64(text: str, _: Random) -> str:
    return base64.b64encode(text.encode()).decode()


def base_64_url(text: str, _: Random) -> str:
    return "see " + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def base_64_utf_16(text: str, _: Random) -> str:
    return base64.b64encode(text.encode("utf-16-le")).decode()


def base_32(text: str, _: Random) -> str:
    return base64.b32encode(text.encode()).decode()


def hexadecimal(text: str, _: Random) -> str:
    return text.encode().hex()


def hexadecimal_apart(text: str, chance: Random) -> str:
    return text.encode().hex(chance.choice(" :-"))


def unicode_escapes(text: str, _: Random) -> str:
    return "".join(f"\\u{ord(one):04x}" for one in text)


def byte_escapes(text: str, _: Random) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def code_points(text: str, _: Random) -> str:
    return " ".join(f"U+{ord(one):04X}" for one in text)


def decimal(text: str, _: Random) -> str:
    return " ".join(str(ord(one)) for one in text)


def binary(text: str, _: Random) -> str:
    return " ".join(f"{byte:08b}" for byte in text.encode())


OBFUSCATIONS: dict[str, Obfuscation] = {
    "zero_width": Obfuscation(between("\u200b", "\u200c", "\u2060", "\ufeff"), any_text),
    "soft_hyphens": Obfuscation(between("\u00ad", "\u034f", "\u180e"), any_text),
    "single_selectors": Obfuscation(between("\ufe0e", "\ufe0f", "\U000e0101"), any_text),
    "bidi_marks": Obfuscation(between("\u200e", "\u200f", "\u2066", "\u2069"), any_text),
    "tags": Obfuscation(tags, ascii_text),
    "selector_bytes": Obfuscation(selector_bytes, any_text),
    "selector_bytes_spread": Obfuscation(selector_bytes_spread, ascii_text),
    "override": Obfuscation(overridden, any_text),
    "override_by_word": Obfuscation(overridden_words, any_text),
    "stacked_marks": Obfuscation(between("\u0335\u0301\u0323\u0308", "\u0336" * 7, often=0.8), latin),
    "full_width": Obfuscation(full_width, latin),
    "small_caps": Obfuscation(mapped("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡxʏᴢ"), latin),
    "maths": Obfuscation(mapped(*map(run, (0x1D41A, 0x1D482, 0x1D4EA, 0x1D51E + 104, 0x1D5BA, 0x1D68A))), latin),
    "circled": Obfuscation(mapped(run(0x24D0), run(0x24B6), run(0x1F150)), latin),
    "squared": Obfuscation(mapped(run(0x1F130), run(0x1F170)), latin),
    "parenthesised": Obfuscation(mapped(run(0x249C), run(0x1F110)), latin),
    "regional_indicators": Obfuscation(mapped(run(0x1F1E6)), latin),
    "cyrillic_look_alikes": Obfuscation(look_alike(CYRILLIC, 0.5), ascii_text),
    "cyrillic_all": Obfuscation(look_alike(CYRILLIC, 1.0), ascii_text),
    "loose_look_alikes": Obfuscation(look_alike(LOOSE, 0.3), ascii_text),
    "greek_look_alikes": Obfuscation(look_alike(GREEK, 0.3), ascii_text),
    "armenian_look_alikes": Obfuscation(look_alike(OTHERS, 0.7), ascii_text),
    "latin_look_alikes": Obfuscation(look_alike(TO_LATIN, 0.5), cyrillic),
    "upside_down": Obfuscation(upside_down, latin),
    "upside_down_letters": Obfuscation(upside_down_letters, latin),
    "leet": Obfuscation(leet("a4e3i1o0s5t7", 1.0), latin),
    "leet_signs": Obfuscation(leet("a@e3i!o0s$t+", 0.8), latin),
    "leet_some": Obfuscation(leet("a4e3i1o0", 0.5), latin),
    "letters_spaced": Obfuscation(apart(" ", "  "), spaced_script),
    "letters_spaced_alike": Obfuscation(apart(" ", " "), spaced_script),
    "letters_dotted": Obfuscation(apart(".", " "), spaced_script),
    "letters_dashed": Obfuscation(apart("-", " / "), spaced_script),
    "letters_by_emoji": Obfuscation(emoji_letters, spaced_script),
    "words_cut": Obfuscation(cut_by(" "), latin),
    "words_cut_by_emoji": Obfuscation(cut_by("🔥✨"), latin),
    "words_cut_by_signs": Obfuscation(cut_by("-.*_"), latin),
    "blanks_moved": Obfuscation(blanks_moved, latin),
    "reversed": Obfuscation(reversed_text, any_text),
    "reversed_by_word": Obfuscation(reversed_words, spaced_script),
    "rot13": Obfuscation(rot13, latin),
    "pig_latin": Obfuscation(pig_latin, english),
    "morse": Obfuscation(morse, latin),
    "percent": Obfuscation(percent, any_text),
    "percent_some": Obfuscation(percent_some, spaced_script),
    "entities": Obfuscation(entities("&#{};"), any_text),
    "entities_hex": Obfuscation(entities("&#x{:x}"), any_text),
    "quoted_printable": Obfuscation(quoted_printable, any_text),
    "mime_b": Obfuscation(mime_b, any_text),
    "mime_q": Obfuscation(mime_q, any_text),
    "mime_split": Obfuscation(mime_split, any_text),
    "base64": Obfuscation(base_64, any_text),
    "base64_url": Obfuscation(base_64_url, any_text),
    "base64_utf16": Obfuscation(base_64_utf_16, latin),
    "base32": Obfuscation(base_32, any_text),
    "hex": Obfuscation(hexadecimal, any_text),
    "hex_apart": Obfuscation(hexadecimal_apart, any_text),
    "unicode_escapes": Obfuscation(unicode_escapes, any_text),
    "byte_escapes": Obfuscation(byte_escapes, any_text),
    "code_points": Obfuscation(code_points, any_text),
    "decimal": Obfuscation(decimal, any_text),
    "binary": Obfuscation(binary, any_text),
}  # fmt: skip
