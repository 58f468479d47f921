"""A model told to people: its card in Markdown, and the report that a card keeps."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from servers import Server

from studio.checkpoint import read_card
from studio.cli import main
from studio.model_card import read_report, write_card

MARK = "0123456789abcdef"
SIDE = {
    "quality": {
        key: {"mean": mean, "deviation": 0.5}
        for key, mean in (("kid", 204.0), ("swd", 46.0), ("density", 0.31))
    },
    "diversity": {"coverage": {"mean": 0.2, "deviation": 0.01}},
}
REPORT: dict[str, Any] = {
    "fingerprint": MARK,
    "pictures": 40,
    "samples": 16,
    "compared": 16,
    "features": "some-network",
    **SIDE,
    "real_vs_real": SIDE,
    "mean_image": SIDE,
    "copies": {"share": 0.005, "ratio": None},
    "gauges": {
        "quality": {"value": 0.83, "level": "middle"},
        "diversity": {"value": 0.3, "level": "low"},
        "honesty": {"value": 0.99, "level": "high"},
    },
}


@pytest.fixture
def card(tiny_checkpoint: Path) -> dict[str, Any]:
    return {**read_card(tiny_checkpoint), "report": deepcopy(REPORT)}


def test_a_card_tells_data_rights_training_quality_and_limits(
    card: dict[str, Any],
) -> None:
    before = {"minutes": 90, "images_seen": 5000, "before": None}
    energy = {"energy_wh": 6.7, "energy_source": "cpu_time"}
    card["training"] = {"minutes": 30, "images_seen": 1000, **energy, "before": before}
    told = write_card(card, "tiny", MARK)
    for words in (
        "made for a test",
        "2.0 hours in 2 runs",
        "6,000 images",
        "6.7 Wh, known of 1 of 2 runs; estimated",
        "Quality: 83 of 100",
        "204.0 ± 0.5",
        "only a part of the kinds",
        MARK,
    ):
        assert words in told
    chinese = write_card(card, "tiny", MARK, "zh")
    assert "能耗：约 6.7 瓦时" in chinese and "质量" in chinese
    assert "{" not in told + chinese


def test_the_front_matter_is_one_value_a_line(card: dict[str, Any]) -> None:
    card["title"] = 'A: "b"\n---\nlicense: mit'
    _, block, rest = write_card(card, "tiny", MARK).split("---\n", 2)
    lines = block.splitlines()
    assert [line for line in lines if line.startswith("license:")] == ["license: other"]
    title = next(line for line in lines if line.startswith("pretty_name: "))
    assert json.loads(title.removeprefix("pretty_name: ")) == card["title"]
    assert all(line.startswith("- ") or ": " in f"{line} " for line in lines)
    assert rest.lstrip().startswith("# A:")


def test_what_nobody_measured_or_said_is_told_as_such(card: dict[str, Any]) -> None:
    card |= {"report": None, "data": {}, "training": {}}
    told = write_card(card, "tiny", MARK)
    for words in ("Nobody has measured", "nothing was said about", "Energy: not known"):
        assert words in told


def test_a_report_of_other_weights_or_of_strange_shape_is_not_believed(
    card: dict[str, Any],
) -> None:
    assert read_report(card, MARK) == REPORT
    assert read_report(card, "f" * 16) is None
    for key, value in (
        ("gauges", {"quality": {"value": "much", "level": "high"}}),
        ("gauges", None),
        ("mean_image", {}),
        ("samples", float("nan")),
        ("copies", {"share": "few"}),
    ):
        assert read_report({"report": {**REPORT, key: value}}, MARK) is None
    assert read_report({"report": "good"}, MARK) is None


def test_the_command_prints_or_writes_a_card(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["card", "tiny"]) == 0
    assert capsys.readouterr().out.startswith("---\n")
    path = tmp_path / "new" / "README.md"
    assert main(["card", "tiny", "-o", str(path), "--language", "zh", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["card"] == path.read_text("utf-8")
    assert main(["card", "tiny", "--language", "fr"]) == 2
    assert "en, zh" in capsys.readouterr().err
    assert main(["card", "nobody"]) == 2


def test_a_page_gets_the_card_as_a_file(server: Server) -> None:
    answer = server.get("studio/models/tiny/card.md?language=zh")
    assert "README.md" in answer.headers["content-disposition"]
    assert "数据与权利" in answer.text
    assert "Data and rights" in server.get("studio/models/tiny/card.md").text
    missing = server.get("studio/models/nobody/card.md").json()
    assert missing["error"]["code"] == "model_missing"
    assert server.get("studio/models/tiny").json()["report"] is None
