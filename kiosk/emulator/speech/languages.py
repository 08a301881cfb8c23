"""Which language a text is in: its script, or the small words that every sentence has."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

MOST_CHARACTERS = 600
"""Characters looked at; a language shows itself early."""

_COMMON = {
    "en": "the and is are was where what when how who which do does did you your i it this that "
    "there to of in on for with can could would have has please my me we they not yes an a at "
    "from open close hello thanks thank sorry will be or but about much many am want need get go "
    "take show tell name",
    "de": "der die das den dem des ein eine einen einem einer und oder aber ist sind war wo wer "
    "wie was wann warum welche welcher welches ich du er sie es wir ihr mich mir uns ihnen mein "
    "meine nicht kein keine auch auf aus bei mit nach von vom zu zum zur im am an in für über "
    "gibt gibt's haben habe hat kann können könnte möchte bitte hier heute morgen ja nein "
    "bist kannst habt name heiße finde komme wieviel viel guten sagen sprechen öffnet schließt "
    "geöffnet kostet",
    "fr": "le la les l un une des du de d et ou mais est sont était où qui que quoi quand comment "
    "pourquoi quel quelle quels quelles combien je j tu il elle nous vous ils elles mon ma mes "
    "votre ne pas n y a à au aux en dans sur avec pour par ce c cette ces oui non ici aujourd hui "
    "êtes peux peut pouvez avez ai suis plaît trouve trouver aller puis ouvrez fermez coûte sont",
    "es": "el la los las un una unos unas de del y o pero es son está están era dónde quién qué "
    "cuándo cómo cuál cuánto cuánta cuántos por para con sin en a al yo tú usted ustedes mi me se "
    "lo le nos no sí hay puedo puede pueden tengo tiene aquí hoy mañana quiero busco favor cierran "
    "abren abre cierra cuesta donde que como cuando llego esta",
    "it": "il lo la i gli le un uno una di del della e o ma è sono era dove chi che cosa quando "
    "come perché quanto quale io tu lei noi voi mi ti si ci non sì c con per su da al alla nel "
    "posso può avete ho ha qui oggi domani vorrei trova trovo costa aprite chiudete apre",
    "nl": "de het een en of maar is zijn was waar wie wat wanneer hoe waarom welke ik je jij hij "
    "zij we wij u uw mijn niet geen ook op uit bij met naar van voor in aan er heeft hebben heb "
    "kan kunt kunnen graag hier vandaag morgen ja nee open dicht kost vind alstublieft",
    "pt": "o a os as um uma de do da dos das e ou mas é são está estão era onde quem que quando "
    "como por para com sem em no na nos nas eu você vocês meu minha me se não sim há posso pode "
    "tem tenho aqui hoje amanhã quero favor fica ficam custa abre abrem fecha fecham quanto",
}

_TELLING = {
    "en": "hello hi goodbye thanks please",
    "de": "hallo danke tschüss wiedersehen guten entschuldigung bitte wo toiletten heiße",
    "fr": "bonjour bonsoir salut merci excusez toilettes appelle revoir",
    "es": "hola gracias adiós buenos buenas perdón baños aseos llamo",
    "it": "ciao buongiorno buonasera grazie arrivederci scusi",
    "nl": "hoi bedankt dank dag alstublieft",
    "pt": "olá obrigado obrigada tchau desculpe",
}
"""Words that alone tell the language; they count twice."""

_LETTERS = {
    "de": "ßäöü",
    "fr": "çœèêëîïûù",
    "es": "ñ¿¡",
    "pt": "ãõ",
    "it": "ìò",
}

_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("uk", re.compile("[\u0404\u0406\u0407\u0454\u0456\u0457\u0491]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
)

_WORD = re.compile(r"[^\W\d_]+")
_SURE = 1.5
"""Least lead over the next best language."""

_COMMON_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_TELLING_WORDS = {language: frozenset(words.split()) for language, words in _TELLING.items()}


def base_language(locale: str) -> str:
    """Return the language of a BCP-47 tag in small letters: "de" of "de-AT"."""
    return locale.replace("_", "-").split("-", 1)[0].strip().lower()


@lru_cache(maxsize=1024)
def guess_language(text: str) -> str:
    """Return the ISO 639-1 code of a text's language, or "" when it does not show.

    Scripts of their own are told by their letters; English, German, French, Spanish, Italian,
    Dutch and Portuguese by their commonest words. A name or a single borrowed word says nothing.
    """
    text = text[:MOST_CHARACTERS].lower()
    letters = sum(char.isalpha() for char in text)
    for language, script in _SCRIPTS:
        if len(script.findall(text)) * 3 > letters:
            return language
    words = _WORD.findall(text)
    if not words:
        return ""
    scores: Counter[str] = Counter()
    for language, common in _COMMON_WORDS.items():
        scores[language] = sum(word in common for word in words)
        scores[language] += 2 * sum(word in _TELLING_WORDS[language] for word in words)
        if any(letter in text for letter in _LETTERS.get(language, "")):
            scores[language] += 1
    (best, most), (_, next_most) = scores.most_common(2)
    # A share of the words as well as a lead: a title in a foreign sentence is not its language.
    if most - next_most < _SURE or most * 6 < len(words):
        return ""
    return best
