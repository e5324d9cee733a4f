"""How French is read aloud: the rules in the order in which they are applied, each a pattern and what is said. Pure.

Addresses and dates come first because their parts look like other things; abbreviations last. A number is followed by
its unit in the singular or plural, and "1" before a feminine noun is "une".
"""

from __future__ import annotations

import re

from tts.normalize.french_words import (
    ABBREVIATIONS,
    CURRENCIES,
    DAYS,
    FEMININE,
    MONTHS,
    NINES,
    NUMBERED,
    RULERS,
    SHORT_MONTHS,
    SPELLED,
    TENS,
    TITLES,
    UNITS,
)
from tts.normalize.rules import ROMAN, SPACE, Rule, addresses, comparisons, powers, roman, table

_S = f"{SPACE}?"
_NUMBER = rf"(?<![\w.,])(?<![^\W\d]-)(\d{{1,3}}(?:{SPACE}\d{{3}})+(?:,\d+)?|\d+(?:[.,]\d+)*)"
_CURRENCY = "[€$£¥]"
_SCALES = {"M": "millions", "Md": "milliards", "Mds": "milliards", "k": "mille"}


def _plural(number: str, one: str, many: str) -> str:
    """French counts from two on as many: "1,5 litre"."""
    whole = re.split("[.,]", re.sub(SPACE, "", number))
    return one if len(whole) <= 2 and int(whole[0]) < 2 else many


def _date(found: re.Match[str]) -> str:
    day, month = int(found["day"]), MONTHS[int(found["month"]) - 1]
    before = re.search(r"(\w*)\s*\Z", found.string[: found.start()])
    article = "" if before and before[1].lower() in ("le", "du", "au", "des", "les", "") else "le "
    return f"{article}{'1er' if day == 1 else day} {month} {found['year']}"


def _short_year(found: re.Match[str]) -> str:
    """ "le 1/2/80": a year of the last century unless it may be one of this."""
    day, month, year = int(found["day"]), MONTHS[int(found["month"]) - 1], int(found["yy"])
    return f"{'1er' if day == 1 else day} {month} {20 if year < 50 else 19}{year:02}"


def _time(found: re.Match[str]) -> str:
    hours, minutes = int(found["h"]), found["m"]
    said = f"{hours} heure{'s' if hours > 1 else ''}"
    return f"{said} {int(minutes)}" if minutes and int(minutes) else said


def _money(found: re.Match[str]) -> str:
    number, cents = found["n"], found["c"]
    one, many = CURRENCIES[found["cur"]]
    if number == "0" and cents and int(cents):
        return f"{int(cents)} {'centimes' if one == 'euro' else 'cents'}"
    said = f"{number} {_plural(number, one, many)}"
    return f"{said} {int(cents)}" if cents and int(cents) else said


def _large_money(found: re.Match[str]) -> str:
    number, scale = found[1], _SCALES[found[2]]
    _, many = CURRENCIES[found[3]]
    if scale == "mille":
        return f"{number} mille {many}"
    one = scale.removesuffix("s")
    return f"{number} {_plural(number, one, scale)} {'d’' if many[0] in 'aeiou' else 'de '}{many}"


def _unit(found: re.Match[str]) -> str:
    number, unit = found[1], found[2]
    one, many = UNITS[unit]
    return f"{number} {_plural(number, one, many)}"


def _fraction(found: re.Match[str]) -> str:
    above, below = found[1], found[2]
    names = {"2": "demi", "3": "tiers", "4": "quart"}
    half = re.search(r"(?:\b(?:une?|et)|1) \Z", found.string[: found.start()], re.IGNORECASE)
    if half and (above, below) == ("1", "2"):
        return "demi"
    if re.fullmatch("0[1-9]|12", below) and (below[0] == "0" or int(above) > 12) and 1 <= int(above) <= 31:
        return f"{'1er' if int(above) == 1 else int(above)} {MONTHS[int(below) - 1]}"
    if (above, below) == ("1", "2") and re.match(rf"{SPACE}{FEMININE}\b", found.string[found.end() :]):
        return "une demi"
    if above == below or below not in names or int(above) >= int(below):
        return f"{above} sur {below}"
    name = names[below]
    counted = {"1": "un", "2": "deux", "3": "trois"}[above]
    return f"{counted} {name}{'s' if int(above) > 1 and name != 'tiers' else ''}"


