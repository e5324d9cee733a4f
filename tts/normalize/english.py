"""How English is read aloud: the rules in the order in which they are applied, each a pattern and what is said. Pure.

Addresses and dates come first because their parts look like other things; abbreviations before numbers that stand by
themselves. Dates with slashes are American (month first) unless only the other order is possible.
"""

from __future__ import annotations

import re

from tts.normalize.english_words import (
    ABBREVIATIONS,
    CENTS,
    CURRENCIES,
    DAYS,
    DECADE_WORDS,
    DECADES,
    MONTHS,
    NUMBERED,
    PER,
    RULERS,
    SCALES,
    SHORT_MONTHS,
    SPELLED,
    TITLES,
    UNITS,
    YEAR_WORDS,
)
from tts.normalize.rules import ROMAN, SPACE, Rule, addresses, comparisons, powers, roman, table

_S = f"{SPACE}?"
MARKS = ("10", "20", "100")
"""What marks are given out of."""
_NUMBER = r"(?<![\w.,])(?<![^\W\d]-)(\d+(?:,\d{3})*(?:\.\d+)?)"
_CURRENCY = "[€$£¥]"
_AMOUNT = r"(?P<n>\d+(?:,\d{3})*)(?:\.(?P<c>\d+))?"
_MONTH = "|".join(MONTHS)
_DAY = "|".join([*DAYS, *DAYS.values()])


def _ordinal(number: int) -> str:
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ends.get(number % 10, 'th')}"


def _year(year: str) -> str:
    """In pairs: "1990" as "19 90"; "1905" as "19 oh 5"; "1800" as "18 hundred"; from 2000 on eSpeak does well."""
    if not "1000" < year < "2000":
        return year
    if year.endswith("00"):
        return f"{year[:2]} hundred"
    return f"{year[:2]} oh {year[3]}" if year[2] == "0" else f"{year[:2]} {year[2:]}"


def _date(day: str, month: str, year: str) -> str:
    return f"{MONTHS[int(month) - 1]} {_ordinal(int(day))}, {_year(year)}"


def _decade(found: re.Match[str]) -> str:
    """ "1990s" as "19 nineties"; without a century only after an apostrophe or a word that owns one."""
    before = found.string[: found.start()].rstrip("-").rstrip().rpartition(" ")[2].lower()
    if not found[1] and "'" not in found[0] and "’" not in found[0] and before not in DECADE_WORDS:
        return found[0]
    name = DECADES[int(found[2][0]) - 1]
    return f"{found[1]} {name}" if found[1] else name


def _short_year(found: re.Match[str]) -> str:
    """ "1/2/80": a year of the last century unless it may be one of this."""
    month, day, year = int(found[1]), int(found[2]), int(found[3])
    if month > 12 or day > 31:
        return found[0]
    return _date(str(day), str(month), f"{20 if year < 50 else 19}{year:02}")


def _slashed(found: re.Match[str]) -> str:
    first, second, year = int(found[1]), int(found[3]), found[4]
    if first > 12 >= second:
        return _date(found[1], found[3], year)
    return _date(found[3], found[1], year) if first <= 12 and second <= 31 else found[0]


def _time(found: re.Match[str]) -> str:
    hours, minutes, half = int(found[1]), found[2], found[3]
    suffix = f" {half.replace('.', '').upper()}" if half else ""  # small letters: "a" would be the article
    if minutes == "00":
        return f"{hours}{suffix}" if half else f"{hours} o’clock" if hours <= 12 else f"{hours} hundred"
    spoken = f"oh {minutes[1]}" if minutes[0] == "0" else minutes
    return f"{hours} {spoken}{suffix}"


def _half_day(found: re.Match[str]) -> str:
    return f"{found[1]} {found[2].replace('.', '').upper()}"


def _money(found: re.Match[str]) -> str:
    one, many = CURRENCIES[found["cur"]]
    number, cents, scale = found["n"], found["c"], found["scale"]
    if scale:
        return f"{number}{'.' + cents if cents else ''} {SCALES.get(scale, scale)} {many}"
    if cents and len(cents) != 2:
        return f"{number}.{cents} {many}"
    whole = f"{number} {one if number == '1' else many}"
    if not cents or cents == "00":
        return whole
    small = CENTS[found["cur"]][int(cents) > 1]
    return f"{int(cents)} {small}" if number == "0" else f"{whole} and {int(cents)} {small}"


