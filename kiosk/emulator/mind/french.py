"""French, for the built-in mind."""

from __future__ import annotations

from kiosk.emulator.mind.tongue import Sentences, Tongue, any_case, counted, senses, word_set

FRENCH = Tongue(
    code="fr",
    sentences=Sentences(
        not_caught="Excusez-moi, je n'ai pas compris. Pouvez-vous répéter ?",
        welcome="Bonjour et bienvenue !",
        welcome_to="Bonjour et bienvenue ! Vous êtes ici : {place}.",
        introduce="Je suis un assistant informatique. Comment puis-je vous aider ?",
        goodbye="Au revoir, et bonne journée.",
        welcome_goodbye="Je vous en prie. Au revoir, et bonne journée.",
        nudge="Êtes-vous toujours là ? Je vous aide volontiers si vous avez une question.",
        thanks="Je vous en prie. Puis-je faire autre chose pour vous ?",
        self="Je suis un assistant informatique, pas une personne.",
        how="Je vais bien, merci. Comment puis-je vous aider ?",
        unknown="Désolé, je ne le sais pas.",
        ask_else="Posez-moi une autre question, ou adressez-vous au personnel.",
        offer="Je peux vous aider ainsi : {offers}.",
        offer_in_other_words="Je peux vous aider ainsi : {offers}.",
        which="Que cherchez-vous exactement ({name}) ?",
        which_of="Que cherchez-vous exactement : {choices} ?",
        not_known="Désolé, je ne connais pas cela. Je connais {choices}.",
        foreign_fact="Je n'ai que ce texte à ce sujet : {text}",
        done="C'est fait.",
        yes="Oui",
        no="Non",
        nothing="Rien n'a été trouvé",
        and_more=" et {count} de plus",
        failed="Désolé, cela n'a pas marché",
        is_word="est",
        at_word="à",
        or_word="ou",
        and_word="et",
        name_noted="Enchanté, {name}. Comment puis-je vous aider ?",
        your_name="Vous vous appelez {name}.",
        name_unknown="Vous ne m'avez pas dit votre nom.",
        you_asked="Vous avez dit : {words}",
        nothing_asked="Vous ne m'avez encore rien demandé.",
    ),
    stopwords=word_set(
        "quand etes est-ce qu heure jusqu a-t le la les l un une des du de d et ou mais est "
        "sont etait a au aux en dans sur sous avec pour par sans ce cet cette ces c que qui "
        "quoi quel quelle quels quelles comment je j tu il elle on nous vous ils elles me m te "
        "t se s mon ma mes votre vos leur y ne n pas oui non bonjour bonsoir salut merci ici "
        "la-bas puis peux peut pouvez avez ai as ont suis faire fait aller vais va trouve "
        "trouver cherche chercher voudrais veux aujourd hui demain maintenant plait si plus "
        "tres bien musee visiteur moi montrez dites voir quelque chose ya"
    ),
    meanings=senses(
        """
toilet: toilette* wc lavabo* sanitaires
cafe: cafe* restaurant* manger boire dejeuner faim soif gateau*
lift: ascenseur*
stairs: escalier* marches
open: ouvert* ouvre* ouvrez ouvrir ferme* fermez fermer horaire* heures
ticket: billet* ticket* entree* prix tarif* coute* combien reduit*
shop: boutique* magasin* souvenir* cadeau*
event: evenement* programme* visite* conference* atelier*
staff: personnel employe* personne quelqu humain accueil collegue*
accessible: fauteuil* accessible* poussette* handicap*
where: chemin direction* plan* itineraire proche
photo: photo* image* appareil flash
cloakroom: vestiaire* manteau* casier* sac sacs consigne* bagage*
parking: parking* voiture* stationn* garer
child: enfant* famille* bebe*
wifi: wifi internet
exhibition: exposition* collection*
gallery: galerie* salle*
weather: meteo temps pluie soleil
free: gratuit* libre
monday: lundi
thursday: jeudi
coin: piece* monnaie*
ship: bateau* navire*
"""
    ),
    numbers=counted("zero un deux trois quatre cinq six sept huit neuf dix onze douze"),
    days={
        "aujourd'hui": "today",
        "demain": "tomorrow",
        "lundi": "monday",
        "mardi": "tuesday",
        "mercredi": "wednesday",
        "jeudi": "thursday",
        "vendredi": "friday",
        "samedi": "saturday",
        "dimanche": "sunday",
    },
    way=any_case(
        r"\bou (?:est|sont|se trouve\w*|puis|peut|y a)\b|\bcomment (?:aller|alle[rz]|va|je vais)\b|"
        r"\baller (?:a|au|aux|vers)\b"
    ),
    small_talk=(
        (any_case(r"\b(?:au revoir|a bientot|bonne journee|adieu)\b"), "bye"),
        (any_case(r"\bmerci\b"), "thanks"),
        (
            any_case(
                r"\b(?:etes-vous|es-tu|vous etes|tu es) (?:un |une )?"
                r"(?:humain|robot|vrai|machine|personne)"
            ),
            "self",
        ),
        (any_case(r"\bqui (?:etes-vous|es-tu)\b|\bcomment (?:vous appelez|t'appelles)"), "self"),
        (any_case(r"\bcomment (?:allez-vous|vas-tu|ca va)\b|\bca va\b"), "how"),
        (any_case(r"\bque (?:pouvez-vous|peux-tu|savez-vous|sais-tu)\b"), "offer"),
        (any_case(r"\bcomment je m'appelle\b|\bquel est mon nom\b|\bqui suis-je\b"), "my_name"),
        (
            any_case(
                r"\bqu'(?:est-ce que j'|)ai(?:-je)? (?:\w+ )?(?:demande|dit)\b|"
                r"\bquelle etait ma question\b"
            ),
            "asked",
        ),
        (any_case(r"\brepete\w*|\bpardon\b|\bencore une fois\b"), "again"),
    ),
    hello=any_case(r"^\W*(?:bonjour|bonsoir|salut|coucou)\b"),
    follow_up=any_case(r"^\W*(?:et|ou alors|qu'en est-il d[eu])\b"),
    conjunction=any_case(r",?\s+et(?:\s+(?:aussi|puis))?\s+"),
    before_noun=any_case(
        r"^.*?\b(?:ou (?:est|sont|se trouve\w*|puis-je trouver)|comment (?:aller|on va|je vais)|"
        r"cherche|montrez-moi|voudrais|qu'est-ce que|c'est quoi|qui (?:est|etait)|y a-t-il|"
        r"avez-vous|parlez-moi d[eu]|et|ou)\s+"
    ),
    article=any_case(r"^(?:(?:le|la|les|un|une|des|du|de|a|au|aux|vers|ici)\s+|l'|d')+"),
    after_noun=any_case(r"(?:\s+(?:s'il vous plait|s'il te plait|ici|aujourd'hui|merci))+$"),
    name_given=any_case(r"\b(?:je m'appelle|mon nom est|appelez-moi)\s+([^\W\d_][\w'-]*)"),
)
