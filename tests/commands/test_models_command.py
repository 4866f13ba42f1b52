from __future__ import annotations

import pytest
import tiny_checkpoint
from file_server import serving
from tiny_checkpoint import CONTENT, entry, sha256

from saa.weights import folders

PLACE = "looked for in "


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A registry with `tiny`, which needs `words`; neither is here."""
    tiny_checkpoint.put_in_force(
        monkeypatch, tmp_path, tiny=entry(needs=["words"]), words=entry(b"a", file={"name": "words.txt"})
    )


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server on this machine that has `tiny`, and leave to use it."""
    monkeypatch.setenv("SAA_OFFLINE", "0")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(CONTENT) as served:
        tiny_checkpoint.put_in_force(monkeypatch, tmp_path, tiny=entry(address=served.address))
        yield served


def lines(text):
    return [line.rstrip() for line in text.splitlines()]


def test_list_tells_what_there_is_and_what_is_here(give, tiny):
    code, out, err = give("models", "list")
    assert (code, err) == (0, "")
    assert lines(out) == [
        "name   state      size  licence     file",
        "tiny   missing  1.0 MB  Apache-2.0  tiny.pth",
        "words  missing  1 byte  Apache-2.0  words.txt",
        f"{PLACE}{folders.cache()}",
    ]


def test_list_and_verify_tell_the_state_of_files(give, tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("SAA_WEIGHTS", str(tmp_path))
    (tmp_path / "tiny.pth").write_bytes(CONTENT)
    (tmp_path / "words.txt").write_bytes(b"ab")
    assert lines(give("models", "list")[1])[1:] == [
        f"tiny   not verified   1.0 MB  Apache-2.0  {tmp_path}/tiny.pth",
        f"words  wrong         2 bytes  Apache-2.0  {tmp_path}/words.txt",
        f"{PLACE}{tmp_path}, {folders.cache()}",
    ]
    code, out, err = give("models", "verify")
    assert code == 2
    assert lines(out) == [
        "name   checksum   file",
        f"tiny   published  {tmp_path}/tiny.pth",
        f"words  wrong      {tmp_path}/words.txt",
    ]
    assert err == "1 of 2 wrong; fetch again, or record a file you trust: saa models add NAME FILE\n"
    assert give("models", "verify", "tiny")[0] == 0


def test_verify_of_a_missing_file_is_a_user_error_and_of_none_is_not(give, tiny):
    code, out, err = give("models", "verify", "tiny")
    assert (code, out) == (2, "")
    assert err.startswith("tiny: expected tiny.pth in ")
    assert give("models", "verify") == (0, "", "no checkpoint is here; see: saa models list\n")


def test_what_programs_may_fetch_is_fetched_before_a_page_for_people_is_named(
    give, server, monkeypatch, tmp_path
):
    page = {"name": "other.pth", "address": "https://example.org/page", "by_browser": True, "bytes": 0}
    needed = entry(address=server.address)
    tiny_checkpoint.put_in_force(monkeypatch, tmp_path, other=entry(file=page, needs=["tiny"]), tiny=needed)
    assert "other  missing       ?  Apache-2.0  other.pth" in lines(give("models", "list")[1])
    code, out, err = give("models", "fetch", "other")
    assert (code, out) == (2, f"{folders.cache() / 'tiny.pth'}; sha256 as published\n")
    assert err.endswith(
        f"open https://example.org/page in a browser, and put other.pth into {folders.cache()}\n"
    )


def test_fetch_downloads_and_a_second_time_does_not(give, server):
    path = folders.cache() / "tiny.pth"
    host = server.address.split("/")[2]
    told = f"tiny: 1.0 MB from {host}; licence Apache-2.0\n"
    assert give("models", "fetch", "tiny") == (0, f"{path}; sha256 as published\n", told)
    assert path.read_bytes() == CONTENT
    assert give("models", "fetch", "tiny") == (0, f"{path}; already here\n", "")
    assert "published" in give("models", "list")[1]


def test_fetch_puts_files_where_it_is_told_even_if_they_are_here(give, server, tmp_path):
    give("models", "fetch", "tiny")
    code, out, _ = give("models", "fetch", "tiny", "--to", tmp_path / "stick")
    assert (code, out) == (0, f"{tmp_path}/stick/tiny.pth; sha256 as published\n")


def test_fetch_brings_what_a_checkpoint_needs_and_names_wrong_names_first(give, tiny):
    code, _, err = give("models", "fetch", "tiny", "tinny")
    assert code == 2
    assert err == "checkpoint: expected one of tiny, words, got 'tinny'; did you mean 'tiny'?\n"


def test_fetch_offline_is_a_user_error_in_one_line(give, tiny):
    code, out, err = give("models", "fetch", "words")
    assert (code, out) == (2, "")
    assert lines(err)[1:] == [
        f"words: expected leave to use the network, got SAA_OFFLINE; unset it, or put words.txt into "
        f"{folders.cache()} by hand"
    ]


def test_fetch_refuses_a_wrong_file_that_is_here(give, server):
    folders.cache().mkdir(parents=True)
    (folders.cache() / "tiny.pth").write_bytes(b"mine")
    code, _, err = give("models", "fetch", "tiny")
    assert code == 2
    assert "tiny.pth: expected tiny as published" in err


def test_an_interrupted_fetch_says_how_to_go_on(give, server, monkeypatch, capsys):
    server.breaks += [1000]
    monkeypatch.setattr("time.sleep", _interrupt)
    code, _, err = give("models", "fetch", "tiny")
    assert code == 130
    assert "stopped; what has arrived is kept. Give the same command again to go on." in lines(err)
    assert (folders.cache() / "tiny.pth.part").stat().st_size == 1000
    assert give("models", "fetch", "tiny")[0] == 0


def _interrupt(_seconds):
    raise KeyboardInterrupt


def test_a_file_of_ones_own_is_added_and_forgotten(give, tiny, tmp_path):
    mine = tmp_path / "mine.pth"
    mine.write_bytes(b"mine")
    told = f"{mine}; sha256 {sha256(b'mine')}, recorded for tiny\n"
    assert give("models", "add", "tiny", mine) == (0, told, "")
    assert lines(give("models", "list")[1])[1] == f"tiny   added    4 bytes  Apache-2.0  {mine}"
    mine.unlink()
    assert lines(give("models", "list")[1])[1] == f"tiny   gone     1.0 MB  Apache-2.0  {mine}"
    assert give("models", "verify")[0] == 2
    assert give("models", "forget", "tiny") == (0, "tiny: forgotten\n", "")
    assert give("models", "forget", "tiny") == (0, "tiny: nothing was added\n", "")


def test_adding_a_file_that_another_one_hides_says_so(give, tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("SAA_WEIGHTS", str(tmp_path / "given"))
    (tmp_path / "given").mkdir()
    for path in (tmp_path / "given/tiny.pth", tmp_path / "mine.pth"):
        path.write_bytes(b"mine")
    _, _, err = give("models", "add", "tiny", tmp_path / "mine.pth")
    assert err == f"{tmp_path}/given/tiny.pth comes first, since it lies in a folder of SAA_WEIGHTS\n"


def test_adding_no_file_is_a_user_error(give, tiny, tmp_path):
    code, _, err = give("models", "add", "tiny", tmp_path / "none.pth")
    assert code == 2
    assert (
        err == f"{tmp_path}/none.pth: expected a file with a tiny model, got no such file; check the path\n"
    )
