from __future__ import annotations

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load, save

from saa import references
from saa.errors import ModelError
from saa.references import Reference

ARRAYS = {
    "bank": np.arange(12, dtype=np.float32).reshape(3, 4),
    "places": np.array([[3, -1]], np.int64),
    "used": np.array([True, False, True]),
}
ABOUT = {
    "num_images": 3,
    "decisions": {"arrangement": "aligned", "window": 0.25},
    "recipe": {"größe": [1, None]},
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "part.ref"


def reference(kind="consensus", arrays=ARRAYS, about=ABOUT):
    return Reference(kind, arrays, about)


def rewritten(path, change):
    """The file at `path` with its JSON text changed by `change`, its checksum as it was."""
    payload = path.read_bytes()
    header = json.loads(payload[8 : 8 + int.from_bytes(payload[:8], "little")])
    head = json.loads(header["__metadata__"]["saa"])
    change(head)
    path.write_bytes(save(load(payload), {"saa": json.dumps(head)}))


def test_a_reference_without_arrays_comes_back(path):
    references.write(path, reference(arrays={}))
    assert references.read(path).arrays == {}


def test_a_reference_comes_back_as_it_was_written(path):
    references.write(path, reference())
    found = references.read(path)
    assert (found.kind, found.about, found.num_images) == ("consensus", ABOUT, 3)
    assert set(found.arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert found.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(found.arrays[name], array)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 3), np.float32),
        np.full((), 2.5),
        np.arange(6.0).reshape(2, 3).T,
        np.arange(10, dtype=np.uint8)[::3],
        np.arange(4, dtype=">i4"),
        np.array([np.nan, np.inf, -0.0], np.float16),
    ],
    ids=["empty", "no axes", "transposed", "strided", "other byte order", "not finite"],
)
def test_an_array_comes_back_however_it_lies_in_memory(path, array):
    references.write(path, reference(arrays={"it": array}))
    found = references.read(path).arrays["it"]
    assert (found.shape, found.dtype) == (array.shape, array.dtype.newbyteorder("="))
    np.testing.assert_array_equal(found, array)


def test_equal_references_are_equal_byte_for_byte(path, tmp_path):
    references.write(path, reference())
    for turn in range(3):
        swapped = {name: np.asfortranarray(ARRAYS[name]) for name in reversed(ARRAYS)}
        other = reference(arrays=swapped, about=dict(reversed(ABOUT.items())))
        references.write(tmp_path / f"{turn}.ref", other)
        assert (tmp_path / f"{turn}.ref").read_bytes() == path.read_bytes()


def test_what_was_read_is_written_again_byte_for_byte(path, tmp_path):
    references.write(path, reference())
    references.write(tmp_path / "again.ref", references.read(path))
    assert (tmp_path / "again.ref").read_bytes() == path.read_bytes()


def test_folders_are_made_and_nothing_else_is_left_behind(tmp_path):
    references.write(tmp_path / "new/part.ref", reference())
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["part.ref"]


def test_a_file_that_cannot_be_written_is_told_in_a_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        ModelError, match=r"part\.ref: expected to write [\d,]+ bytes, got: .*; check the folder"
    ):
        references.write(tmp_path / "file/part.ref", reference())
    (tmp_path / "folder").mkdir()
    with pytest.raises(ModelError, match=r"folder: expected to write"):
        references.write(tmp_path / "folder", reference())
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.parametrize("changed", ["flipped", "truncated"])
def test_no_byte_can_be_changed_or_lost_unseen(path, changed):
    references.write(path, reference(arrays={"bank": np.arange(3, dtype=np.int16)}, about={"num_images": 1}))
    whole = path.read_bytes()
    for index in range(len(whole)):
        flipped = whole[:index] + bytes([whole[index] ^ 4]) + whole[index + 1 :]
        path.write_bytes(flipped if changed == "flipped" else whole[:index])
        with pytest.raises(ModelError, match=r"^[^\n]*part\.ref: expected .*, got .*; [^\n]*saa[^\n]*$"):
            references.read(path)


def test_bytes_too_many_are_seen(path):
    references.write(path, reference())
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ModelError, match=r"got a damaged file .*; fit it again with `saa fit`"):
        references.read(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [("kind", "other"), ("about", {"num_images": 4}), ("about", ABOUT | {"more": 1}), ("sha256", "0" * 64)],
)
def test_a_changed_text_does_not_fit_the_checksum(path, key, value):
    references.write(path, reference())
    rewritten(path, lambda head: head.update({key: value}))
    with pytest.raises(ModelError, match=r"got a damaged file \(its checksum does not fit its content\)"):
        references.read(path)


