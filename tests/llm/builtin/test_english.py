"""What English sentences get, with a fixed clock: kind, and the exact words where they are fixed."""

from __future__ import annotations

from datetime import datetime

import pytest

from llm.builtin import Answer, ToolUse, reply
from llm.types import Message

NOW = datetime(2026, 11, 20, 14, 5)  # noqa: DTZ001 - the local time of an imaginary user
TOOLS = frozenset({"timer", "timer_cancel"})


def answer(text: str) -> Answer:
    return reply([Message("user", text)], now=NOW, tools=TOOLS)


SPOKEN = [
    ("What time is it?", "time", "It is two oh five in the afternoon."),
    ("Hello, can you tell me what time it is please?", "time", "It is two oh five in the afternoon."),
    ("What's the time?", "time", "It is two oh five in the afternoon."),
    ("Hey Prism, do you have the time?", "time", "It is two oh five in the afternoon."),
    ("what day is it today", "date", "Today is Friday, November 20, 2026."),
    ("What's the date?", "date", "Today is Friday, November 20, 2026."),
    ("Which day is it tomorrow?", "date", "Tomorrow is Saturday, November 21, 2026."),
    ("What's tomorrow's date?", "date", "Tomorrow is Saturday, November 21, 2026."),
    ("What day was it yesterday?", "date", "Yesterday was Thursday, November 19, 2026."),
    ("What year is it?", "date", "Today is Friday, November 20, 2026."),
    ("What is seven times eight?", "sum", "7 times 8 is 56."),
    ("What is 7 times 8?", "sum", "7 times 8 is 56."),
    ("7 x 8", "sum", "7 times 8 is 56."),
    ("7*8=", "sum", "7 times 8 is 56."),
    ("what is twenty-five plus thirty-five", "sum", "25 plus 35 is 60."),
    ("how much is ninety minus forty-five", "sum", "90 minus 45 is 45."),
    ("What is five minus nine?", "sum", "5 minus 9 is minus 4."),
    ("can you calculate one hundred and five divided by five please", "sum", "105 divided by 5 is 21."),
    ("what is ten divided by three", "sum", "10 divided by 3 is about 3.33."),
    ("what's three point one four times two", "sum", "3.14 times 2 is 6.28."),
    ("What is 15% of 80?", "sum", "15 percent of 80 is 12."),
    ("what is fifteen percent of eighty", "sum", "15 percent of 80 is 12."),
    ("two plus three times four", "sum", "2 plus 3 times 4 is 14."),
    ("what is two to the power of ten", "sum", "2 to the power of 10 is 1024."),
    ("what is twelve squared", "sum", "12 squared is 144."),
    ("what is the square root of sixteen", "sum", "The square root of 16 is 4."),
    ("what's the square root of two", "sum", "The square root of 2 is about 1.41."),
    ("what is half of thirty", "sum", "Half of 30 is 15."),
    ("what is minus three times four", "sum", "Minus 3 times 4 is minus 12."),
    ("what is a hundred thousand times two", "sum", "100000 times 2 is 200000."),
    ("What is 1,250 plus 1?", "sum", "1250 plus 1 is 1251."),
    ("what is eight divided by zero", "sum", "Nothing can be divided by zero."),
    ("what is the square root of minus four", "sum", "A negative number has no real root."),
    ("nine to the power of ninety-nine", "sum", "That number is too big or too small for me to say."),
    ("Thank you.", "thanks", "You are welcome."),
    ("Thank you very much.", "thanks", "You are welcome."),
    ("Hello.", "greeting", "Hello. What can I do for you?"),
    ("Hi there.", "greeting", "Hello. What can I do for you?"),
    ("Good morning, Prism!", "greeting", "Good morning. What can I do for you?"),
    ("Good evening.", "greeting", "Good evening. What can I do for you?"),
    ("Good night.", "goodbye", "Good night."),
    ("Goodbye.", "goodbye", "Goodbye."),
    ("See you on Monday.", "goodbye", "Goodbye."),
    ("See you tonight.", "goodbye", "Goodbye."),
    ("Stop.", "stop", "Okay."),
    ("Be quiet.", "stop", "Okay."),
    ("Never mind.", "stop", "Okay."),
    ("Cancel that.", "stop", "Okay."),
    ("Wait a second.", "stop", "Okay."),
    ("Repeat that, please.", "repeat", "I have not said anything yet."),
    ("Can you hear me?", "hear", "Yes, I can hear you."),
    ("How are you?", "how", "I am fine, thank you. What can I do for you?"),
    ("I am fine, thank you.", "fine", "Glad to hear it. What can I do for you?"),
    ("No, thank you.", "acknowledge", "All right. Tell me when you need something."),
    ("Set a timer.", "timer_ask", "For how long should the timer run?"),
    (
        "Set a timer for two hundred hours.",
        "timer_refused",
        "A timer can run from one second to ninety-nine hours.",
    ),
    (
        "Add five minutes to the timer.",
        "timer_left",
        "I can set timers and cancel them, but nothing more than that.",
    ),
    ("How much time is left?", "timer_left", "I can set timers and cancel them, but nothing more than that."),
]