def _ordinal(found: re.Match[str]) -> str:
    number, end = found[1], found[2]
    if number == "1" and end.endswith("s"):
        return "premiers" if end == "ers" else "premières"
    if number == "1":
        return "1ère" if end.startswith(("re", "ère", "ere")) else "1er"
    if end in ("nd", "nde"):
        return {"nd": "second", "nde": "seconde"}[end] if number == "2" else found[0]
    return f"{number}ème{'s' if end.endswith('s') else ''}"


def _roman_ordinal(found: re.Match[str]) -> str:
    number, end = roman(found[1]), found[2]
    if number == 1:
        return "1ère" if "re" in end and end != "er" else "1er"
    return f"{number}ème"


def _ruler(found: re.Match[str]) -> str:
    number = roman(found[2])
    return f"{found[1]} {'1er' if number == 1 else number}"


def _une(found: re.Match[str]) -> str:
    tens, noun = found["tens"] or "", found["noun"]
    return f"{TENS[tens]}une{found['s']}{noun}"


def _nine(found: re.Match[str]) -> str:
    """The f of "neuf heures" and "neuf ans" is a v, which eSpeak knows of words only."""
    return f"{NINES[found[1] or '']} {found[2]}"


def _phone(found: re.Match[str]) -> str:
    prefix = f"plus {found['land']}, {found['first']}, " if found["land"] else f"{found['zero']}, "
    return prefix + ", ".join(re.findall(r"\d\d", found["rest"]))


_AFTER_LE = r"(?:(?<=\b[Ll]e )|(?<=\b[Dd]u )|(?<=\b[Aa]u ))"
_DAY, _MONTH, _YEAR = r"(?P<day>0?[1-9]|[12]\d|3[01])", r"(?P<month>0?[1-9]|1[0-2])", r"(?P<year>\d{4})"

_NUMBERS: tuple[Rule, ...] = (
    (re.compile(r"(?<=\d)[\u00a0\u202f](?=\d{3}(?!\d))"), ""),
    (re.compile(rf"(?<![\w/.-]){_DAY}(?P<mark>[/.-]){_MONTH}(?P=mark){_YEAR}(?![\w/-]|\.\d)"), _date),
    (re.compile(rf"(?<![\w/-]){_YEAR}-{_MONTH}-{_DAY}(?![\w/-])"), _date),
    (
        re.compile(rf"{_AFTER_LE}{_DAY}/{_MONTH}(?P<year>)(?![\w/]|[.,]\d)"),
        lambda f: _date(f).rstrip(),
    ),
    (
        re.compile(rf"{_AFTER_LE}{_DAY}/{_MONTH}/(?P<yy>\d\d)(?![\w/]|[.,]\d)"),
        _short_year,
    ),
    (
        re.compile(rf"(?i:\b({'|'.join(DAYS)}))\.(?= \d)"),
        lambda f: DAYS[f[1].lower()].capitalize() if f[1][0].isupper() else DAYS[f[1]],
    ),
    table(SHORT_MONTHS, before=r"(?<=\d )\b", after=r"(?:\.(?=[^\n]*\w)|(?![\w]))"),
    (
        re.compile(
            rf"(?<![\w+])(?:\+(?P<land>33|32|41){SPACE}?(?P<first>\d)|(?P<zero>0\d))"
            rf"(?P<rest>(?:{SPACE}?\d\d){{4}}|(?:\.\d\d){{4}}|(?:-\d\d){{4}})(?![\w.-]*\d)"
        ),
        _phone,
    ),
    (re.compile(rf"(?<![\w:,.])24{_S}h{_S}/{_S}24(?!\w)"), "24 heures sur 24"),
    (re.compile(rf"(?<![\w/])7{_S}j{_S}/{_S}7(?!\w)"), "7 jours sur 7"),
    (re.compile(r"(?<![\w/])(24|7)/7(?![\w/])"), r"\1 sur 7"),
    (
        re.compile(rf"(?<![\w:,.])(?P<h>[01]?\d|2[0-4]){_S}h(?:{_S}(?P<m>[0-5]\d)(?!\d))?(?!(?!mi?n\b)\w)"),
        _time,
    ),
    (re.compile(r"(?<![\w:,.])(?P<h>[01]?\d|2[0-4]):(?P<m>[0-5]\d)(?![\w:])"), _time),
    (re.compile(r"(heures?(?: \d+)?)[–-](?=\d+ heure)"), r"\1 à "),
    (re.compile(r"(?<![\w.,])(\d+)['’](\d\d)(?:''|\"|″)(?!\w)"), r"\1 minutes \2"),
    (re.compile(rf"{_NUMBER}{_S}(Mds?|M|k)({_CURRENCY})(?!\w)"), _large_money),
    (
        re.compile(
            rf"(?<![\w.,])(?P<n>\d+(?:{SPACE}\d{{3}})*)(?:,(?P<c>\d\d))?{_S}(?P<cur>{_CURRENCY}|EUR|USD|GBP|CHF)(?!\w)"
        ),
        _money,
    ),
    (
        re.compile(
            rf"(?<!\w)(?P<cur>{_CURRENCY}){_S}(?P<n>\d+(?:{SPACE}\d{{3}})*)(?:[.,](?P<c>\d\d))?(?![\d]|[.,]\d)"
        ),
        _money,
    ),
)