@pytest.mark.parametrize(
    "arrays", [{"bank": ARRAYS["bank"]}, ARRAYS | {"used": np.array([True, True, True])}]
)
def test_changed_arrays_do_not_fit_the_checksum(path, arrays):
    references.write(path, reference())
    payload = path.read_bytes()
    header = json.loads(payload[8 : 8 + int.from_bytes(payload[:8], "little")])
    path.write_bytes(save(arrays, header["__metadata__"]))
    with pytest.raises(ModelError, match=r"its checksum does not fit its content"):
        references.read(path)


def test_equal_bytes_of_another_shape_or_name_do_not_fit_the_checksum(path):
    references.write(path, reference())
    payload = path.read_bytes()
    for changed in (
        payload.replace(b'"shape":[3,4]', b'"shape":[4,3]'),
        payload.replace(b'"bank"', b'"tank"'),
    ):
        assert changed != payload
        path.write_bytes(changed)
        with pytest.raises(ModelError, match=r"its checksum does not fit its content"):
            references.read(path)


@pytest.mark.parametrize("missing", ["kind", "about", "sha256"])
def test_a_text_that_lacks_something_is_damage(path, missing):
    references.write(path, reference())
    rewritten(path, lambda head: head.pop(missing))
    with pytest.raises(ModelError, match=rf"got a damaged file \(no '{missing}'\); fit it again"):
        references.read(path)


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_version_is_refused_by_number(path, version):
    references.write(path, reference())
    rewritten(path, lambda head: head.update(version=version))
    expected = (
        rf"part\.ref: expected version 1, got version {version!r}; fit it again with `saa fit`, or use the"
    )
    with pytest.raises(ModelError, match=expected):
        references.read(path)


def test_a_file_of_another_kind_is_told_as_such(path):
    path.write_bytes(pickle.dumps({"num_images": 3}))
    with pytest.raises(ModelError, match=r"got another kind of file, or a damaged one; fit it again"):
        references.read(path)
    path.write_bytes(save({"bank": ARRAYS["bank"]}))
    with pytest.raises(
        ModelError, match=r"got another program's file; give the file that `saa fit -o` wrote"
    ):
        references.read(path)
    path.write_bytes(save({"bank": ARRAYS["bank"]}, {"saa": '{"format": "saa weights", "version": 1}'}))
    with pytest.raises(ModelError, match=r"got a file of another format; give the file that"):
        references.read(path)
    for text in ("", "{}", "[1, 2]", "null", "\0" * 64):
        path.write_text(text)
        with pytest.raises(ModelError, match=r"got another "):
            references.read(path)


def test_a_file_that_is_nested_without_end_is_refused(path):
    header = b"[" * 100_000
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(ModelError, match="another kind of file"):
        references.read(path)


def test_a_path_without_a_file_is_refused(tmp_path):
    with pytest.raises(
        ModelError, match=r"none\.ref: expected a reference .*, got no such file; check the path"
    ):
        references.read(tmp_path / "none.ref")
    with pytest.raises(ModelError, match=r"got a folder; check the path, or make one with `saa fit`"):
        references.read(tmp_path)


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([{}]), np.array([1j])])
def test_an_array_of_no_plain_numbers_is_refused(array):
    with pytest.raises(ValueError, match=r"arrays\.it: expected numbers or bool, got "):
        reference(arrays={"it": array})


@pytest.mark.parametrize("about", [{}, {"num_images": 0}, {"num_images": True}, {"num_images": 2.0}])
def test_a_reference_must_say_how_many_images_it_is_made_from(about):
    with pytest.raises(ValueError, match=r"about\.num_images: expected a whole number of at least 1, got "):
        reference(about=about)


@pytest.mark.parametrize("value", [np.float32(1), {1, 2}, float("nan")])
def test_what_json_does_not_have_is_refused(value):
    with pytest.raises(ValueError, match=r"JSON"):
        reference(about={"num_images": 1, "it": value})


def test_the_file_format_is_loaded_only_when_needed():
    program = "import sys, saa.references; sys.exit('safetensors' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
