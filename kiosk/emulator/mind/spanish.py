"""Spanish, for the built-in mind."""

from __future__ import annotations

from kiosk.emulator.mind.tongue import Sentences, Tongue, any_case, counted, senses, word_set

SPANISH = Tongue(
    code="es",
    sentences=Sentences(
        not_caught="Perdone, no le he entendido. ¿Puede repetirlo?",
        welcome="¡Hola y bienvenidos!",
        welcome_to="¡Hola y bienvenidos! Están aquí: {place}.",
        introduce="Soy un asistente informático. ¿En qué puedo ayudarle?",
        goodbye="Adiós, y que tenga un buen día.",
        welcome_goodbye="De nada. Adiós, y que tenga un buen día.",
        nudge="¿Sigue ahí? Le ayudo con mucho gusto si tiene una pregunta.",
        thanks="De nada. ¿Puedo ayudarle en algo más?",
        self="Soy un asistente informático, no una persona.",
        how="Estoy bien, gracias. ¿En qué puedo ayudarle?",
        unknown="Lo siento, eso no lo sé.",
        ask_else="Pregúnteme otra cosa, o diríjase al personal.",
        offer="Puedo ayudarle con esto: {offers}.",
        offer_in_other_words="Puedo ayudarle con esto: {offers}.",
        which="¿Qué busca exactamente ({name})?",
        which_of="¿Qué busca exactamente: {choices}?",
        not_known="Lo siento, eso no lo conozco. Conozco {choices}.",
        foreign_fact="Solo tengo este texto al respecto: {text}",
        done="Hecho.",
        yes="Sí",
        no="No",
        nothing="No se ha encontrado nada",
        and_more=" y {count} más",
        failed="Lo siento, eso no ha funcionado",
        is_word="es",
        at_word="a las",
        or_word="o",
        and_word="y",
        name_noted="Mucho gusto, {name}. ¿En qué puedo ayudarle?",
        your_name="Usted se llama {name}.",
        name_unknown="Todavía no me ha dicho su nombre.",
        you_asked="Usted dijo: {words}",
        nothing_asked="Todavía no me ha preguntado nada.",
    ),
    stopwords=word_set(
        "hora cuantos hasta el la los las un una unos unas de del y o pero es son esta estan "
        "era a al con en para por sin sobre que quien como cual yo tu usted ustedes nosotros mi "
        "me se lo le les nos su sus no si hay puedo puede pueden tengo tiene tienen tener "
        "quiero quisiera busco buscar favor hola gracias adios buenos buenas dias tardes aqui "
        "alli hoy manana ahora muy mas este esto ese eso llego llegar voy ir ver decir museo "
        "visitante donde cuando"
    ),
    meanings=senses(
        """
toilet: bano* aseo* servicio servicios lavabo* wc
cafe: cafe* restaurante* comer beber comida hambre sed almuerzo pastel
lift: ascensor* elevador*
stairs: escalera* escalones
open: abierto* abre abren abrir cierra cierran cerrar cerrado* horario* horas
ticket: entrada* billete* boleto* precio* cuesta cuestan cuanto tarifa*
shop: tienda* recuerdo* regalo*
event: evento* programa* visita* charla* taller*
staff: personal empleado* persona alguien humano recepcion companero*
accessible: silla* accesible* carrito minusval*
where: donde camino direccion* mapa plano cerca
photo: foto* imagen* camara* flash
cloakroom: guardarropa* abrigo* taquilla* bolso* mochila* equipaje* consigna*
parking: aparca* coche* estacion* parking
child: nino* nina* familia* bebe*
wifi: wifi internet
exhibition: exposicion* coleccion*
gallery: galeria* sala salas
weather: clima lluvia sol
free: gratis gratuito gratuita libre
monday: lunes
thursday: jueves
coin: moneda*
ship: barco*
"""
    ),
    numbers=counted("cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce"),
    days={
        "hoy": "today",
        "manana": "tomorrow",
        "lunes": "monday",
        "martes": "tuesday",
        "miercoles": "wednesday",
        "jueves": "thursday",
        "viernes": "friday",
        "sabado": "saturday",
        "domingo": "sunday",
    },
    way=any_case(r"\bdonde\b|\bcomo (?:llego|llegar|voy|se va|se llega)\b|\bir (?:a|al)\b"),
    small_talk=(
        (any_case(r"\b(?:adios|hasta luego|hasta pronto|chao)\b"), "bye"),
        (any_case(r"\bgracias\b"), "thanks"),
        (
            any_case(r"\b(?:eres|es usted) (?:un |una )?(?:humano|robot|persona|maquina|real)"),
            "self",
        ),
        (any_case(r"\bquien (?:eres|es usted)\b|\bcomo (?:te llamas|se llama usted)\b"), "self"),
        (any_case(r"\bcomo esta(?:s| usted)?\b|\bque tal\b"), "how"),
        (any_case(r"\bque (?:puedes|puede|sabes|sabe) (?:usted )?(?:hacer|hace|ayudar)?"), "offer"),
        (any_case(r"\bcomo me llamo\b|\bcual es mi nombre\b|\bquien soy\b"), "my_name"),
        (
            any_case(r"\bque (?:te |le )?(?:he )?(?:pregunt|dij)\w*|\bcual fue mi pregunta\b"),
            "asked",
        ),
        (any_case(r"\brepit\w*|\brepet\w*|\botra vez\b|\bcomo dice\b"), "again"),
    ),
    hello=any_case(r"^\W*(?:hola|buenos dias|buenas (?:tardes|noches)|buenas)\b"),
    follow_up=any_case(r"^\W*(?:y|o|que hay de|y que tal)\b"),
    conjunction=any_case(r",?\s+[ye](?:\s+(?:tambien|luego))?\s+"),
    before_noun=any_case(
        r"^.*?\b(?:donde (?:esta|estan|queda|quedan|hay|encuentro)|como (?:llego|voy|se va)|busco|"
        r"muestreme|ensename|quiero|quisiera|que (?:es|son)|quien (?:es|fue)|hay|tienen|tiene|"
        r"hableme de|sobre|y|o)\s+"
    ),
    article=any_case(r"^(?:(?:el|la|los|las|un|una|unos|unas|a|al|de|del|hacia|aqui)\s+)+"),
    after_noun=any_case(r"(?:\s+(?:por favor|aqui|hoy|ahora|gracias))+$"),
    name_given=any_case(r"\b(?:me llamo|mi nombre es|ll[aá]meme)\s+([^\W\d_][\w'-]*)"),
)
