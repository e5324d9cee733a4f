"""English: what the skills listen for and what they say. Data only."""

from __future__ import annotations

import re

from llm.builtin.wording import Texts, TimerWords, Wording, compiled

_TIMER = r"(?:timers?|countdowns?)"
_DAY = r"(?:today|tomorrow|yesterday)"
_CAN_YOU = r"(?:(?:can|could|would) you )?"

_PATTERNS = compiled(
    {
        "stop": (
            r"(?:stop|quiet|be quiet|silence|shut up|hush|enough|that ?i?s enough|stop (?:it|that|talking|speaking)"
            r"|never mind|nevermind|forget (?:it|that)|cancel(?: that| it)?|hold on|pause"
            r"|wait(?: a (?:second|minute|moment)| a bit)?)(?: now)?",
        ),
        "repeat": (
            r"(?:(?:can|could|would) you )?repeat(?: (?:that|it|yourself|again|the last (?:sentence|answer)|what you said))*",
            r"(?:(?:can|could|would) you )?(?:say|read) (?:that|it)(?: again| once more)",
            r"(?:once more|once again|again|come again|pardon|pardon me|sorry|what did you (?:just )?say|what was that)",
        ),
        "timer_cancel": (
            rf".*\b(?:cancel|stop|delete|remove|clear|kill|turn off|dismiss|end)\b.*\b{_TIMER}\b.*",
            r".*\b(?:stop|turn off|silence)\b.*\balarm\b.*",
        ),
        "timer_left": (
            r".*\bhow (?:much time|long|many minutes|many seconds)\b.*\b(?:left|remain\w*|to go)\b.*",
            rf".*\b(?:add|extend|change|pause|resume|restart)\b.*\b{_TIMER}\b.*",
            r".*\btime (?:is )?(?:left|remaining)\b.*",
        ),
        "volume": (
            rf"{_CAN_YOU}(?:(?:set|put|turn|change) )?(?:the |your )?(?:volume|sound) (?:(?:up|down) )?(?:to|at) .{{1,40}}",
        ),
        "louder": (
            rf"{_CAN_YOU}(?:(?:speak|talk|a bit|a little|much) )*(?:louder|up)",
            rf"{_CAN_YOU}(?:turn up (?:the |your )?(?:volume|sound)|turn (?:the |your )?(?:volume|sound|it) up)(?: a bit| a little)?",
            rf"{_CAN_YOU}(?:raise|increase) (?:the |your )?(?:volume|sound)|volume up",
        ),
        "softer": (
            rf"{_CAN_YOU}(?:(?:speak|talk|a bit|a little|much|more) )*(?:softer|quieter|lower|quietly|softly)",
            rf"{_CAN_YOU}(?:turn down (?:the |your )?(?:volume|sound)|turn (?:the |your )?(?:volume|sound|it) down)(?: a bit| a little)?",
            rf"{_CAN_YOU}(?:lower|reduce|decrease) (?:the |your )?(?:volume|sound)|volume down",
        ),
        "how_loud": (r"(?:what is|what s) (?:the|your) volume|how loud are you",),
        "time": (
            r".*\b(?:what time (?:is it|it is)|what time do we have|what ?i?s the (?:current )?time"
            r"|(?:tell|give) me the time|(?:do you have|have you got|you know) the time)(?: (?:right )?now)?",
            r"(?:the )?time|what time",
        ),
        "date": (
            r".*\b(?:what|which) (?:day|date|month|year)(?: of the (?:week|month))?"
            rf" (?:(?:is|was|will) (?:it|we|{_DAY}|this)|it is|are we)\b(?: (?:be|in|{_DAY}|right|now))*",
            rf".*\b(?:what ?i?s|what was|tell me) (?:the |(?:{_DAY} s) )?(?:date|day)(?: (?:of )?{_DAY})?",
            rf"(?:the |{_DAY} s )?date(?: (?:of )?{_DAY})?|what ?i?s {_DAY}",
        ),
        "fine": (
            r"(?:i am|i m|im) (?:fine|good|great|well|ok|okay|very well|all right)(?: (?:thank you|thanks))?(?: and you)?",
        ),
        "how": (
            r"(?:(?:hello|hi) )?(?:how are you(?: doing)?(?: today)?|how ?i?s it going|how do you do|are you ok(?:ay)?)",
        ),
        "hear": (r".*\b(?:can|do) you hear me\b(?: now)?", r"(?:are you (?:there|listening)|hear me)"),
        "who": (
            r".*\b(?:who are you|what are you|what ?i?s your name|who am i (?:talking|speaking) to|introduce yourself"
            r"|do you have a name)",
        ),
        "help": (
            r".*\bwhat (?:can|could|do) (?:you|i) (?:do|ask|say|know)(?: (?:for me|you|now))*",
            r"(?:(?:can|could) you )?help(?: me)?|what are you able to do|how do (?:you|i) work|how does (?:this|it) work",
        ),
        "thanks": (
            r"(?:(?:yes|great|perfect|all right) )*(?:thank you|thanks|many thanks|cheers)"
            r"(?: (?:very|so|much|a|lot|again|bye))*",
        ),
        "goodbye": (
            r"(?:good ?bye|bye(?: bye)?|good ?night|see you(?: .{1,20})?|see ya|talk to you later"
            r"|that ?i?s all(?: thanks| thank you)?|take care)(?: for now)?",
        ),
        "greeting": (
            r"(?:hello|hi|hey|howdy|greetings|prism|good (?:morning|afternoon|evening|day))"
            r"(?: (?:there|again|everyone|prism|computer|my friend))*",
        ),
        "acknowledge": (
            r"no (?:thank you|thanks)(?: very much)?",
            r"(?:yes|no|ok|okay|yeah|yep|nope|sure|all right|alright|of course|great|fine|good|perfect)",
        ),
        "alarm": (r".*\b(?:alarms?|reminders?|wake me|remind me)\b.*",),
    }
)

