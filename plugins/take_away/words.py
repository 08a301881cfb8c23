"""What visitors read of taking along, here and on their phone; English for languages not here."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "title": "Take it along",
        "scan": "Scan the code with your phone. It can be opened once, within {minutes} minutes.",
        "text": "Scan the code with your phone: it holds the answer.",
        "nothing": "There is no answer yet that you could take along.",
        "page": "From your visit",
        "once": "This page can be opened once. Open it where you want to read it.",
        "open": "Open",
        "gone": "This page was opened already, or its time is over.",
        "again": "At the screen you can have a new code.",
    },
    "de": {
        "title": "Zum Mitnehmen",
        "scan": "Scannen Sie den Code mit dem Telefon. Er gilt einmal, {minutes} Minuten lang.",
        "text": "Scannen Sie den Code mit dem Telefon: Er enthält die Antwort.",
        "nothing": "Noch gibt es keine Antwort zum Mitnehmen.",
        "page": "Von Ihrem Besuch",
        "once": "Diese Seite lässt sich einmal öffnen. Öffnen Sie sie dort, wo Sie lesen möchten.",
        "open": "Öffnen",
        "gone": "Diese Seite wurde schon geöffnet, oder ihre Zeit ist um.",
        "again": "Am Bildschirm bekommen Sie einen neuen Code.",
    },
    "ar": {
        "title": "خذوها معكم",
        "scan": "امسحوا الرمز بهاتفكم. يمكن فتحه مرة واحدة، خلال مدة أقصاها (بالدقائق): {minutes}.",
        "text": "امسحوا الرمز بهاتفكم: ففيه الإجابة.",
        "nothing": "لا توجد بعد إجابة يمكنكم أخذها معكم.",
        "page": "من زيارتكم",
        "once": "يمكن فتح هذه الصفحة مرة واحدة. افتحوها حيث تريدون قراءتها.",
        "open": "فتح",
        "gone": "سبق فتح هذه الصفحة، أو انتهت مدتها.",
        "again": "يمكنكم الحصول على رمز جديد من الشاشة.",
    },
    "es": {
        "title": "Para llevar",
        "scan": "Escanee el código con su teléfono. Vale una sola vez, durante {minutes} minutos.",
        "text": "Escanee el código con su teléfono: contiene la respuesta.",
        "nothing": "Todavía no hay ninguna respuesta que pueda llevarse.",
        "page": "De su visita",
        "once": "Esta página puede abrirse una vez. Ábrala donde quiera leerla.",
        "open": "Abrir",
        "gone": "Esta página ya se abrió, o su tiempo ha terminado.",
        "again": "En la pantalla puede obtener un código nuevo.",
    },
    "fr": {
        "title": "À emporter",
        "scan": "Scannez le code avec votre téléphone. Il est valable une fois, {minutes} minutes.",
        "text": "Scannez le code avec votre téléphone : il contient la réponse.",
        "nothing": "Il n’y a pas encore de réponse à emporter.",
        "page": "De votre visite",
        "once": "Cette page ne peut être ouverte qu’une fois. Ouvrez-la là où vous voulez la lire.",
        "open": "Ouvrir",
        "gone": "Cette page a déjà été ouverte, ou son délai est passé.",
        "again": "À l’écran, vous pouvez obtenir un nouveau code.",
    },
    "ja": {
        "title": "お持ち帰り",
        "scan": "スマートフォンでコードを読み取ってください。{minutes}分以内に一度だけ開けます。",
        "text": "スマートフォンでコードを読み取ってください。回答が入っています。",
        "nothing": "お持ち帰りいただける回答はまだありません。",
        "page": "ご来館の記録",
        "once": "このページは一度だけ開けます。お読みになる端末で開いてください。",
        "open": "開く",
        "gone": "このページはすでに開かれたか、有効時間が過ぎています。",
        "again": "画面で新しいコードを表示できます。",
    },
    "pt": {
        "title": "Para levar",
        "scan": "Leia o código com o telemóvel. Abre-se uma só vez, durante {minutes} minutos.",
        "text": "Leia o código com o telemóvel: contém a resposta.",
        "nothing": "Ainda não há nenhuma resposta para levar.",
        "page": "Da sua visita",
        "once": "Esta página só pode ser aberta uma vez. Abra-a onde a quiser ler.",
        "open": "Abrir",
        "gone": "Esta página já foi aberta, ou o seu prazo terminou.",
        "again": "No ecrã pode obter um novo código.",
    },
    "uk": {
        "title": "Візьміть із собою",
        "scan": "Відскануйте код телефоном. Відкрити його можна один раз, протягом {minutes} хв.",
        "text": "Відскануйте код телефоном: у ньому відповідь.",
        "nothing": "Поки що немає відповіді, яку можна взяти з собою.",
        "page": "З вашого візиту",
        "once": "Цю сторінку можна відкрити один раз. Відкрийте її там, де хочете читати.",
        "open": "Відкрити",
        "gone": "Цю сторінку вже відкривали, або її час минув.",
        "again": "На екрані можна отримати новий код.",
    },
    "zh": {
        "title": "带走内容",
        "scan": "请用手机扫描此码。{minutes}分钟内有效，只能打开一次。",
        "text": "请用手机扫描此码，答案就在其中。",
        "nothing": "目前还没有可以带走的回答。",
        "page": "来自您的参观",
        "once": "此页面只能打开一次，请在您想阅读的设备上打开。",
        "open": "打开",
        "gone": "此页面已被打开过，或已过有效时间。",
        "again": "您可以在屏幕上获取新的二维码。",
    },
}


def words(language: str) -> dict[str, str]:
    """Return our words in a language; English for those not written here."""
    return WORDS.get(language.partition("-")[0], WORDS["en"])
