"""The words that the French rules know, as data."""

from __future__ import annotations

MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()

SHORT_MONTHS = {
    "janv": "janvier",
    "févr": "février",
    "fév": "février",
    "avr": "avril",
    "juil": "juillet",
    "sept": "septembre",
    "oct": "octobre",
    "nov": "novembre",
    "déc": "décembre",
}
"""After a day; May, March, June and August are not shortened."""

DAYS = {
    "lun": "lundi",
    "mar": "mardi",
    "mer": "mercredi",
    "jeu": "jeudi",
    "ven": "vendredi",
    "sam": "samedi",
    "dim": "dimanche",
}
"""With a full stop, before a number."""

CURRENCIES = {
    "€": ("euro", "euros"),
    "$": ("dollar", "dollars"),
    "£": ("livre", "livres"),
    "¥": ("yen", "yens"),
    "EUR": ("euro", "euros"),
    "USD": ("dollar", "dollars"),
    "GBP": ("livre", "livres"),
    "CHF": ("franc suisse", "francs suisses"),
}

_PLURAL_S = {
    "km": "kilomètre",
    "hm": "hectomètre",
    "m": "mètre",
    "dm": "décimètre",
    "cm": "centimètre",
    "mm": "millimètre",
    "µm": "micromètre",
    "nm": "nanomètre",
    "kg": "kilogramme",
    "g": "gramme",
    "mg": "milligramme",
    "µg": "microgramme",
    "t": "tonne",
    "l": "litre",
    "L": "litre",
    "dl": "décilitre",
    "cl": "centilitre",
    "ml": "millilitre",
    "mL": "millilitre",
    "ha": "hectare",
    "min": "minute",
    "mn": "minute",
    "s": "seconde",
    "ms": "milliseconde",
    "W": "watt",
    "kW": "kilowatt",
    "MW": "mégawatt",
    "kWh": "kilowattheure",
    "V": "volt",
    "A": "ampère",
    "mA": "milliampère",
    "Hz": "hertz",
    "kHz": "kilohertz",
    "MHz": "mégahertz",
    "GHz": "gigahertz",
    "dB": "décibel",
    "o": "octet",
    "Ko": "kilooctet",
    "ko": "kilooctet",
    "Mo": "mégaoctet",
    "Go": "gigaoctet",
    "To": "téraoctet",
    "hPa": "hectopascal",
    "kcal": "kilocalorie",
    "kJ": "kilojoule",
    "px": "pixel",
    "oz": "once",
}
_OTHERS = {
    "km/h": ("kilomètre heure", "kilomètres heure"),
    "m/s": ("mètre par seconde", "mètres par seconde"),
    "Mo/s": ("mégaoctet par seconde", "mégaoctets par seconde"),
    "Go/s": ("gigaoctet par seconde", "gigaoctets par seconde"),
    "Mbps": ("mégabit par seconde", "mégabits par seconde"),
    "Gbps": ("gigabit par seconde", "gigabits par seconde"),
    "Mbit/s": ("mégabit par seconde", "mégabits par seconde"),
    "km²": ("kilomètre carré", "kilomètres carrés"),
    "m²": ("mètre carré", "mètres carrés"),
    "cm²": ("centimètre carré", "centimètres carrés"),
    "m³": ("mètre cube", "mètres cubes"),
    "cm³": ("centimètre cube", "centimètres cubes"),
    "m2": ("mètre carré", "mètres carrés"),
    "m3": ("mètre cube", "mètres cubes"),
    "°C": ("degré Celsius", "degrés Celsius"),
    "°F": ("degré Fahrenheit", "degrés Fahrenheit"),
    "°": ("degré", "degrés"),
}
UNITS = {
    **{sign: (name, name if name.endswith("z") else f"{name}s") for sign, name in _PLURAL_S.items()},
    **_OTHERS,
}
"""Sign -> its name for one and for many."""

TENS = {
    "": "",
    "2": "vingt et ",
    "3": "trente et ",
    "4": "quarante et ",
    "5": "cinquante et ",
    "6": "soixante et ",
    "8": "quatre-vingt-",
}

NINES = {
    "": "neuf",
    "1": "dix-neuf",
    "2": "vingt-neuf",
    "3": "trente-neuf",
    "4": "quarante-neuf",
    "5": "cinquante-neuf",
    "6": "soixante-neuf",
}
"""Tens and nine."""

FEMININE = (
    "(?:heure|minute|seconde|milliseconde|journée|semaine|année|tonne|livre|personne|page|place|pièce|voiture|maison|"
    "femme|fille|chose|étoile|pomme|tasse|cuillère|bouteille|boîte|portion|étape|question|réponse|ligne|phrase|photo|"
    "chanson|île|ville|rue|partie|minute|fleur|table|chaise|vache|poule|victoire|défaite|recette|calorie|kilocalorie|once)s?|fois"
)
"""Nouns before which 21 is "vingt et une"."""

RULERS = (
    "Louis|Henri|Charles|François|Philippe|Napoléon|Jean|Jean-Paul|Benoît|Pie|Léon|Grégoire|Clément|Innocent|Urbain|"
    "Élisabeth|Elizabeth|Élizabeth|Edouard|Édouard|George|Georges|Guillaume|Richard|Jacques|Albert|Léopold|Alexandre|"
    "Nicolas|Pierre|Catherine|Frédéric|Ramsès|Robert|Hugues|Baudouin|Mohammed|Hassan|Vatican"
)