def _unit(found: re.Match[str]) -> str:
    number, joint, unit = found[1], found[2], found[3]
    one, many = UNITS[unit]
    if joint == "-":
        return f"{number}-{one}"
    described = re.search(r"\b[Aa]n? \Z", found.string[: found.start()])  # "a 5 km run"
    return f"{number} {one if number == '1' or described else many}"


def _fraction(found: re.Match[str]) -> str:
    above, below = int(found[1]), found[2]
    names = {"2": "half", "3": "third", "4": "quarter", "5": "fifth", "8": "eighth"}
    if below in MARKS and above <= int(below):
        return f"{above} out of {below}"
    if above >= int(below) or below not in names:
        return f"{above} over {below}"
    if below == "2" and re.match(r" an? ", found.string[found.end() :]):
        return "half"
    counted = "one two three four five six seven".split()[above - 1]
    whole = "and " if re.search(r"\d \Z", found.string[: found.start()]) else ""  # "1 1/2 cups"
    return f"{whole}{counted} {names[below]}{'s' if above > 1 else ''}"


def _digits(text: str) -> str:
    return " ".join(re.findall(r"\d", text))


def _phone(found: re.Match[str]) -> str:
    land = f"plus {_digits(found['land'])}, " if found["land"] else ""
    return land + ", ".join(_digits(group) for group in re.findall(r"\d+", found["rest"]))


_UNIT_NAMES = "|".join(
    sorted({*filter(str.isalpha, UNITS), *(name for names in UNITS.values() for name in names)}, key=len)[
        ::-1
    ]
)

_DATES: tuple[Rule, ...] = (
    (re.compile(r"(?<![\w/.-])(\d{1,2})([/.])(\d{1,2})\2(\d{4})(?![\w/-]|\.\d)"), _slashed),
    (re.compile(r"(?<![\w/.-])(\d{1,2})/(\d{1,2})/(\d\d)(?![\w/-]|\.\d)"), _short_year),
    (
        re.compile(r"(?<![\w/-])(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?![\w/-])"),
        lambda found: _date(found[3], found[2], found[1]),
    ),
    table(SHORT_MONTHS, before=r"\b", after=r"\.?(?= \d)"),
    table(DAYS, before=r"\b", after=rf"\.?(?=[-–](?:{_DAY})\b)"),
    table(DAYS, before=r"(?<=day[-–])", after=r"\b\.?"),
    (re.compile(r"(?<=day)[-–](?=\w+day\b)"), " to "),
    table(DAYS, before=r"\b", after=rf"\.?(?=,? (?:(?:{_MONTH})\b|\d))"),
    table(SHORT_MONTHS, before=r"(?<=\d )\b", after=r"(?:\.(?=[^\n]*\w)|(?![\w]))"),
    (re.compile(rf"\b({_MONTH}) (\d{{1,2}})(?=,|\b(?! ?[:%\d]))"), lambda f: f"{f[1]} {_ordinal(int(f[2]))}"),
    (
        re.compile(rf"\b((?:{_MONTH})(?: \d{{1,2}}(?:st|nd|rd|th))?,?) (1\d\d\d)(?![\w,.]*\d)"),
        lambda found: f"{found[1]} {_year(found[2])}",
    ),
    (re.compile(r"(?<![\w,.$£€-])(1[1-9])00['’]?s\b(?!-)"), r"\1 hundreds"),
    (
        re.compile(r"(?<![\w,.$£€/-])(1\d\d\d)( ?[-–] ?)(1\d\d\d|20\d\d)(?![\w,.:/-]*\d|[\w%°$€£])"),
        lambda found: f"{_year(found[1])} to {_year(found[3])}",
    ),
    (re.compile(r"(?<![\w,.$£€])(1[1-9]|20)?['’]?([1-9]0)['’]?s\b(?!-)"), _decade),
    (
        re.compile(rf"\b((?i:{YEAR_WORDS})) (1\d\d\d)(?![\w%°,.:/-]*\d|[\w%°]| ?(?:{_UNIT_NAMES})\b)"),
        lambda found: f"{found[1]} {_year(found[2])}",
    ),
)

