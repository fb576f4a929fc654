"""Badges for a README: what a model's rank is, as a small picture."""

from __future__ import annotations

from html import escape

# Advances of DejaVu Sans, as Verdana nearly the same, in hundredths of the font size. Browsers that lack both fonts
# stretch the text to the length computed here.
_NARROW = {**dict.fromkeys("ijlI.,:;|'! ", 33), **dict.fromkeys("frt()[]/\\-", 40)}
_WIDE = {**dict.fromkeys("mwMW@%", 92), **dict.fromkeys("ABCDEFGHKNOQRUVXYZ#", 72)}
_FONT_SIZE = 11
_PADDING = 7
_HEIGHT = 20


NOT_RANKED = "not ranked"


def rank_message(rank: int | None, n_rows: int) -> str:
    """What the right half of a rank badge says."""
    return NOT_RANKED if rank is None else f"#{rank} of {n_rows}"


def badge(label: str, message: str) -> str:
    """An SVG with the label on the left and the message on the right; its title says both to who cannot see it."""
    left, right = _width(label) + 2 * _PADDING, _width(message) + 2 * _PADDING
    title = escape(f"{label}: {message}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT}"'
        f' viewBox="0 0 {left + right} {_HEIGHT}" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<clipPath id="round"><rect width="{left + right}" height="{_HEIGHT}" rx="3"/></clipPath>'
        f'<g clip-path="url(#round)"><rect width="{left}" height="{_HEIGHT}" fill="#3d4351"/>'
        f'<rect x="{left}" width="{right}" height="{_HEIGHT}" fill="#2b46c8"/></g>'
        f'<g fill="#ffffff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="{_FONT_SIZE}">'
        f"{_text(label, _PADDING)}{_text(message, left + _PADDING)}</g></svg>"
    )


def _text(text: str, x: int) -> str:
    return f'<text x="{x}" y="14" textLength="{_width(text)}">{escape(text)}</text>'


def _width(text: str) -> int:
    """About how many pixels the text takes."""
    return round(sum(_NARROW.get(letter) or _WIDE.get(letter) or 62 for letter in text) * _FONT_SIZE / 100)
