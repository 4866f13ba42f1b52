from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from html_page import Page

from saa.reports import html

TEMPLATES = Path(html.__file__).parent / "templates"
ON_PAPER = ("ink", "soft", "accent")
ON_GROUND = ("ink", "soft", "accent")
DRAWN = ("good", "bad", "dim", "third", "axis", "ink")


@pytest.fixture
def page(odd_run):
    found = Page((odd_run / "report.html").read_text("utf-8"))
    assert found.open == []
    return found


def tags(page, *names):
    return [(tag, attributes) for tag, attributes in page.elements if tag in names]


def test_headings_descend_one_level_at_a_time(page):
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_table_has_a_caption_and_its_heads_a_scope(page):
    assert len(tags(page, "table")) == len(tags(page, "caption")) > 3
    assert {attributes.get("scope") for _, attributes in tags(page, "th")} == {"col", "row"}


def test_every_drawing_says_in_words_what_it_shows(page):
    drawings = [attributes for _, attributes in tags(page, "svg") if attributes.get("aria-hidden") != "true"]
    labels = [attributes["aria-label"] for attributes in drawings if attributes["role"] == "img"]
    assert len(labels) == len(drawings)
    for start in ("Precision against recall", "F1, precision and recall", "Histogram", "Colour scale"):
        assert any(label.startswith(start) for label in labels), start


def test_every_name_that_is_referred_to_is_there_once(page):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = {
        attributes["aria-labelledby"] for _, attributes in page.elements if "aria-labelledby" in attributes
    }
    wanted |= {address[1:] for address in page.addresses if address.startswith("#")}
    assert wanted <= set(ids)


def test_the_language_and_the_policy_are_said(page):
    assert ("html", {"lang": "en"}) in page.elements
    policy = next(known["content"] for _, known in tags(page, "meta") if "http-equiv" in known)
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "script-src 'sha256-" in policy


def test_lines_of_a_chart_differ_by_more_than_colour():
    style = (TEMPLATES / "style.css.j2").read_text("utf-8")
    dashes = dict(re.findall(r"\.line\.(\w+) \{ stroke: [^;]+;(?: stroke-dasharray: ([^;]+);)?", style))
    assert set(dashes) == {"f1", "precision", "recall"}
    assert len(set(dashes.values())) == 3
    assert re.search(r"\.bar\.defective \{ fill: url\(#stripes\)", style)


@pytest.mark.parametrize(
    ("fronts", "back", "least"),
    [(ON_PAPER, "paper", 4.5), (ON_GROUND, "ground", 4.5), (("ink",), "warm", 4.5), (DRAWN, "paper", 3)],
)
def test_contrast_is_enough_to_read(fronts, back, least):
    """Ratios of the Web Content Accessibility Guidelines 2.1: 4.5 for text, 3 for what is drawn."""
    style = (TEMPLATES / "style.css.j2").read_text("utf-8")
    colours = dict(re.findall(r"--(\w+): #([0-9a-f]{6});", style))
    for front in fronts:
        light, dark = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= least, (front, back)


def test_no_colour_of_text_is_written_anywhere_else():
    style = (TEMPLATES / "style.css.j2").read_text("utf-8")
    named = style[style.index("}") :]
    assert not re.findall(r"#[0-9a-f]{3,8}\b", named)
    assert set(re.findall(r"[{ ;]color: ([^;]+);", named)) == {
        "var(--ink)", "var(--soft)", "var(--accent)", "var(--paper)", "inherit",
    }  # fmt: skip


def luminance(colour):
    shares = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