_TIMERS = TimerWords(
    nouns=frozenset({"timer", "timers", "countdown"}),
    verbs=frozenset(
        {"set", "start", "create", "make", "put", "new", "want", "need", "give", "run", "begin", "launch"}
    ),
    asks=re.compile(r".*\b(?:wake|remind|alert|warn|tell|call|notify) me\b.*\bin\b.*|.*\bcount ?down\b.*"),
    label_lead=frozenset({"for", "called", "named", "labeled", "labelled", "to", "that"}),
    skip=frozenset(
        {
            "the",
            "my",
            "a",
            "an",
            "some",
            "of",
            "please",
            "and",
            "thanks",
            "now",
            "me",
            "in",
            "lasting",
            "prism",
        }
    ),
    determiners=frozenset({"a", "an", "the", "my", "another", "one", "new"}),
)

_TEXTS = Texts(
    okay="Okay.",
    acknowledged="All right. Tell me when you need something.",
    nothing_to_repeat="I have not said anything yet.",
    how="I am fine, thank you. What can I do for you?",
    fine="Glad to hear it. What can I do for you?",
    hear="Yes, I can hear you.",
    who="I am Prism, a voice assistant that runs on your own computer. "
    "No language model is connected at the moment, so only my built-in answers are here.",
    can_do="I can tell you the time and the date, do sums, and repeat what I said. "
    "With a language model connected, we could talk about anything.",
    can_do_with_timers="I can tell you the time and the date, do sums, set and cancel timers, and repeat what I said. "
    "With a language model connected, we could talk about anything.",
    thanks="You are welcome.",
    goodbye="Goodbye.",
    good_night="Good night.",
    greeting="Hello. What can I do for you?",
    good_morning="Good morning. What can I do for you?",
    good_evening="Good evening. What can I do for you?",
    honest="No language model is connected, so I can only {abilities}. To talk about anything else, start Ollama, "
    "LM Studio or a llama cpp server on this computer, or set the base URL of your own server in the configuration. "
    "The command prism doctor shows where I looked.",
    honest_again="I cannot do that without a language model. I can {abilities}.",
    honest_opening="No language model is connected, so I can only",
    abilities="tell the time and the date, and do sums",
    abilities_with_timers="tell the time and the date, do sums and set timers",
    alarm="I do not know alarms or reminders, only timers. Ask me for a timer of ten minutes, for example.",
    volume_is="Volume at {percent} percent.",
    volume_cannot="I cannot change the volume here.",
    timer_ask="For how long should the timer run?",
    timer_set="Timer set for {duration}.",
    timer_set_label="Timer set for {duration}: {label}.",
    timer_set_start="Timer set for",
    timer_done="The timer is set.",
    timer_failed="Sorry, the timer could not be set.",
    timer_too_long="A timer can run from one second to ninety-nine hours.",
    timer_only="I can set timers and cancel them, but nothing more than that.",
    timer_cannot="I cannot set timers here. I can tell the time and the date, and do sums.",
    cancelled="The timer is canceled.",
    nothing_to_cancel="There is no timer running.",
    cancel_failed="Sorry, the timer could not be canceled.",
    tool_done="Done.",
    tool_failed="Sorry, that did not work.",
    division_by_zero="Nothing can be divided by zero.",
    negative_root="A negative number has no real root.",
    too_big="That number is too big or too small for me to say.",
)

ENGLISH = Wording(_PATTERNS, _TIMERS, _TEXTS, tomorrow="tomorrow", yesterday="yesterday")
