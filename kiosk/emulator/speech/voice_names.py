"""Whether a voice's name is a woman's or a man's.

Source: Azure Speech documentation, "Language and voice support", text to speech voices
(10/2025), whose table says (Female) or (Male) behind each name; where it says nothing, the first
name does. OpenAI describes its voices without a gender: those are as they sound, unsure.
"""

from __future__ import annotations

from typing import Literal

Gender = Literal["female", "male", ""]

_FEMALE = """
aarohi aarti aashi abbi abril achara ada adri agnieszka aigul ainhoa alba alina amal amala amanda
amany amber amina ana ananya anahit andrea anila annette anu aoi arabella aria ariane ashley asilia
athina ava aysha banu beatriz belkys bella blessica bree brenda brigitte camila candela carlota
carly catalina celeste charline christel clara colette cora coralie dalia dana dariya dena denise
dhwani dilara diya eka elena elizabeth elke eloise elsa elsie elvira elza emel emily emma estrella
evelyn everita ezinne fabiola fatima fenna fernanda fiamma francisca freya gabrijela gadis
giovanna gisela grace gudrun gul hemkala hila hillevi hiugaai hiumaan hoaimy hollie hsiaochen
hsiaoyu iman imani imelda ingrid irene irma isabella iselin isidora jacqueline jane jenny jimin
joana joanne josephine kalina kani karina karla katja kavya keomany kim klarissa laia laila larissa
latifa layla leah leila leni leticia lia libby lola lorena louisa luna madina maisie maja manuela
margarita maria marija marina marta maryam mayu meera mekdes mia michelle molly monica mouna
nabanita nanami nancy natasha neerja nia nilar noemi noora noura nova nuria olivia ona orla
pallavi palmira paloma paola pernille petra phoebe pierina polina premwadee ramona rana raquel reem
rehema renata rosa sabela salma salome sana sapna sara saranya selma seohyeon seraphina serena
shimmer shiori shruti siqiniq siti sobhana sofia sofie sonia soonbok sophie sreymom subhasini sunhi
svetlana swara sylvie tania tanishaa tanja teresa thalita thando thilini tiana tina triana tuti
ubax uzma vaani valentina venba vera vesna viktoria vivienne vlasta xiaobei xiaochen xiaohan
xiaomeng xiaomin xiaomo xiaoni xiaoqiu xiaorou xiaorui xiaoshuang xiaotong xiaoxiao xiaoyan xiaoyi
xiaoyou xiaoyu xiaoyue xiaozhen ximena yan yara yashica yasmin yesui yolanda yujin yvette zariyah
zofia zuri coral marin sage ballad lisa lori meg
"""

_MALE = """
aarav abdullah abeo adam ahmet alain aled aleksandar alessio alex alfie ali alonso alvaro ameha
anbu ander andres andrew angelo antoine antonin antonio ardi arjun arnau arnaud asad avri babek
bashkar bassel bataa benigno bernd bongjin borislav brandon brian caleb calimero carlos cataldo
cecilio chanthavong chilemba christoph christopher claude colm connor conrad daichi dario darren
daudi daulet davis derek diego dimas dmitry donato duarte duncan dustin elias elimu elliot emil
emilio enric eric ethan fabio fabrice fahed farid federico finn florian gagan george gerard gerardo
gianni giorgi giuseppe gonzalo gookmin goran gulnawaz gunnar guy hamdan hamed harri hayk
hedi henri humberto hyunsu ilir injoon ismael jacob jajang jamal james jan jason javier jean jeppe
jerome jimmie jonas jorge joseph juan julio kai kasper keita ken kert killian klaus kumar kunal
laith leonas lewis liam liberto lisandro lorenzo luciano lucien luis lukas luke maarten macerio
madhur manohar manuel marcello marcelo marek mario masaru mateo mattias maurice midhun mitchell moaz
mohan muuse namminh naoki neil nestoras nicholas nicolau nil nils niranjan niwat noah ojas oliver
ollie omar onyx osman ostap pelayo piseth prabhat pradeep priyom rafiki ralf rami rehaan remy
rinaldo roberto rodrigo roger roi rok ryan sagar saleh salman sam sameera samuel sardor saul
sebastian shakir srecko steffan sukant surya taim tamas taqqiq teo themba thierry thiha thomas tim
tomas tony tristan tyler valerio valluvar victor wanlung wayne willem william yago yunbiao yundeng
yunfan yunfeng yunhao yunjhe yunjian yunjie yunqi yunsong yunxia yunxi yunxiang yunxiao yunyang
yunye yunyi yunze yunzhe yves ash cedar echo harry jeff max
"""

_GENDERS: dict[str, Gender] = {
    **dict.fromkeys(_MALE.split(), "male"),
    **dict.fromkeys(_FEMALE.split(), "female"),
}


def gender_of(name: str) -> Gender:
    """Return the gender of a voice's first name, as it is written in the voice's name."""
    return _GENDERS.get(name.lower(), "")
