"""Everything the plugin says of a way, by language; another language is another of these.

Names of places come from the plan, in the case in which a sentence begins with them, so sentences
are built around that case: `{said}` is a subject wherever it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .route import Turn

Turns = Mapping[Turn, str]


@dataclass(frozen=True, slots=True)
class Language:
    """One language. Pairs are for one thing and for several; `lift_at` has a side, `lift` none."""

    walk: Turns
    walk_past: Turns
    leave: Turns
    leave_past: Turns
    side: Turns
    lift: str
    lift_at: str
    then: str
    here: str
    near: str
    this_floor: str
    other_floor: str
    that_is: tuple[str, str]
    end: tuple[str, str]
    is_are: tuple[str, str]
    here_label: str
    unknown: str
    no_way: str
    listing: str
    plan_title: str
    metres: str
    comma: str = ", "
    and_word: str = " and "
    stop: str = "."
    space: str = " "


def _turns(straight: str, left: str, right: str, back: str) -> Turns:
    return {"straight": straight, "left": left, "right": right, "back": back}


LANGUAGES: Final[Mapping[str, Language]] = {
    "en": Language(
        walk=_turns("go straight on", "turn left", "turn right", "turn round"),
        walk_past=_turns(
            "go straight on, {past}",
            "turn left and go {past}",
            "turn right and go {past}",
            "turn round and go {past}",
        ),
        leave=_turns(
            "leave the lift and go straight on",
            "leave the lift and turn left",
            "leave the lift and turn right",
            "leave the lift on the other side",
        ),
        leave_past=_turns(
            "leave the lift and go straight on, {past}",
            "leave the lift and go left, {past}",
            "leave the lift and go right, {past}",
            "leave the lift on the other side and go {past}",
        ),
        side=_turns("straight ahead", "on your left", "on your right", "behind you"),
        lift="take the lift {to}",
        lift_at="take the lift {side} {to}",
        then=", then ",
        here="{said} {is_are} right here",
        near="{said} {is_are} {side}",
        this_floor="{said} {is_are} on this floor, about {metres} metres away",
        other_floor="{said} {is_are} {on}",
        that_is=("that", "is"),
        end=("it is {side}", "they are {side}"),
        is_are=("is", "are"),
        here_label="You are here",
        unknown="I do not know that place here. You can ask me for {places}, or ask at the staff "
        "desk.",
        no_way="I know {said}, but no way there on foot. Please ask at the staff desk.",
        listing="{floor}: {places}.",
        plan_title="Floor plan",
        metres="About {metres} m",
    ),
    "de": Language(
        walk=_turns(
            "gehen Sie geradeaus",
            "gehen Sie nach links",
            "gehen Sie nach rechts",
            "drehen Sie sich um",
        ),
        walk_past=_turns(
            "gehen Sie geradeaus {past}",
            "gehen Sie nach links, {past}",
            "gehen Sie nach rechts, {past}",
            "drehen Sie sich um und gehen Sie {past}",
        ),
        leave=_turns(
            "gehen Sie aus dem Aufzug geradeaus",
            "gehen Sie aus dem Aufzug nach links",
            "gehen Sie aus dem Aufzug nach rechts",
            "verlassen Sie den Aufzug auf der anderen Seite",
        ),
        leave_past=_turns(
            "gehen Sie aus dem Aufzug geradeaus, {past}",
            "gehen Sie aus dem Aufzug nach links, {past}",
            "gehen Sie aus dem Aufzug nach rechts, {past}",
            "verlassen Sie den Aufzug auf der anderen Seite und gehen Sie {past}",
        ),
        side=_turns("geradeaus vor Ihnen", "links von Ihnen", "rechts von Ihnen", "hinter Ihnen"),
        lift="nehmen Sie den Aufzug {to}",
        lift_at="nehmen Sie den Aufzug {side} {to}",
        then=", dann ",
        here="{said} {is_are} gleich hier",
        near="{said} {is_are} {side}",
        this_floor="{said} {is_are} auf dieser Etage, etwa {metres} Meter entfernt",
        other_floor="{said} {is_are} {on}",
        that_is=("das", "ist"),
        end=("{said} ist dann {side}", "{said} sind dann {side}"),
        is_are=("ist", "sind"),
        here_label="Sie sind hier",
        unknown="Diesen Ort kenne ich hier nicht. Ich zeige Ihnen gern: {places}. Oder fragen "
        "Sie am Empfang.",
        no_way="Dorthin kenne ich keinen Weg zu Fuß: {said}. Bitte fragen Sie am Empfang.",
        listing="{floor}: {places}.",
        plan_title="Lageplan",
        metres="Etwa {metres} m",
        and_word=" und ",
    ),
    "ar": Language(
        walk=_turns("سيروا إلى الأمام", "انعطفوا يسارًا", "انعطفوا يمينًا", "استديروا إلى الخلف"),
        walk_past=_turns(
            "سيروا إلى الأمام {past}",
            "انعطفوا يسارًا وسيروا {past}",
            "انعطفوا يمينًا وسيروا {past}",
            "استديروا إلى الخلف وسيروا {past}",
        ),
        leave=_turns(
            "اخرجوا من المصعد وسيروا إلى الأمام",
            "اخرجوا من المصعد وانعطفوا يسارًا",
            "اخرجوا من المصعد وانعطفوا يمينًا",
            "اخرجوا من المصعد من الجهة الأخرى",
        ),
        leave_past=_turns(
            "اخرجوا من المصعد وسيروا إلى الأمام {past}",
            "اخرجوا من المصعد وسيروا يسارًا {past}",
            "اخرجوا من المصعد وسيروا يمينًا {past}",
            "اخرجوا من المصعد من الجهة الأخرى وسيروا {past}",
        ),
        side=_turns("أمامكم مباشرة", "على يساركم", "على يمينكم", "خلفكم"),
        lift="استقلوا المصعد {to}",
        lift_at="استقلوا المصعد {side} {to}",
        then="، ثم ",
        here="{said} هنا تمامًا",
        near="{said} {side}",
        this_floor="{said} في هذا الطابق، على بُعد نحو {metres} مترًا",
        other_floor="{said} {on}",
        that_is=("هذا المكان", ""),
        end=("{said} {side}", "{said} {side}"),
        is_are=("", ""),
        here_label="أنتم هنا",
        unknown="لا أعرف هذا المكان هنا. يمكنكم أن تسألوني عن {places}، أو أن تسألوا في مكتب "
        "الاستقبال.",
        no_way="أعرف {said}، لكن لا طريق إلى هناك سيرًا على الأقدام. يرجى السؤال في مكتب الاستقبال.",
        listing="{floor}: {places}.",
        plan_title="مخطط المبنى",
        metres="نحو {metres} م",
        comma=" و",
        and_word=" و",
    ),
    "es": Language(
        walk=_turns("siga recto", "gire a la izquierda", "gire a la derecha", "dé la vuelta"),
        walk_past=_turns(
            "siga recto, {past}",
            "gire a la izquierda y pase {past}",
            "gire a la derecha y pase {past}",
            "dé la vuelta y pase {past}",
        ),
        leave=_turns(
            "salga del ascensor y siga recto",
            "salga del ascensor y gire a la izquierda",
            "salga del ascensor y gire a la derecha",
            "salga del ascensor por el otro lado",
        ),
        leave_past=_turns(
            "salga del ascensor y siga recto, {past}",
            "salga del ascensor a la izquierda y pase {past}",
            "salga del ascensor a la derecha y pase {past}",
            "salga del ascensor por el otro lado y pase {past}",
        ),
        side=_turns("justo delante de usted", "a su izquierda", "a su derecha", "detrás de usted"),
        lift="tome el ascensor {to}",
        lift_at="tome el ascensor {side} {to}",
        then=", luego ",
        here="{said} {is_are} aquí mismo",
        near="{said} {is_are} {side}",
        this_floor="{said} {is_are} en esta planta, a unos {metres} metros",
        other_floor="{said} {is_are} {on}",
        that_is=("ese lugar", "está"),
        end=("está {side}", "están {side}"),
        is_are=("está", "están"),
        here_label="Está usted aquí",
        unknown="No conozco ese lugar aquí. Puede preguntarme por {places}, o preguntar en el "
        "mostrador de información.",
        no_way="Conozco {said}, pero ningún camino a pie hasta allí. Por favor, pregunte en el "
        "mostrador de información.",
        listing="{floor}: {places}.",
        plan_title="Plano",
        metres="Unos {metres} m",
        and_word=" y ",
    ),
    "fr": Language(
        walk=_turns(
            "continuez tout droit", "tournez à gauche", "tournez à droite", "faites demi-tour"
        ),
        walk_past=_turns(
            "continuez tout droit, en passant {past}",
            "tournez à gauche et passez {past}",
            "tournez à droite et passez {past}",
            "faites demi-tour et passez {past}",
        ),
        leave=_turns(
            "sortez de l’ascenseur et continuez tout droit",
            "sortez de l’ascenseur et tournez à gauche",
            "sortez de l’ascenseur et tournez à droite",
            "sortez de l’ascenseur de l’autre côté",
        ),
        leave_past=_turns(
            "sortez de l’ascenseur et continuez tout droit, en passant {past}",
            "sortez de l’ascenseur à gauche et passez {past}",
            "sortez de l’ascenseur à droite et passez {past}",
            "sortez de l’ascenseur de l’autre côté et passez {past}",
        ),
        side=_turns(
            "tout droit devant vous", "sur votre gauche", "sur votre droite", "derrière vous"
        ),
        lift="prenez l’ascenseur {to}",
        lift_at="prenez l’ascenseur {side} {to}",
        then=", puis ",
        here="{said} {is_are} juste ici",
        near="{said} {is_are} {side}",
        this_floor="{said} {is_are} à cet étage, à environ {metres} mètres",
        other_floor="{said} {is_are} {on}",
        that_is=("ce lieu", "est"),
        end=("c’est {side}", "c’est {side}"),
        is_are=("est", "sont"),
        here_label="Vous êtes ici",
        unknown="Je ne connais pas ce lieu ici. Vous pouvez me demander {places}, ou vous adresser "
        "à l’accueil.",
        no_way="Je connais {said}, mais aucun chemin à pied pour y aller. Veuillez demander à "
        "l’accueil.",
        listing="{floor}\u202f: {places}.",
        plan_title="Plan du bâtiment",
        metres="Environ {metres} m",
        and_word=" et ",
    ),
    "ja": Language(
        walk=_turns("まっすぐ進みます", "左に曲がります", "右に曲がります", "後ろを向きます"),
        walk_past=_turns(
            "{past}まっすぐ進みます",
            "左に曲がり、{past}進みます",
            "右に曲がり、{past}進みます",
            "後ろを向き、{past}進みます",
        ),
        leave=_turns(
            "エレベーターを降りてまっすぐ進みます",
            "エレベーターを降りて左に曲がります",
            "エレベーターを降りて右に曲がります",
            "エレベーターの反対側に降ります",
        ),
        leave_past=_turns(
            "エレベーターを降り、{past}まっすぐ進みます",
            "エレベーターを降りて左に曲がり、{past}進みます",
            "エレベーターを降りて右に曲がり、{past}進みます",
            "エレベーターの反対側に降り、{past}進みます",
        ),
        side=_turns("正面", "左手", "右手", "後ろ"),
        lift="エレベーターで{to}行きます",
        lift_at="{side}のエレベーターで{to}行きます",
        then="。次に",
        here="{said}はこちらです",
        near="{said}は{side}にあります",
        this_floor="{said}はこの階にあり、約{metres}メートルです",
        other_floor="{said}は{on}にあります",
        that_is=("そちら", ""),
        end=("{said}は{side}にあります", "{said}は{side}にあります"),
        is_are=("", ""),
        here_label="現在地",
        unknown="その場所はこちらではわかりません。{places}などをお尋ねいただくか、受付でお聞き"
        "ください。",
        no_way="{said}は存じておりますが、歩いて行く道がわかりません。受付でお尋ねください。",
        listing="{floor}には{places}があります。",
        plan_title="館内図",
        metres="約{metres} m",
        comma="、",
        and_word="、",
        stop="。",
        space="",
    ),
    "pt": Language(
        walk=_turns("siga em frente", "vire à esquerda", "vire à direita", "dê meia-volta"),
        walk_past=_turns(
            "siga em frente, passando {past}",
            "vire à esquerda e passe {past}",
            "vire à direita e passe {past}",
            "dê meia-volta e passe {past}",
        ),
        leave=_turns(
            "saia do elevador e siga em frente",
            "saia do elevador e vire à esquerda",
            "saia do elevador e vire à direita",
            "saia do elevador pelo outro lado",
        ),
        leave_past=_turns(
            "saia do elevador e siga em frente, passando {past}",
            "saia do elevador para a esquerda e passe {past}",
            "saia do elevador para a direita e passe {past}",
            "saia do elevador pelo outro lado e passe {past}",
        ),
        side=_turns("mesmo à sua frente", "à sua esquerda", "à sua direita", "atrás de si"),
        lift="apanhe o elevador {to}",
        lift_at="apanhe o elevador {side} {to}",
        then=", depois ",
        here="{said} {is_are} mesmo aqui",
        near="{said} {is_are} {side}",
        this_floor="{said} {is_are} neste andar, a cerca de {metres} metros",
        other_floor="{said} {is_are} {on}",
        that_is=("esse local", "fica"),
        end=("fica {side}", "ficam {side}"),
        is_are=("fica", "ficam"),
        here_label="Está aqui",
        unknown="Não conheço esse local aqui. Pode perguntar-me onde encontra {places}, ou "
        "perguntar na receção.",
        no_way="Conheço {said}, mas nenhum caminho a pé até lá. Por favor, pergunte na receção.",
        listing="{floor}: {places}.",
        plan_title="Planta do edifício",
        metres="Cerca de {metres} m",
        and_word=" e ",
    ),
    "uk": Language(
        walk=_turns("ідіть прямо", "поверніть ліворуч", "поверніть праворуч", "розверніться"),
        walk_past=_turns(
            "ідіть прямо {past}",
            "поверніть ліворуч і йдіть {past}",
            "поверніть праворуч і йдіть {past}",
            "розверніться і йдіть {past}",
        ),
        leave=_turns(
            "вийдіть із ліфта та йдіть прямо",
            "вийдіть із ліфта та поверніть ліворуч",
            "вийдіть із ліфта та поверніть праворуч",
            "вийдіть із ліфта з іншого боку",
        ),
        leave_past=_turns(
            "вийдіть із ліфта та йдіть прямо {past}",
            "вийдіть із ліфта та йдіть ліворуч {past}",
            "вийдіть із ліфта та йдіть праворуч {past}",
            "вийдіть із ліфта з іншого боку та йдіть {past}",
        ),
        side=_turns("прямо перед вами", "ліворуч від вас", "праворуч від вас", "позаду вас"),
        lift="підійдіть до ліфта та їдьте {to}",
        lift_at="сядьте в ліфт {side} та їдьте {to}",
        then=", потім ",
        here="{said} — просто тут",
        near="{said} — {side}",
        this_floor="{said} — на цьому поверсі, приблизно за {metres} метрів",
        other_floor="{said} — {on}",
        that_is=("це", ""),
        end=("{said} — {side}", "{said} — {side}"),
        is_are=("", ""),
        here_label="Ви тут",
        unknown="Такого місця тут я не знаю. Можете запитати мене, де {places}, або звернутися до "
        "стійки інформації.",
        no_way="Я знаю, де {said}, але пішки туди дороги немає. Будь ласка, зверніться до стійки "
        "інформації.",
        listing="{floor}: {places}.",
        plan_title="План поверхів",
        metres="Близько {metres} м",
        and_word=" і ",
    ),
    "zh": Language(
        walk=_turns("直走", "左转", "右转", "向后转"),
        walk_past=_turns("直走，{past}", "左转，{past}", "右转，{past}", "向后转，{past}"),
        leave=_turns("出电梯后直走", "出电梯后左转", "出电梯后右转", "从电梯另一侧出来"),
        leave_past=_turns(
            "出电梯后直走，{past}",
            "出电梯后左转，{past}",
            "出电梯后右转，{past}",
            "从电梯另一侧出来，{past}",
        ),
        side=_turns("您正前方", "您左手边", "您右手边", "您身后"),
        lift="乘电梯{to}",
        lift_at="乘{side}的电梯{to}",
        then="，然后",
        here="{said}就在这里",
        near="{said}就在{side}",
        this_floor="{said}在这一层，距离约{metres}米",
        other_floor="{said}{on}",
        that_is=("那里", ""),
        end=("{said}就在{side}", "{said}就在{side}"),
        is_are=("", ""),
        here_label="您在这里",
        unknown="我不知道这里有这个地方。您可以问我{places}在哪里，或到服务台咨询。",
        no_way="我知道{said}，但没有步行可到的路线。请到服务台咨询。",
        listing="{floor}有{places}。",
        plan_title="平面图",
        metres="约{metres}米",
        comma="、",
        and_word="和",
        stop="。",
        space="",
    ),
}
EN: Final = LANGUAGES["en"]