TIMERS = [
    ("Set a timer for five minutes.", 300, ""),
    ("Set a timer for forty-five hours.", 162000, ""),
    ("set a timer for one hour and thirty minutes", 5400, ""),
    ("Set a timer for 1 hour 30.", 5400, ""),
    ("Start a timer for half an hour", 1800, ""),
    ("set a timer for an hour and a half", 5400, ""),
    ("set a timer for two and a half minutes please", 150, ""),
    ("timer for a quarter of an hour", 900, ""),
    ("I need a ten-minute timer", 600, ""),
    ("set a ten minute timer for the pasta", 600, "pasta"),
    ("Set a pasta timer for 10 minutes.", 600, "pasta"),
    ("set a timer called green tea for three minutes", 180, "green tea"),
    ("set a timer for ninety seconds", 90, ""),
    ("wake me up in twenty minutes", 1200, ""),
    ("remind me in ten minutes to call Bob", 600, "call Bob"),
    ("Remind me to call Bob in ten minutes.", 600, "call Bob"),
]

HONEST = [
    "Turn on the kitchen light.",
    "Play some jazz music.",
    "How is the weather in London tomorrow?",
    "Write an email to Sarah.",
    "Set the heating to twenty-five percent.",
    "Add six eggs to the shopping list.",
    "What is the capital of France?",
    "What time is it in Tokyo?",
    "Write a note for Emma about the timer.",
    "Thank you for sending the message to Bob.",
    "Say that in French.",
    "What is two?",
    "Stop the music.",
    "Tell me a joke.",
]


@pytest.mark.parametrize(("text", "kind", "spoken"), SPOKEN)
def test_is_answered_in_these_words(text: str, kind: str, spoken: str) -> None:
    assert answer(text) == Answer(kind, spoken)


@pytest.mark.parametrize(("text", "seconds", "label"), TIMERS)
def test_asks_for_a_timer(text: str, seconds: int, label: str) -> None:
    assert answer(text).tool == ToolUse("timer", {"seconds": seconds, "label": label})


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Cancel the timer.", ""),
        ("Please stop my timer", ""),
        ("cancel the pasta timer", "pasta"),
        ("Stop the alarm!", ""),
    ],
)
def test_asks_to_cancel_a_timer(text: str, label: str) -> None:
    assert answer(text).tool == ToolUse("timer_cancel", {"label": label})


@pytest.mark.parametrize("text", HONEST)
def test_is_honest_about_the_rest(text: str) -> None:
    honest = answer(text)
    assert honest.kind == "honest"
    assert honest.text.startswith("No language model is connected, so I can only tell the time and the date")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Who are you?", "who"),
        ("What is your name?", "who"),
        ("What can you do?", "help"),
        ("Help me.", "help"),
        ("Set an alarm for two o'clock.", "alarm"),
        ("Remind me to buy bread tomorrow.", "alarm"),
        ("Yes, please.", "acknowledge"),
    ],
)
def test_is_understood_as(text: str, kind: str) -> None:
    assert answer(text).kind == kind


@pytest.mark.parametrize(
    ("hour", "minute", "spoken"),
    [
        (0, 0, "It is midnight."),
        (0, 30, "It is twelve thirty at night."),
        (5, 1, "It is five oh one in the morning."),
        (9, 0, "It is nine o'clock in the morning."),
        (12, 0, "It is noon."),
        (18, 45, "It is six forty-five in the evening."),
        (22, 59, "It is ten fifty-nine at night."),
    ],
)
def test_says_the_time(hour: int, minute: int, spoken: str) -> None:
    now = NOW.replace(hour=hour, minute=minute)
    assert reply([Message("user", "What time is it?")], now=now).text == spoken
