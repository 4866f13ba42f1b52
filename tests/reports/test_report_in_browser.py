"""The page in a real browser, at the width of a desk and of a phone."""

from __future__ import annotations

import pytest

WIDTHS = {"desk": (1280, 900), "phone": (400, 800)}
LEAST_TARGET_PX = 24
"""Of what can be tapped, by the Web Content Accessibility Guidelines 2.2."""


@pytest.fixture
def address(odd_run):
    return (odd_run / "report.html").as_uri()


def visit(browser, address, size=WIDTHS["desk"], **options):
    """The open page; what it asks for and complains of is collected in `page.asked` and `page.told`."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, **options)
    page.asked, page.told = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.told.append(message.text))
    page.on("pageerror", lambda error: page.told.append(str(error)))
    page.goto(address)
    return page


def seen(page, script):
    return page.evaluate(f"() => {{ {script} }}")


def test_it_loads_whole_at_any_width_and_asks_for_nothing_else(browser, address):
    for size in WIDTHS.values():
        page = visit(browser, address, size)
        widths = seen(
            page,
            """return Promise.all(
              [...document.images].map((each) => each.decode().then(() => each.naturalWidth)));""",
        )
        assert len(widths) > 20
        assert min(widths) > 0
        assert [url for url in page.asked if not url.startswith("data:image/webp")] == [address]
        assert page.told == []
        assert seen(page, "return window.hacked") is None
        page.close()


def test_nothing_is_wider_than_the_window_but_tables_in_their_boxes(browser, address):
    for size in WIDTHS.values():
        page = visit(browser, address, size)
        assert seen(page, "return document.documentElement.scrollWidth") == size[0]
        outside = seen(
            page,
            """const width = document.documentElement.clientWidth;
            return [...document.querySelectorAll("body *")]
              .filter((each) => !each.closest(".scroll, .jump, .patterns, pre"))
              .filter((each) => each.getBoundingClientRect().right > width + 1)
              .map((each) => each.outerHTML.slice(0, 80));""",
        )
        assert outside == []
        page.close()


def test_charts_can_be_seen_and_their_words_read(browser, address):
    for size in WIDTHS.values():
        page = visit(browser, address, size)
        boxes = seen(
            page,
            """return [...document.querySelectorAll("svg[role=img]")].map((each) => {
              const box = each.getBoundingClientRect(), text = each.querySelector("text").getBoundingClientRect();
              return [box.width, box.height, text.height];
            });""",
        )
        assert len(boxes) >= 3 * 3 + 2
        assert all(width > 250 and height > 30 and letters > 11 for width, height, letters in boxes)
        cut = seen(
            page,
            """return [...document.querySelectorAll("svg[role=img] text")].filter((each) => {
              const box = each.getBoundingClientRect(), frame = each.ownerSVGElement.getBoundingClientRect();
              return box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1
                || box.bottom > frame.bottom + 1;
            }).map((each) => each.textContent);""",
        )
        assert cut == []
        page.close()


def test_what_can_be_tapped_is_large_enough(browser, address):
    page = visit(browser, address, WIDTHS["phone"])
    small = seen(
        page,
        f"""return [...document.querySelectorAll("a, button, summary")]
          .filter((each) => each.getBoundingClientRect().height < {LEAST_TARGET_PX})
          .map((each) => each.textContent);""",
    )
    assert small == []


def test_links_lead_to_their_categories(browser, address):
    page = visit(browser, address, WIDTHS["phone"])
    for place in (".jump", ".overview", "table"):
        page.locator(f"{place} a", has_text="unlabelled").first.click()
        top = page.locator("h2", has_text="unlabelled").bounding_box()["y"]
        assert page.locator(".jump").bounding_box()["height"] <= top < 800
        seen(page, "window.scrollTo(0, 0)")


def test_a_table_is_sorted_by_the_column_that_is_chosen(browser, address):
    page = visit(browser, address)
    table = page.locator("table.sortable").first
    names = table.locator("tbody th").all_inner_texts()
    assert names == sorted(names)
    images = [head.inner_text().strip() for head in table.locator("thead th").all()].index("images")

    def column():
        return [row.locator("th, td").nth(images).inner_text() for row in table.locator("tbody tr").all()]

    head = table.locator("thead th").nth(images)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert column() == sorted(column(), key=int)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert column() == sorted(column(), key=int, reverse=True)


def test_pictures_of_an_image_can_be_enlarged(browser, address):
    page = visit(browser, address)
    card = page.locator(".card").first
    before = card.locator("img").first.bounding_box()["width"]
    button = card.get_by_role("button")
    button.click()
    assert card.locator("img").first.bounding_box()["width"] > 1.5 * before
    assert button.get_attribute("aria-pressed") == "true"


def test_it_is_complete_without_its_script(browser, address):
    words = [
        visit(browser, address, java_script_enabled=enabled).locator("main").inner_text().split()
        for enabled in (True, False)
    ]
    assert "Enlarge" not in words[1]
    assert [word for word in words[0] if word != "Enlarge"] == words[1]


def test_on_paper_there_is_nothing_to_click(browser, address):
    page = visit(browser, address)
    page.emulate_media(media="print")
    for place in (".jump", ".overview", ".enlarge", "details"):
        assert not page.locator(place).first.is_visible(), place
    assert page.locator("figure img").first.is_visible()
    assert page.pdf(format="A4")[:5] == b"%PDF-"