_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))

_MEASURES: tuple[Rule, ...] = (
    (
        re.compile(rf"{_NUMBER}{_S}€/({_UNIT})(?!\w)"),
        lambda f: f"{f[1]} {_plural(f[1], *CURRENCIES['€'])} par {UNITS[f[2]][0]}",
    ),
    (re.compile(rf"(euros?(?: \d\d?)?)/({_UNIT})(?!\w)"), lambda f: f"{f[1]} par {UNITS[f[2]][0]}"),
    (re.compile(rf"(?<=\d)({_S}%)/(?=[a-zé]{{2}})"), r"\1 par "),
    (re.compile(rf"(?<=\d){_S}x{_S}(?=\d[\d,]*(?:{_S}[x×*]{_S}\d[\d,]*)*{_S}=)"), " fois "),
    (
        re.compile(rf"(?<!\w)(\d+){_S}½{_S}({_UNIT})(?![\w²³/])"),
        lambda f: f"{f[1]} {UNITS[f[2]][f[1] != '1']} et demi",
    ),
    (re.compile(rf"(?<=\d){_S}½"), " et demi"),
    (re.compile(rf"(?<=\d){_S}¼"), " un quart"),
    (re.compile(rf"(?<=\d){_S}¾"), " trois quarts"),
    (re.compile(rf"(?<=\d){_S}x{_S}(?=\d+(?:,\d+)?(?:{_S}(?:{_UNIT})|\b)(?!\w))"), " par "),
    (re.compile(rf"(?<=\d)({_S}(?:{_UNIT})) x (?=\d)"), r"\1 par "),
    (re.compile(rf"(?<=\d){_S}[x×](?= (?:plus|moins)\b)"), " fois"),
    (re.compile(r"(?<![\w.,])(\d+)k(?= [a-zé]{3})"), r"\1 mille"),
    (re.compile(r"(?<![\w.,])(\d+)m(\d\d)(?!\w)"), lambda f: f"{f[1]} mètre{'s' * (int(f[1]) > 1)} {f[2]}"),
    (
        re.compile(rf"(?<![\w.,])(\d+),(\d\d){_S}m(?![\w²³/])"),
        lambda f: f"{f[1]} mètre{'s' * (int(f[1]) > 1)} {f[2]}",
    ),
    (re.compile(rf"(?<=\d){_S}l/100{_S}km(?!\w)"), " litres aux 100 kilomètres"),
    (
        re.compile(rf"{_NUMBER}{_S}({_UNIT})(?![\w²³/]|’\w)"),
        _unit,
    ),
    (re.compile(r"(?:(?<=euros)|(?<=euro)|(?<=dollars)|(?<=livres)|(?<=suisses))/(?=[a-zé])"), " par "),
    (re.compile(r"(?<![\w/.~:\\-])([a-zà-ÿ]+)/(?=[a-zà-ÿ]{4,}(?![\w/.]))"), r"\1 ou "),
    (re.compile(r"(?i)\bet/ou\b"), "et ou"),
    *powers("au carré", "au cube", "puissance"),
    (re.compile(r"(?<![\w/.,])(\d{1,3})/(\d{1,3})(?![\w/]|[.,]\d)"), _fraction),
    (re.compile(r"(?<![\w,.])(\d+)(ers?|[èe]res?|res?|nde?|(?:i?[èe]me|e)s?)(?![\w’'])"), _ordinal),
    (re.compile(rf"(?<!\w)(?=[IVX])({ROMAN})(?<![LC])(er|ère|re|e|ème|ième)(?!\w)"), _roman_ordinal),
    (re.compile(r"(?<=\dème )s\.(?=[^\n]*\w)"), "siècle"),
    (re.compile(r"(?<=\dème )s(?=\.)"), "siècle"),
    (re.compile(rf"\b({RULERS}) ({ROMAN})(?![\w’'-]|\.\w)"), _ruler),
    (re.compile(rf"(?i:\b({NUMBERED})) ({ROMAN})(?![\w’'])"), lambda f: f"{f[1]} {roman(f[2])}"),
    (re.compile(r"(?<![\w,.])([1-6])?9 (heures|ans)\b"), _nine),
    (re.compile(rf"(?<![\w,.])(?P<tens>[2-68])?1(?P<s>{SPACE})(?P<noun>{FEMININE})\b"), _une),
    (re.compile(r"(?<![\w)])(?<!\d )[-−](?=\d)"), "moins "),
    (re.compile(rf"(?<=\d){_S}[-−]{_S}(?=\d[\d,]*{_S}=)"), " moins "),
    (re.compile(rf"(?i)(\bentre \d[\d.,]*){_S}[–-]{_S}(?=\d)(?!\d+[–-])"), r"\1 et "),
    (re.compile(rf"(?<=\d){_S}[–-]{_S}(?=\d)(?!\d+[–-])"), " à "),
    (re.compile(rf"(?<=\d){_S}\*{_S}(?=\d)"), " fois "),
    (re.compile(r"(?<=\d) / (?=\d)"), " divisé par "),
)

