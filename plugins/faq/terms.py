"""How words are looked for: passages and questions are folded alike, whatever their script."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MOST_WORDS: Final = 24
"""Words of a question that are looked for."""

# Chinese and Japanese have no spaces: each letter is a word of the index, two in a row are looked
# for. Of Japanese only what is not the small change of grammar, which every sentence has.
_WIDE: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_WEIGHTY: Final = re.compile(r"[\u30a1-\u30ff\u3400-\u9fff]+")
_WORD: Final = re.compile(r"[^\W_\u3040-\u30ff\u3400-\u9fff]+")
# Arabic writes "the", "to the" and "and the" as one word with what follows.
_ARTICLE: Final = re.compile(r"\b(?:[\u0648\u0641\u0628\u0643]?\u0627\u0644|\u0644\u0644)(?=\w{3})")


def bare(text: str) -> str:
    """Return a text without case, accents and Arabic articles."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _ARTICLE.sub("", letters)


# Words so common that they would match every passage. bm25 weighs them low, but a question made of
# them only should find nothing.
_COMMON: Final = frozenset(
    bare(
        """
    a an and are at be can could do does for from have how i if in is it me my of on or please
    the there this to want was we what when where which who why will with would you your tell
    about der die das den dem ein eine einen und oder ist sind kann ich mir mich wir sie es wie
    was wann wo wer warum bitte mit von zu für im in auf haben gibt hier
    darf dürfen mein meine hin here there any some take
    am been but by did get got has its let may must need our shall should so they us
    aber auch da darfst doch du er es etwas euch ihr ihre ins kannst man muss müssen musst nach
    nicht nur rein sein soll sollen uns unsere wohin zum zur
    au aux avec avez avons ce ces cette comment dans de des du elle est et être faire ici il je la
    le les ma mes mon nous où par pas peut peux pour pouvez puis que quel quelle qui quoi sont sur
    un une vos votre vous
    al algo aquí como cómo con cuál cuándo de del dónde el ella en es esta este están hacer hay la
    las lo los mi mis para por pueden puede puedo que qué quién se sin son su sus tengo tiene
    tienen un una unos y
    ao aos aqui até com como da das de do dos e ela ele em é está fazer há isso minha meu na nas no
    nos num o onde os ou para pela pelo podem pode posso qual quando que quem se sem são sua seu
    tem têm tenho uma
    або але ви вас вам все де для до є за з із і й й як яка який коли ласка люди мене мені ми мій
    моя можете можна можу на не ні по про та так там те ти то тут у в це чи що я
    أن أنا أنتم أو أي أين إلى إن الذي التي ذلك على عن في كيف لا لكم لكن لي ما ماذا متى مع من نحن
    هل هم هنا هناك هو هي و يا يمكن يمكنني يوجد توجد
    何 今 私 行 見 時 人 中 方 下 上 大
    请问 可以 什么 哪里 在哪 这里 那里 我们 你们 怎么 我想 有没 没有 想要 知道
        """
    ).split()
)


def indexed(text: str) -> str:
    """Return a text as it is put into the index."""
    return _WIDE.sub(lambda letter: f" {letter[0]} ", bare(text))


def query(question: str) -> str:
    """Return a question as an FTS5 expression; whatever was asked, it is a valid one."""
    plain = bare(question)
    words = [_term(word) for word in dict.fromkeys(_WORD.findall(plain)) if _counts(word)]
    pairs = [pair for run in _WEIGHTY.findall(plain) for pair in _pairs(run)]
    terms = [*words, *(f'"{" ".join(pair)}"' for pair in dict.fromkeys(pairs))]
    return " OR ".join(terms[:MOST_WORDS])


def _counts(word: str) -> bool:
    return word not in _COMMON and len(word) > 1


def _pairs(run: str) -> list[str]:
    """Return the letters of a run by twos, one alone as it is."""
    pairs = [run[at : at + 2] for at in range(max(1, len(run) - 1))]
    return [pair for pair in pairs if pair not in _COMMON]


def _term(word: str) -> str:
    """Return one word as FTS5 takes it: in quotes, and with endings that differ."""
    if len(word) < 4:
        return f'"{word}" OR "{word}s"'  # all that begins with `car` would be too much
    return f'"{word[:-1] if len(word) > 5 else word}"*'