_NUMBERS: tuple[Rule, ...] = (
    (
        re.compile(
            r"(?<![\w+-])(?:\+(?P<land>\d{1,3})[ .-])?(?P<rest>\(?\d{3}\)?[ .-]?\d{3}[ .-]\d{4})(?![\w-])"
        ),
        _phone,
    ),
    (
        re.compile(r"(?<![\w+-])1-(\d{3}-\d{3}-\d{4})(?![\w-])"),
        lambda found: "1, " + ", ".join(map(_digits, found[1].split("-"))),
    ),
    (
        re.compile(r"(?i:\b(number is|number|call|dial|phone|text)) (\d{3})(\d{3})(\d{4})(?![\w,.-]*\d)"),
        lambda found: f"{found[1]} {_digits(found[2])}, {_digits(found[3])}, {_digits(found[4])}",
    ),
    (re.compile(r"(?<![\w+])\+(?P<land>\d{1,3})(?P<rest>(?: \d{2,4}){2,5})(?!\w)"), _phone),
    (
        re.compile(r"(?i:\b(dial|call)) (\d{3})(?![\w,.-]*\d)"),
        lambda found: f"{found[1]} {_digits(found[2])}",
    ),
    (re.compile(r"(?<![\w:,.])(24|9)/(7|11)(?![\w/])"), r"\1 \2"),
    (re.compile(r"(?<=\b1\d \d\d) (to|and|or) (1\d\d\d)(?![\w,.]*\d)"), lambda f: f" {f[1]} {_year(f[2])}"),
    (
        re.compile(
            rf"(?<![\w:,.])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])(?:{_S}([ap]\.?m\b(?:\.(?=[^\n]*\w))?|[AP]\.?M\b(?:\.(?=[^\n]*\w))?))?"
        ),
        _time,
    ),
    (
        re.compile(
            rf"(?<![\w:,.])(1[0-2]|[1-9]){_S}([ap]\.?m\b(?:\.(?=[^\n]*\w))?|[AP]\.?M\b(?:\.(?=[^\n]*\w))?)"
        ),
        _half_day,
    ),
    (re.compile(r"(?<= [AP]M)[–-](?=\d)"), " to "),
    (
        re.compile(
            rf"(?:\bUS|(?<!\w))(?P<cur>{_CURRENCY}){_S}{_AMOUNT}(?:{_S}(?P<scale>thousand|million|billion|trillion|[KkMB]|bn|tn)\b)?(?![\d]|[.,]\d)"
        ),
        _money,
    ),
    (re.compile(rf"(?<![\w.,]){_AMOUNT}{_S}(?P<scale>(?!))?(?P<cur>{_CURRENCY}|USD|EUR|GBP)(?!\w)"), _money),
)

_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))

