"""The short form of scripts/soak/llm_overhead.py: that it measures, and that nothing is grossly slow.

The figures themselves come from the long form; a busy machine must not fail a test.
"""

from __future__ import annotations

import pytest

from scripts.soak.llm_overhead import Bare, Client, at_once, first_token, processor, serving


@pytest.mark.real
async def test_the_client_reads_what_a_bare_socket_reads_and_not_much_later() -> None:
    with serving() as port:
        first = await first_token(port, rounds=15)
        assert first["bare"] > 0
        assert first["client"] - first["bare"] < 50
        for reader in (Bare(port), Client(port)):
            assert 0 <= await processor(reader, seconds=0.2) < 100
        late = await at_once([Client(port) for _ in range(8)], seconds=0.5)
    assert late["tokens"] == 8 * 10
    assert late["p95"] < 500
