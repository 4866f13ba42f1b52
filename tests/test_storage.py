"""Files that do not lie on this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from saa import images, storage, whole_files
from saa.datasets import mvtec
from saa.errors import ImageError, ModelError

pytest.importorskip("upath", reason="needs the extra saa[cluster]")


@pytest.fixture
def bucket(tmp_path):
    """An empty folder in the memory of this process, as if it were in a bucket."""
    root = storage.located(f"memory://bucket{tmp_path.as_posix()}")
    yield root
    if root.exists():
        root.fs.rm(root.path, recursive=True)


def uploaded(folder, root):
    for path in folder.rglob("*"):
        if path.is_file():
            storage.write(root / path.relative_to(folder).as_posix(), path.read_bytes())
    return root


@pytest.fixture
def drawn(tmp_path):
    """Two products with a good and a defective picture each, in MVTec AD's layout."""
    rng = np.random.default_rng(3)
    for product in ("bolt", "nut"):
        for defect in ("good", "hole"):
            picture = rng.integers(0, 250, (6, 8, 3), dtype=np.uint8)
            images.write_png(tmp_path / f"data/{product}/test/{defect}/000.png", picture)
        mask = np.zeros((6, 8), bool)
        mask[2, 3] = True
        images.write_png(tmp_path / f"data/{product}/ground_truth/hole/000_mask.png", mask)
    return tmp_path / "data"


@pytest.mark.parametrize("text", ["data", "/data/x", "C:\\data", "a:b", "file:///data/x"])
def test_text_that_is_no_url_is_an_ordinary_path(text):
    assert type(storage.located(text)) is type(Path())
    assert storage.located(text) == Path(text.removeprefix("file://"))


def test_ordinary_paths_load_no_library():
    loaded = "{'fsspec', 'upath'} & set(sys.modules)"
    code = f"import sys, saa.cli, saa.storage; saa.storage.located('data'); print({loaded})"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "set()"


def test_a_url_without_the_package_for_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(storage, "find_spec", lambda name: None)
    with pytest.raises(
        ModelError, match=r"s3://b/x: expected the packages fsspec.*pip install 'saa\[cluster\]'"
    ):
        storage.located("s3://b/x")


def test_an_unknown_protocol_is_refused():
    with pytest.raises(ModelError, match="nosuch://b/x: expected a protocol that fsspec can read here, got"):
        storage.located("nosuch://b/x")


def test_a_data_set_elsewhere_is_listed_like_one_here(drawn, bucket):
    here, there = mvtec.samples(drawn), mvtec.samples(uploaded(drawn, bucket))
    assert [(each.product, each.name, each.defect) for each in there] == [
        (each.product, each.name, each.defect) for each in here
    ]
    assert str(there[1].mask_path).startswith("memory://bucket/")
    for one, other in zip(here, there, strict=True):
        assert (images.read_rgb(other.image_path) == images.read_rgb(one.image_path)).all()
        assert images.sha256(other.image_path) == images.sha256(one.image_path)
        assert images.read_size(other.image_path) == (6, 8)


def test_a_fetched_picture_is_read_like_the_file(drawn, bucket):
    path = uploaded(drawn, bucket) / "nut/test/good/000.png"
    file = storage.fetched(path)
    path.unlink()
    assert (images.read_rgb(file) == images.read_rgb(drawn / "nut/test/good/000.png")).all()
    assert str(file) == str(path)


@pytest.mark.parametrize(
    ("payload", "words"),
    [(None, "no such file"), (b"", "an empty file"), (b"text", "a file that is no picture")],
)
def test_a_picture_elsewhere_that_cannot_be_read_is_told_like_one_here(bucket, payload, words):
    path = bucket / "a.png"
    if payload is not None:
        storage.write(path, payload)
    with pytest.raises(ImageError, match=f"memory://bucket.*/a.png: expected a readable image, got {words}"):
        images.read_rgb(storage.fetched(path))


def test_a_map_elsewhere_is_written_and_read_back(bucket, new_map):
    images.write_map(bucket / "maps/a.tiff", new_map())
    assert (images.read_map(bucket / "maps/a.tiff") == new_map()).all()
    whole_files.write(bucket / "maps/a.tiff", b"other")
    assert (bucket / "maps/a.tiff").read_bytes() == b"other"
    assert [path.name for path in (bucket / "maps").iterdir()] == ["a.tiff"]


def test_a_storages_own_exceptions_are_os_errors():
    class NoCredentialsError(Exception):
        pass

    with pytest.raises(OSError, match="NoCredentialsError: give a key"), storage.faults_as_os_errors():
        raise NoCredentialsError("give a key")


def test_a_file_here_is_fetched_as_it_is(tmp_path):
    assert storage.fetched(tmp_path / "a.png") == tmp_path / "a.png"
