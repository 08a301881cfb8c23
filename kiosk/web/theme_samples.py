"""What the preview of themes has a visitor say and be shown, in every language of the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kiosk.model import Card


@dataclass(frozen=True, slots=True)
class Sample:
    """A question, its answer, and a card of what is on today: title, each entry's two lines."""

    asked: str
    answered: str
    title: str
    entries: tuple[tuple[str, str], ...]

    def card(self) -> Card:
        """Return the card."""
        items = [{"title": title, "text": text} for title, text in self.entries]
        return Card("list", self.title, {"items": items}, id="preview")


_SAMPLES: Final = {
    "en": Sample(
        "Where is the harbour model?",
        "It is on the first floor, in gallery two. Take the lift on your left.",
        "On today",
        (
            ("Harbour tour", "11:00, meet at the desk"),
            ("Knot workshop", "14:00, second floor"),
            ("Lighthouse keepers", "16:30, gallery two"),
        ),
    ),
    "de": Sample(
        "Wo ist das Hafenmodell?",
        "Im ersten Stock, in Galerie zwei. Nehmen Sie den Aufzug links von Ihnen.",
        "Heute",
        (
            ("Hafenführung", "11:00, Treffpunkt am Empfang"),
            ("Knotenwerkstatt", "14:00, zweiter Stock"),
            ("Leuchtturmwärter", "16:30, Galerie zwei"),
        ),
    ),
    "fr": Sample(
        "Où est la maquette du port ?",
        "Au premier étage, dans la galerie deux. Prenez l’ascenseur à votre gauche.",
        "Aujourd’hui",
        (
            ("Visite du port", "11:00, rendez-vous à l’accueil"),
            ("Atelier de nœuds", "14:00, deuxième étage"),
            ("Gardiens de phare", "16:30, galerie deux"),
        ),
    ),
    "es": Sample(
        "¿Dónde está la maqueta del puerto?",
        "En el primer piso, en la galería dos. Tome el ascensor a su izquierda.",
        "Hoy",
        (
            ("Visita al puerto", "11:00, en la recepción"),
            ("Taller de nudos", "14:00, segundo piso"),
            ("Fareros", "16:30, galería dos"),
        ),
    ),
    "pt": Sample(
        "Onde está a maquete do porto?",
        "No primeiro andar, na galeria dois. Use o elevador à sua esquerda.",
        "Hoje",
        (
            ("Visita ao porto", "11:00, na receção"),
            ("Oficina de nós", "14:00, segundo andar"),
            ("Faroleiros", "16:30, galeria dois"),
        ),
    ),
    "uk": Sample(
        "Де макет гавані?",
        "На другому поверсі, у галереї два. Ліфт — ліворуч від вас.",
        "Сьогодні",
        (
            ("Екскурсія гаванню", "11:00, збір біля стійки"),
            ("Майстерня вузлів", "14:00, третій поверх"),
            ("Доглядачі маяка", "16:30, галерея два"),
        ),
    ),
    "ar": Sample(
        "أين نموذج الميناء؟",
        "في الطابق الأول، في القاعة الثانية. استخدموا المصعد على يساركم.",
        "اليوم",
        (
            ("جولة في الميناء", "11:00، اللقاء عند الاستقبال"),
            ("ورشة العُقَد", "14:00، الطابق الثاني"),
            ("حرّاس المنارة", "16:30، القاعة الثانية"),
        ),
    ),
    "ja": Sample(
        "港の模型はどこですか。",
        "二階の第二展示室にあります。左手のエレベーターをご利用ください。",
        "本日の催し",
        (
            ("港めぐり", "11:00、受付に集合"),
            ("ロープワーク教室", "14:00、三階"),
            ("灯台守の話", "16:30、第二展示室"),
        ),
    ),
    "zh": Sample(
        "港口模型在哪里？",
        "在二楼的第二展厅。请乘坐您左边的电梯。",
        "今日活动",
        (
            ("港口导览", "11:00，服务台集合"),
            ("绳结工坊", "14:00，三楼"),
            ("灯塔守护人", "16:30，第二展厅"),
        ),
    ),
}


def sample(language: str) -> Sample:
    """Return what is said in a language; English where it is one that only the site speaks."""
    return _SAMPLES.get(language) or _SAMPLES.get(language.split("-")[0]) or _SAMPLES["en"]