_MEASURES: tuple[Rule, ...] = (
    (re.compile(r"(?<![\w.])(\d+)(?:'|′) ?(\d{1,2})(?:\"|″|'')"), r"\1 feet \2 inches"),
    (re.compile(rf"(?<=\d){_S}x{_S}(?=\d[\d.,]*(?:{_S}[x×*]{_S}\d[\d.,]*)*{_S}=)"), " times "),
    (re.compile(rf"(?<=\d){_S}½{_S}({_UNIT})(?![\w²³/])"), lambda f: f" and a half {UNITS[f[1]][1]}"),
    (re.compile(rf"(?<=\d){_S}½"), " and a half"),
    (re.compile(rf"(?<=\d){_S}¼"), " and a quarter"),
    (re.compile(rf"(?<=\d){_S}¾"), " and three quarters"),
    (
        re.compile(rf"(?<=\d){_S}x{_S}(?=\d+(?:\.\d+)?(?:{_S}(?:{_UNIT})|\b)(?!\w))"),
        " by ",
    ),
    (re.compile(rf"(?<=\d)({_S}(?:{_UNIT})) x (?=\d)"), r"\1 by "),
    (re.compile(r"(?<=\d)x(?= (?:more|less|as|faster|slower|larger|bigger|smaller|the)\b)"), " times"),
    (re.compile(rf"{_NUMBER}( )in\.(?= [a-z]|\Z)"), lambda f: f"{f[1]} inch{'es' * (f[1] != '1')}"),
    (
        re.compile(rf"{_NUMBER}({_S}|-)({_UNIT})(?:\.(?= [a-z]))?(?![\w²³/])"),
        _unit,
    ),
    (re.compile(r"(?<![\w.,])(\d+(?:\.\d+)?)k(?= [a-z]{3})"), r"\1 thousand"),
    (re.compile(r"(?<![\w.,])(\d+(?:\.\d+)?)M(?= [a-z]{3})"), r"\1 million"),
    (re.compile(rf"(?<=euros|llars|ounds|cents|pence)/({_UNIT})(?!\w)"), lambda f: f" per {UNITS[f[1]][0]}"),
    (
        re.compile(rf"(?<=euros|llars|ounds|cents|pence)/({'|'.join(PER)})(?!\w)"),
        lambda f: f" per {PER[f[1]]}",
    ),
    (re.compile(rf"(?<=\d)({_S})%/({'|'.join(PER)})(?!\w)"), lambda f: f"{f[1]}% per {PER[f[2]]}"),
    (re.compile(rf"(?<=\d)({_S})%/(?=[a-z]{{3}})"), r"\1% per "),
    (re.compile(r"(?<=euros|llars|ounds|cents|pence)/(?=[a-z]{3})"), " per "),
    (re.compile(r"(?i)\band/or\b"), "and or"),
    *powers("squared", "cubed", "to the power of"),
    (re.compile(r"\bw/(?=\w| )(?!o\b) ?"), "with "),
    (re.compile(r"\bw/o\b"), "without"),
    (re.compile(r"(?<![\w/.,])(\d{1,3})/(\d{1,3})(?![\w/]|[.,]\d)"), _fraction),
    (re.compile(rf"\b({ROMAN})(?:st|nd|rd|th)\b"), lambda found: _ordinal(roman(found[1]))),
    (re.compile(rf"\b({RULERS}) ({ROMAN})(?![\w’'-]|\.\w)"), lambda f: f"{f[1]} the {_ordinal(roman(f[2]))}"),
    (re.compile(rf"\b((?i:{NUMBERED})) ({ROMAN})(?![\w’'-])"), lambda found: f"{found[1]} {roman(found[2])}"),
    (re.compile(r"(?<![\w)])(?<!\d )[-−](?=\d)"), "minus "),
    (re.compile(rf"(?<=\d){_S}[-−]{_S}(?=\d[\d,]*{_S}=)"), " minus "),
    (re.compile(rf"(?i)(\bbetween \d[^.;\n]{{0,20}}(?:euros|dollars|pounds)){_S}[–-]{_S}(?=\d)"), r"\1 and "),
    (re.compile(rf"(?<=euros|llars|ounds){_S}[–-]{_S}(?=\d)"), " to "),
    (re.compile(rf"(?i)(\bbetween [$€£]?\d[\d.,]*){_S}[–-]{_S}(?=[$€£]?\d)(?!\d+[–-])"), r"\1 and "),
    (re.compile(r"(?i)(?<=\bratio )((?:of |is )?\d+):(?=\d)"), r"\1 to "),
    (re.compile(rf"(?<=\d){_S}[–-]{_S}(?=\d)(?!\d+[–-])"), " to "),
    (re.compile(rf"(?<=\d){_S}\*{_S}(?=\d)"), " times "),
    (re.compile(r"(?<=\d) / (?=\d)"), " divided by "),
)

_SIGNS: tuple[Rule, ...] = (
    (re.compile(rf"(?<![^\W_])[≈~]{_S}(?=\d)"), "about "),
    (re.compile(rf"{_S}(?:=>|[→⇒]){_S}"), ", "),
    (re.compile(rf"(?<=[\w)]){_S}={_S}(?=[\w(-])"), " equals "),
    *comparisons("is less than", "is greater than", "is at most", "is at least"),
    (re.compile(rf"{_S}≠{_S}"), " is not equal to "),
    (re.compile(rf"{_S}−{_S}(?=[\w(√])"), " minus "),
    (re.compile(rf"∛{_S}(?=[\w(])"), "the cube root of "),
    (re.compile(rf"√{_S}(?=[\w(])"), "the square root of "),
    (re.compile(rf"§{_S}(?=\d)"), "section "),
    (re.compile(r"(?<!\w)#(?=\d)"), "number "),
    (re.compile(r"(?<!\w)#(?=[^\W\d])"), "hashtag "),
    (re.compile(r"\b([CF])#"), r"\1 sharp"),
    (re.compile(r"(?<!\w)\.NET\b"), "dot net"),
)

_WORDS: tuple[Rule, ...] = (
    *((re.compile(pattern), said) for pattern, said in ABBREVIATIONS),
    table(TITLES, before=r"(?<![\w.-])", after=r"\.?(?= [A-ZÀ-Þ])"),
    table(SPELLED, before=r"(?<![\w.])", after=r"(?![\w]|\.\w)"),
)

RULES: tuple[Rule, ...] = (*addresses("dot", "at"), *_WORDS, *_DATES, *_NUMBERS, *_MEASURES, *_SIGNS)
