from __future__ import annotations

import pprint

import pytest
from published_prompts import PAIRS, SENTENCES

from saa import config, prompt_lint
from saa.prompt_import import parameters
from saa.prompt_import.products import imported

NAMES = [(folder, product) for folder in PAIRS for product in PAIRS[folder]]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """All 29 products, imported from files of parameters whose variables are called anything."""
    root = tmp_path_factory.mktemp("imported")
    for folder in PAIRS:
        path = root / f"{folder}.py"
        path.write_text(
            f"import nothing\nASKED = {pprint.pformat(PAIRS[folder])}\ns: dict = {SENTENCES[folder]!r}\n"
        )
        (root / folder).mkdir()
        for given in parameters.read(path).products:
            (root / folder / f"{given.product}.yaml").write_text(imported(given).text)
    return root


@pytest.mark.parametrize(("folder", "product"), NAMES)
def test_an_imported_product_is_what_is_shipped_but_for_what_is_ours(written, folder, product):
    shipped = config.load(f"{folder}/{product}", "foundation", profile="released")
    found = config.load(written / folder / f"{product}.yaml", "foundation", profile="released")
    ours = {"object": {"extent": "auto"}, "defects": {"size": "any"}}
    plain = {section: shipped.prompt.model_dump()[section] | changed for section, changed in ours.items()}
    assert found.prompt.model_dump() == shipped.prompt.model_dump() | plain
    assert found.regions == shipped.regions


@pytest.mark.parametrize("folder", PAIRS)
def test_imported_files_have_no_mistakes(written, folder):
    findings = prompt_lint.lint([written / folder])
    assert [finding for finding in findings if finding.severity == "error"] == []
    assert not any("underscore" in finding.message for finding in findings)


def test_an_import_says_where_it_comes_from(written):
    head = (written / "mtd" / "mtd.yaml").read_text().split("object:")[0]
    assert head == (
        "# mtd. Imported from mtd.py: prompts written for the code released with SAA+ (arXiv 2305.10724). Their "
        "sentence:\n# the image of ksdd2 have 1 dissimilar mtd, with a maximum of 5 anomaly. The anomaly would not "
        "exceed 0.9 object area.\n"
    )
