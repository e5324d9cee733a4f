"""What is sent to a server that was recognized, what is remembered of it, and reading a prompt beforehand."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm import LLMTimedOut, Message, discover_all, last_used, remember_used
from llm.servers import is_local, recognized
from llm.wire import chat_models
from tests.llm.chaos import END, Chaos, free_port, replied, said, talking
from tests.llm.test_discovery import BUDGET_S, QWEN, listing


@pytest.mark.parametrize(
    ("listing", "first"),
    [
        (["qwen2.5-coder:7b", "llama3.2"], "llama3.2"),
        (["nomic-embed-text", "deepseek-math", "llama-guard3", "mistral-7b-base", "gemma3"], "gemma3"),
        (["qwen2.5-vl-7b", "qwen3"], "qwen3"),
        (["qwen2.5-coder"], "qwen2.5-coder"),
        (["encoded", "based-model"], "encoded"),
        (["codellama:7b", "starcoder2:3b", "llava:13b", "shieldgemma:2b", "phi4"], "phi4"),
        (
            ["paraphrase-multilingual:latest", "stablediffusion", "silero-vad", "all-mpnet-base-v2", "phi4"],
            "phi4",
        ),
    ],
)
def test_a_model_for_conversations_comes_first(listing: list[str], first: str) -> None:
    assert chat_models({"data": [{"id": name} for name in listing]})[0] == first


PROMPT = (Message("system", "Be brief."), Message("user", "Hello."))


def listed(owner: str) -> dict[str, object]:
    return {"data": [{"id": "qwen3", "owned_by": owner}]}


@pytest.mark.parametrize(
    ("owner", "server"), [("library", "Ollama"), ("llamacpp", "llama.cpp"), ("vllm", "vLLM"), ("me", None)]
)
def test_a_server_is_recognized_by_what_it_lists(owner: str, server: str | None) -> None:
    assert recognized(listed(owner)) == server


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8080/v1", True),
        ("http://localhost/v1", True),
        ("http://192.168.1.7:11434/v1", True),
        ("http://box.local/v1", True),
        ("https://api.example.com/v1", False),
        ("http://8.8.8.8/v1", False),
    ],
)
def test_local_is_this_machine_or_this_house(url: str, local: bool) -> None:
    assert is_local(url) is local


@pytest.mark.parametrize(
    ("owner", "extra", "sent"),
    [
        ("llamacpp", {}, {"cache_prompt": True}),
        ("library", {}, {"keep_alive": "30m"}),
        ("library", {"keep_alive": -1}, {"keep_alive": -1}),
        ("library", {"keep_alive": None}, {}),
        ("vllm", {}, {}),
    ],
)
async def test_what_a_server_understands_is_sent_and_the_user_has_the_last_word(
    owner: str, extra: dict[str, object], sent: dict[str, object]
) -> None:
    chaos = Chaos((said("Bon"), END), models=listed(owner))
    async with talking(chaos, llm__extra_body=extra) as model:
        await model.warm()
        await replied(model)
    body = chaos.requests[0]
    assert {key: body[key] for key in ("cache_prompt", "keep_alive") if key in body} == sent


@pytest.mark.parametrize(
    ("owner", "prefill", "asked"),
    [("llamacpp", "auto", 1), ("x", "auto", 0), ("x", "on", 1), ("vllm", "off", 0)],
)
async def test_the_prompt_is_read_beforehand_where_that_helps(owner: str, prefill: str, asked: int) -> None:
    chaos = Chaos((said("B"), END), models=listed(owner))
    async with talking(chaos, llm__prefill=prefill) as model:
        await model.warm()
        assert await model.prefill(PROMPT) is bool(asked)
        await replied(model, (PROMPT[0], Message("user", "Quelle heure est-il ?")))
    assert [body.get("max_tokens") for body in chaos.requests] == [1] * asked + [None]
    first = [body["messages"][0] for body in chaos.requests]
    assert first == [{"role": "system", "content": "Be brief."}] * len(first)
    assert len(chaos.clients) == 1, "the turn uses the warm connection"


async def test_a_prompt_that_cannot_be_read_beforehand_is_no_matter() -> None:
    chaos = Chaos((b"{}",), status=500, models=listed("vllm"))
    async with talking(chaos) as model:
        await model.warm()
        assert await model.prefill(PROMPT) is False


async def test_a_reply_that_never_ends_has_a_limit_in_all() -> None:
    chaos = Chaos((said("la "), 0.02) * 200)
    async with talking(chaos, llm__model="m", llm__total_timeout_s=0.2) as model:
        with pytest.raises(LLMTimedOut, match=r"more than 0\.2 s for one reply.*llm\.total_timeout_s"):
            await replied(model)
        await chaos.left.wait()


async def test_the_server_that_was_used_last_is_preferred_whatever_its_port() -> None:
    async with listing(QWEN) as known, listing(QWEN) as other:
        last = f"http://127.0.0.1:{other}/v1"
        found = await discover_all(BUDGET_S, ports=[(known, "vLLM")], last=last)
        gone = await discover_all(
            BUDGET_S, ports=[(known, "vLLM")], last=f"http://127.0.0.1:{free_port()}/v1"
        )
    assert [server.base_url for server in found] == [last, f"http://127.0.0.1:{known}/v1"]
    assert [server.base_url for server in gone] == [f"http://127.0.0.1:{known}/v1"]


def test_only_a_server_of_this_machine_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "state" / "llm.json"
    assert last_used(file) is None
    remember_used("https://api.example.com/v1", file)
    remember_used("http://me:hunter2@127.0.0.1:8080/v1", file)
    assert not file.exists()
    remember_used("http://127.0.0.1:1234/v1", file)
    assert last_used(file) == "http://127.0.0.1:1234/v1"
    file.write_text('{"base_url": "https://api.example.com/v1"}')
    assert last_used(file) is None
    file.write_text("no json")
    assert last_used(file) is None


def test_a_folder_that_cannot_be_written_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    remember_used("http://127.0.0.1:1234/v1", tmp_path / "state" / "llm.json")
    assert last_used(tmp_path / "state" / "llm.json") is None