NUMBERED = (
    "chapitre|tome|acte|livre|volume|partie|scène|annexe|titre|type|phase|niveau|section|article|guerre mondiale|"
    "apollo|rocky|alien|star wars"
)

_S = "[ \u00a0\u202f]"
ABBREVIATIONS = (
    (rf"\b[nN][°º]{_S}?(?=\d)", "numéro "),
    (rf"\b[nN]os{_S}(?=\d)", "numéros "),
    (rf"\bpp\.{_S}?(?=\d)", "pages "),
    (rf"\bp\.{_S}?(?=\d)", "page "),
    (rf"\bchap\.{_S}?(?=\d|[IVX])", "chapitre "),
    (rf"\bart\.{_S}?(?=\d)", "article "),
    (rf"\bfig\.{_S}?(?=\d)", "figure "),
    (rf"\bvol\.{_S}?(?=\d|[IVX])", "volume "),
    (rf"\bav\.{_S}?J\.?-{_S}?C\b(?:\.(?=[^\n]*\w))?", "avant Jésus-Christ"),
    (rf"\bapr?\.{_S}?J\.?-{_S}?C\b(?:\.(?=[^\n]*\w))?", "après Jésus-Christ"),
    (rf"\bav\.{_S}(?=[A-ZÀ-Þ])", "avenue "),
    (rf"\bb(?:oule)?v?d\.?{_S}(?=[A-ZÀ-Þ])", "boulevard "),
    (rf"\bpl\.{_S}(?=[A-ZÀ-Þ])", "place "),
    (r"(?i:\bc\.-à-d\.)", "c’est-à-dire"),
    (rf"\b[pP](?:ar|\.){_S}?ex\.", "par exemple"),
    (r"\b[cC]f\.", "voir"),
    (r"\benv\.", "environ"),
    (rf"\b([tT])él\.{_S}?:?{_S}?", r"\1éléphone "),
    (rf"\bmin\.{_S}(?=\d)", "minimum "),
    (rf"\bmax\.{_S}(?=\d)", "maximum "),
    (r"\bvs\b\.?", "contre"),
    (r"\bds\b(?= (?:le|la|les|un|une)\b)", "dans"),
    (r"\bqqn\b", "quelqu’un"),
    (r"\b([Rr])dv\b|\bRDV\b", "rendez-vous"),
    (r"\bM\.(?= et M(?:me|lle|adame)\b)", "Monsieur"),
    (r"\bM\.(?= (?:le|la|les|l['’]))", "Monsieur"),
    (r"(?<=\d )M(?= d['’e])", "millions"),
    (r"(?<=\d )[mM]ds?(?= d['’e])", "milliards"),
    (r"\bhab\./km(?:²|2)", "habitants par kilomètre carré"),
    (r"(?:\b1/2|½) c\. ?à ?s\.(?=[^\n]*\w)", "une demi cuillère à soupe"),
    (r"(?:\b1/2|½) c\. ?à ?c\.(?=[^\n]*\w)", "une demi cuillère à café"),
    (r"(?<=\b1 )c\. ?à ?s\.(?=[^\n]*\w)", "cuillère à soupe"),
    (r"(?<=\b1 )c\. ?à ?c\.(?=[^\n]*\w)", "cuillère à café"),
    (r"(?<=\d )c\. ?à ?s\.(?=[^\n]*\w)", "cuillères à soupe"),
    (r"(?<=\d )c\. ?à ?c\.(?=[^\n]*\w)", "cuillères à café"),
    (r"\bqqch\b", "quelque chose"),
    (r"\bStés?\b", "société"),
    (rf"\bSt(?:[.]{_S}?|-|{_S})(?=[A-ZÀ-Þ])", "Saint "),
    (rf"\bSte(?:[.]{_S}?|-|{_S})(?=[A-ZÀ-Þ])", "Sainte "),
    (r"(?<=\w )&(?= \w)", "et"),
)
"""Pattern and what is said."""

TITLES = {
    "M.": "Monsieur",
    "MM.": "Messieurs",
    "Dr.": "Docteur",
    "Dr": "Docteur",
    "Pr.": "Professeur",
    "Pr": "Professeur",
    "Prof.": "Professeur",
    "Me": "Maître",
    "Mgr": "Monseigneur",
    "Mgr.": "Monseigneur",
    "Mme.": "Madame",
    "Mme": "Madame",
    "Mmes": "Mesdames",
    "Mlle": "Mademoiselle",
    "Mlles": "Mesdemoiselles",
}
"""Before a name."""

SPELLED = {
    **{
        name: " ".join(name)
        for name in (
            "AFP AG AOC APL ARS AVC BCE BD CEO CHU CIA CM1 CM2 CMU DGSE ECG EDF EELV EPI ETI EURL FAQ FBI FMI GPA GPU "
            "HDMI HEC IA IGN IRM ISBN IST IUT IVG JO LFI OCDE OL OM OMS OPA ORL PIB PMA PME QI RER RIB RMI RSA SARL "
            "SAS SAV SPA SUV UE UHD UHT UK UMP UV VIH"
        ).split()
    },
    "EHPAD": "épade",
    "ENA": "Éna",
    "INSEE": "Insé",
}
"""Read as words by eSpeak, and by nobody else; or as English."""
