"""German, for the built-in mind."""

from __future__ import annotations

from kiosk.emulator.mind.tongue import Sentences, Tongue, any_case, counted, senses, word_set

GERMAN = Tongue(
    code="de",
    sentences=Sentences(
        not_caught="Entschuldigung, das habe ich nicht verstanden. Sagen Sie es bitte noch einmal.",
        welcome="Hallo und herzlich willkommen!",
        welcome_to="Hallo und herzlich willkommen! Sie sind hier: {place}.",
        introduce="Ich bin ein Computer-Assistent. Wie kann ich Ihnen helfen?",
        goodbye="Auf Wiedersehen, und einen schönen Tag noch.",
        welcome_goodbye="Gern geschehen. Auf Wiedersehen, und einen schönen Tag noch.",
        nudge="Sind Sie noch da? Ich helfe Ihnen gern, wenn Sie eine Frage haben.",
        thanks="Gern geschehen. Kann ich sonst noch etwas für Sie tun?",
        self="Ich bin ein Computer-Assistent, kein Mensch.",
        how="Danke, mir geht es gut. Wie kann ich Ihnen helfen?",
        unknown="Das weiß ich leider nicht.",
        ask_else="Fragen Sie mich gern etwas anderes, oder wenden Sie sich an das Personal.",
        offer="Dabei kann ich helfen: {offers}.",
        offer_in_other_words="Dabei kann ich helfen: {offers}.",
        which="Was genau meinen Sie ({name})?",
        which_of="Was genau meinen Sie: {choices}?",
        not_known="Das kenne ich leider nicht. Ich kenne {choices}.",
        foreign_fact="Dazu habe ich nur diesen Text: {text}",
        done="Erledigt.",
        yes="Ja",
        no="Nein",
        nothing="Es wurde nichts gefunden",
        and_more=" und {count} weitere",
        failed="Das hat leider nicht geklappt",
        is_word="ist",
        at_word="um",
        or_word="oder",
        and_word="und",
        name_noted="Freut mich, {name}. Wie kann ich Ihnen helfen?",
        your_name="Sie heißen {name}.",
        name_unknown="Sie haben mir Ihren Namen noch nicht gesagt.",
        you_asked="Sie sagten: {words}",
        nothing_asked="Sie haben mich noch nichts gefragt.",
    ),
    stopwords=word_set(
        "wann warum habt welche welcher welches wieviel bis ab seid der die das den dem des ein "
        "eine einen einem einer eines und oder aber auch ist sind war bin bist wie was wer ich "
        "du er sie es wir ihr mich mir dich dir uns euch ihnen ihn ihm mein meine meinen meiner "
        "ihre ihren nicht kein keine auf aus bei mit nach von vom zu zum zur im am an in fur "
        "uber unter gibt geht hat habe haben hatte kann konnen konnte konnten konnt will wollen "
        "mochte mochten muss mussen soll darf bitte hier da dort heute morgen jetzt noch mal "
        "einmal gern gerne komme kommt kommen finde findet finden suche suchen sagen sage "
        "zeigen zeig zeige wissen denn man so dass ja nein hallo danke guten tag herr frau "
        "museum besucher um als wenn etwas viel vielen schon wird werden"
    ),
    meanings=senses(
        """
toilet: toilette* klo* wc waschraum* damentoilette* herrentoilette*
cafe: cafe* kaffee* restaurant* essen trinken mittagessen hunger hungrig durst* kuchen imbiss
lift: aufzug* fahrstuhl* lift*
stairs: treppe* stufen
open: geoffnet offen offn* offne* schliess* geschlossen offnungszeit*
ticket: ticket* eintritt* preis* kostet kosten karte karten ermassig*
shop: laden shop* souvenir* andenken geschaft museumsladen
event: veranstaltung* programm* fuhrung* vortrag* workshop* los
staff: mitarbeiter* personal mensch menschen jemand* kollege* kollegin* empfang* rezeption
accessible: rollstuhl* barrierefrei* kinderwagen behindert*
where: wo wohin weg wege route plan nachste nachster nachstes
photo: foto* fotografier* bild* kamera* blitz*
cloakroom: garderobe* mantel jacke* schliessfach* tasche taschen rucksack* gepack*
parking: park* auto* parkplatz*
child: kind kinder* familie* baby* kleinkind*
wifi: wlan* wifi internet*
exhibition: ausstellung* sammlung* exponat*
gallery: galerie* saal raum raume
weather: wetter* regen* sonne*
time: uhr uhrzeit spat
free: kostenlos gratis umsonst frei
monday: montag montags
thursday: donnerstag donnerstags
coin: munze* munzen
ship: schiff*
"""
    ),
    numbers=counted("null eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf"),
    days={
        "heute": "today",
        "morgen": "tomorrow",
        "montag": "monday",
        "dienstag": "tuesday",
        "mittwoch": "wednesday",
        "donnerstag": "thursday",
        "freitag": "friday",
        "samstag": "saturday",
        "sonntag": "sunday",
    },
    way=any_case(r"\bwie komm\w* (?:ich|wir|man)\b|\bwo\b|\bwohin\b|\bweg (?:zu|nach)\b"),
    small_talk=(
        (any_case(r"\b(?:auf wiedersehen|wiedersehen|tschuss|ciao|bis bald)\b"), "bye"),
        (any_case(r"\b(?:danke|dankeschon|vielen dank)\b"), "thanks"),
        (
            any_case(
                r"\b(?:bist du|sind sie) (?:ein |eine )?(?:mensch|echt|roboter|maschine|computer)"
            ),
            "self",
        ),
        (any_case(r"\bwer (?:bist du|sind sie)\b|\bwie (?:heisst du|heissen sie)\b"), "self"),
        (any_case(r"\bwie geht(?:'?s| es)\b"), "how"),
        (any_case(r"\b(?:was|wobei) (?:kannst|konnen|weisst|wissen) (?:du|sie)\b"), "offer"),
        (any_case(r"\bwie heisse ich\b|\b(?:mein|meinen) namen?\b.*\?|\bwer bin ich\b"), "my_name"),
        (
            any_case(
                r"\bwas habe ich (?:\w+ )?(?:gefragt|gesagt)\b|\bwas war meine (?:\w+ )?frage\b"
            ),
            "asked",
        ),
        (any_case(r"\bnoch (?:ein)?mal\b|\bwiederhol\w*|\bwie bitte\b"), "again"),
    ),
    hello=any_case(r"^\W*(?:hallo|hi|hey|guten (?:morgen|tag|abend)|gruss gott|moin|servus)\b"),
    follow_up=any_case(r"^\W*(?:und|oder|was ist mit|wie ist es mit)\b"),
    conjunction=any_case(r",?\s+und(?:\s+(?:auch|dann))?\s+"),
    before_noun=any_case(
        r"^.*?\b(?:wo (?:ist|sind|finde ich|finden wir|gibt es|liegt|liegen|geht es)|"
        r"wie komm\w* (?:ich|wir|man)|suche|suchen|zeig\w*(?: sie)?(?: mir)?|brauche|"
        r"mochte(?: ich)?|was (?:ist|sind)|wer (?:ist|war)|gibt es|haben sie|hast du|"
        r"erzahl\w*(?: sie)? mir (?:etwas )?(?:von|uber)|uber|und|oder)\s+"
    ),
    article=any_case(
        r"^(?:(?:der|die|das|den|dem|ein|eine|einen|einem|einer|zu|zum|zur|nach|in|hier|"
        r"nachste[nrs]?)\s+)+"
    ),
    after_noun=any_case(r"(?:\s+(?:bitte|hier|heute|jetzt|denn|danke|von hier))+$"),
    name_given=any_case(
        r"\b(?:mein name ist|ich hei(?:ß|ss)e|nenn(?:en sie)? mich)\s+([^\W\d_][\w'-]*)"
    ),
)
