"""The words that the English rules know, as data."""

from __future__ import annotations

MONTHS = "January February March April May June July August September October November December".split()

SHORT_MONTHS = {
    "Jan": "January",
    "Feb": "February",
    "Mar": "March",
    "Apr": "April",
    "Jun": "June",
    "Jul": "July",
    "Aug": "August",
    "Sept": "September",
    "Sep": "September",
    "Oct": "October",
    "Nov": "November",
    "Dec": "December",
}
"""Beside a number."""

CURRENCIES = {
    "€": ("euro", "euros"),
    "$": ("dollar", "dollars"),
    "£": ("pound", "pounds"),
    "¥": ("yen", "yen"),
    "USD": ("dollar", "dollars"),
    "EUR": ("euro", "euros"),
    "GBP": ("pound", "pounds"),
}
_CENT = ("cent", "cents")
CENTS = {sign: ("penny", "pence") if sign in ("£", "GBP") else _CENT for sign in CURRENCIES}

SCALES = {
    "K": "thousand",
    "k": "thousand",
    "M": "million",
    "B": "billion",
    "bn": "billion",
    "tn": "trillion",
}

_PLURAL_S = {
    "km": "kilometer",
    "m": "meter",
    "cm": "centimeter",
    "mm": "millimeter",
    "nm": "nanometer",
    "kg": "kilogram",
    "g": "gram",
    "mg": "milligram",
    "µg": "microgram",
    "L": "liter",
    "l": "liter",
    "ml": "milliliter",
    "mL": "milliliter",
    "cl": "centiliter",
    "lb": "pound",
    "oz": "ounce",
    "gal": "gallon",
    "mi": "mile",
    "yr": "year",
    "yd": "yard",
    "hr": "hour",
    "h": "hour",
    "min": "minute",
    "sec": "second",
    "s": "second",
    "ms": "millisecond",
    "W": "watt",
    "kW": "kilowatt",
    "MW": "megawatt",
    "kWh": "kilowatt hour",
    "V": "volt",
    "A": "amp",
    "mA": "milliamp",
    "dB": "decibel",
    "KB": "kilobyte",
    "kB": "kilobyte",
    "MB": "megabyte",
    "GB": "gigabyte",
    "TB": "terabyte",
    "px": "pixel",
    "kcal": "kilocalorie",
    "acre": "acre",
    "tbsp": "tablespoon",
    "tsp": "teaspoon",
}
_OTHERS = {
    "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "ft": ("foot", "feet"),
    "lbs": ("pound", "pounds"),
    "yrs": ("year", "years"),
    "hrs": ("hour", "hours"),
    "mins": ("minute", "minutes"),
    "secs": ("second", "seconds"),
    "mph": ("mile per hour", "miles per hour"),
    "mpg": ("mile per gallon", "miles per gallon"),
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "m/s": ("meter per second", "meters per second"),
    "MB/s": ("megabyte per second", "megabytes per second"),
    "GB/s": ("gigabyte per second", "gigabytes per second"),
    "Mbps": ("megabit per second", "megabits per second"),
    "Gbps": ("gigabit per second", "gigabits per second"),
    "rpm": ("revolution per minute", "revolutions per minute"),
    "fps": ("frame per second", "frames per second"),
    "sq ft": ("square foot", "square feet"),
    "km²": ("square kilometer", "square kilometers"),
    "m²": ("square meter", "square meters"),
    "cm²": ("square centimeter", "square centimeters"),
    "m³": ("cubic meter", "cubic meters"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"),
}
UNITS = {**{sign: (name, f"{name}s") for sign, name in _PLURAL_S.items()}, **_OTHERS}
"""Sign -> its name for one and for many."""

PER = {"yr": "year", "mo": "month", "wk": "week", "hr": "hour", "h": "hour"}
"""After a slash, besides the units."""

DAYS = {
    "Mon": "Monday",
    "Tue": "Tuesday",
    "Tues": "Tuesday",
    "Wed": "Wednesday",
    "Thu": "Thursday",
    "Thur": "Thursday",
    "Thurs": "Thursday",
    "Fri": "Friday",
    "Sat": "Saturday",
    "Sun": "Sunday",
}
"""Beside another day or a date."""

YEAR_WORDS = (
    "a|in|since|by|from|until|till|before|after|around|circa|of|year|early|late|mid|during|"
    "spring|summer|autumn|fall|winter"
)
"""Words after which a number such as 1990 is a year."""

DECADES = "tens twenties thirties forties fifties sixties seventies eighties nineties".split()
DECADE_WORDS = frozenset("the his her their my our your mid early late roaring swinging".split())

RULERS = (
    "Louis|Henry|Charles|Francis|Philip|Napoleon|John|John Paul|Benedict|Pius|Leo|Gregory|Clement|Innocent|Urban|"
    "Elizabeth|Edward|George|James|William|Richard|Mary|Albert|Leopold|Alexander|Nicholas|Peter|Catherine|Frederick|"
    "Ramses|Robert|David|Victoria|Margaret"
)

NUMBERED = (
    "chapter|volume|act|book|part|scene|appendix|title|type|phase|level|section|article|world war|apollo|rocky|"
    "star wars|super bowl|final fantasy|vatican|saturn|mark|pentium|version"
)

STREETS = "Main|High|Wall|Bond|Oak|Elm|Park|Market|Church|King|Queen"
"""Names after which "St." is no saint."""

STARTS = "The|Then|There|This|That|He|She|It|They|We|You|If|In|At|On|So|But|And|After|Before|Turn|Go|Walk|Take|My|Your"
"""Words with which a sentence begins and no name: before them a full stop is one, not only an abbreviation's."""

ABBREVIATIONS = (
    (rf"\b([ap]\.?m|[AP]\.?M)\.(?= (?:{STARTS})\b)", r"\1.."),
    (r"\b[Nn]os\. ?(?=\d)", "numbers "),
    (r"\b[Nn]o\. ?(?=\d)", "number "),
    (r"\bpp\. ?(?=\d)", "pages "),
    (r"\bp\. ?(?=\d)", "page "),
    (r"\b[Cc]h(?:ap)?\. ?(?=\d|[IVX])", "chapter "),
    (r"\b[Ff]igs?\. ?(?=\d)", "figure "),
    (r"\b[Vv]ol\. ?(?=\d|[IVX])", "volume "),
    (r"\b[Ss]ec\. (?=\d)", "section "),
    (r"\b[eE]\.g\.", "for example"),
    (r"\b[iI]\.e\.", "that is"),
    (r"\betc\.(?=[^\n]*\w)", "et cetera"),
    (r"\b[vV]s\b\.?", "versus"),
    (r"\b[cC]f\.", "compare"),
    (r"\bapprox\.", "approximately"),
    (r"\best\. (?=\d)", "established "),
    (r"\b[aA]\.?k\.?a\b\.?", "also known as"),
    (r"\bc\. (?=\d{3})", "circa "),
    (r"\b(\d+(?:st|nd|rd|th)|[A-Z][a-z]+) Ave\b(?:\.(?=[^\n]*\w))?(?=[ ,.]|$)", r"\1 Avenue"),
    (r"\b([A-Z][a-z]+) Blvd\b(?:\.(?=[^\n]*\w))?(?=[ ,.]|$)", r"\1 Boulevard"),
    (r"\b([A-Z][a-z]+) Rd\b(?:\.(?=[^\n]*\w))?(?=[ ,.]|$)", r"\1 Road"),
    (
        rf"\b(\d+(?:st|nd|rd|th)|[A-Z][a-z]+) St\.(?=\s*$| (?:{STARTS})\b)",
        r"\1 Street.",
    ),
    (
        rf"\b(\d+(?:st|nd|rd|th)|{STREETS}) St\b(?:\.(?=[^\n]*\w))?(?=[ ,.]|$)",
        r"\1 Street",
    ),
    (r"\b(?<=, )Jr\.", "Junior"),
    (r"\b([A-Z][a-z]+) Jr\.(?=[ ,])", r"\1 Junior"),
    (r"\b([A-Z][a-z]+) Sr\.(?=[ ,])", r"\1 Senior"),
    (r"\bInc\.(?=[ ,])", "Incorporated"),
    (r"\bCorp\.(?=[ ,])", "Corporation"),
    (r"\bDept\.", "Department"),
    (r"\bgovt\b\.?", "government"),
    (r"\bPh\.D\.(?=[^\n]*\w)", "P H D"),
    (r"(?<=\w) & (?=\w)", " and "),
)
"""Pattern and what is said."""

TITLES = {
    "Dr": "Doctor",
    "Mr": "Mister",
    "Mrs": "Missus",
    "Ms": "Miz",
    "Prof": "Professor",
    "St": "Saint",
    "Mt": "Mount",
    "Ft": "Fort",
    "Gen": "General",
    "Col": "Colonel",
    "Capt": "Captain",
    "Lt": "Lieutenant",
    "Sgt": "Sergeant",
    "Sen": "Senator",
    "Rep": "Representative",
    "Gov": "Governor",
    "Rev": "Reverend",
    "Hon": "Honorable",
}
"""Before a name, with or without a full stop."""

SPELLED = {
    **{name: ".".join(name) for name in "EPA ETA EV FAQ GUI IMF IPO IQ NGO NYC QA UAE UX".split()},
    "RAM": "ram",
}
"""Read as words by eSpeak, or letter by letter where it is a word. With points: an A by itself would be the article."""
