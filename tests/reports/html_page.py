"""A page as tests read it."""

from __future__ import annotations

from html.parser import HTMLParser

from saa.reports import html

VOID = {"meta", "img", "stop", "rect", "line", "br", "path", "polyline", "circle"}
INLINE = {"bdi", "strong", "code"}


class Page(HTMLParser):
    """Collects what a browser would see and checks that elements close.

    Attributes:
        images: the attributes of each `img`.
        addresses: whatever `src` and `href` lead to.
        elements: (tag, attributes) of all elements, in order.
        text: the words, with one space between two.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.images: list[dict[str, str]] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.text = " ".join("".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        self.elements.append((tag, known))
        if tag == "img":
            self.images.append(known)
        self.addresses += [known[name] for name in ("src", "href") if name in known]
        if tag not in VOID:
            self.open.append(tag)
        elif tag == "br":
            self.words.append(" ")

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

        if tag not in INLINE:
            self.words.append(" ")

    def handle_data(self, text):
        if self.open[-1:] not in (["style"], ["script"]):
            self.words.append(text)


def written(fake, **options) -> Page:
    """The page of a made-up run, whose elements are all closed."""
    run = fake.folder
    html.write(run, run / "report.html", **options)
    page = Page((run / "report.html").read_text("utf-8"))
    assert page.open == []
    return page