_SIGNS: tuple[Rule, ...] = (
    (re.compile(rf"(?<![^\W_])[≈~]{_S}(?=\d)"), "environ "),
    (re.compile(rf"{_S}(?:=>|[→⇒]){_S}"), ", "),
    (re.compile(rf"(?<=[\w)]){_S}={_S}(?=[\w(-])"), " égale "),
    *comparisons("inférieur à", "supérieur à", "inférieur ou égal à", "supérieur ou égal à"),
    (re.compile(rf"{_S}≠{_S}"), " différent de "),
    (re.compile(rf"{_S}−{_S}(?=[\w(√])"), " moins "),
    (re.compile(rf"∛{_S}(?=[\w(])"), "racine cubique de "),
    (re.compile(rf"√{_S}(?=[\w(])"), "racine de "),
    (re.compile("∞"), "infini"),
    (re.compile(rf"§{_S}(?=\d)"), "paragraphe "),
    (re.compile(r"(?<!\w)#(?=\d)"), "numéro "),
    (re.compile(r"(?<!\w)#(?=[^\W\d])"), "hashtag "),
    (re.compile(r"\b([CF])#"), r"\1 dièse"),
    (re.compile(r"(?<!\w)\.NET\b"), "dotte nette"),
)

_WORDS: tuple[Rule, ...] = (
    *((re.compile(pattern), said) for pattern, said in ABBREVIATIONS),
    table(TITLES, before=r"(?<![\w.-])", after=rf"(?={SPACE}[^\W\d_a-zà-ÿ])"),
    table(SPELLED, before=r"(?<![\w.])", after=r"(?![\w]|\.\w)"),
)

RULES: tuple[Rule, ...] = (*addresses("point", "arobase"), *_NUMBERS, *_WORDS, *_MEASURES, *_SIGNS)
