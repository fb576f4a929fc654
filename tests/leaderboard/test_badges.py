"""Badges are pictures that also read as text."""

from xml.etree import ElementTree as ET

import pytest

from leaderboard.badges import badge, rank_message

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(("label", "message"), [("MTEB(eng, v2)", "#12 of 317"), ('<b>"&', "not ranked"), ("長い", "")])
def test_a_badge_is_a_picture_that_says_both_halves(label: str, message: str) -> None:
    svg = ET.fromstring(badge(label, message))  # noqa: S314 - our own
    assert svg.find(f"{SVG}title").text == f"{label}: {message}"  # type: ignore[union-attr]
    assert svg.get("aria-label") == f"{label}: {message}"
    assert [text.text or "" for text in svg.iter(f"{SVG}text")] == [label, message]


def test_a_longer_message_makes_a_wider_badge() -> None:
    widths = [int(ET.fromstring(badge("B", message)).get("width", "0")) for message in ("#1", "#1 of 9999")]  # noqa: S314
    assert widths[0] < widths[1]


def test_a_model_without_a_rank_is_not_ranked() -> None:
    assert (rank_message(3, 12), rank_message(None, 12)) == ("#3 of 12", "not ranked")
