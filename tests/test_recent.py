"""What is remembered of the things asked about last."""

from __future__ import annotations

from studio.server.recent import Recent


def test_the_one_longest_unused_makes_room() -> None:
    known: Recent[str, int] = Recent(2)
    known["a"], known["b"] = 1, 2
    assert known["a"] == 1
    known["c"] = 3
    assert dict(known.items()) == {"a": 1, "c": 3}
    known["a"] = 4
    known["d"] = 5
    assert list(known) == ["a", "d"] and known["a"] == 4
