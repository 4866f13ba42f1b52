from __future__ import annotations

import pytest
from tiny_checkpoint import CONTENT, entry, sha256

from saa.errors import ModelError
from saa.weights import checksums, downloads

SIZE = len(CONTENT)


def names_in(folder):
    return [path.name for path in folder.iterdir()]


def fetch(**more):
    return downloads.fetch("tiny", pause_s=0, **more)


def test_a_fetched_file_lies_in_the_cache_and_needs_no_second_hashing(server, cache):
    path = fetch()
    assert path == cache / "tiny.pth"
    assert path.read_bytes() == CONTENT
    assert names_in(cache) == ["tiny.pth"]
    assert checksums.remembered(path) == sha256(CONTENT)
    assert server.ranges == [""]


def test_another_folder_may_be_named(server, tmp_path):
    assert fetch(folder=tmp_path / "stick/weights") == tmp_path / "stick/weights/tiny.pth"


def test_a_file_that_is_there_is_not_fetched_again_even_offline(server, monkeypatch):
    fetch()
    monkeypatch.setenv("SAA_OFFLINE", "1")
    assert fetch().read_bytes() == CONTENT
    assert len(server.ranges) == 1


@pytest.mark.parametrize("value", ["1", "true", "YES", " on "])
def test_offline_the_network_is_never_touched(server, cache, monkeypatch, value):
    monkeypatch.setenv("SAA_OFFLINE", value)
    with pytest.raises(ModelError, match=rf"got SAA_OFFLINE; unset it, or put tiny.pth into {cache} by hand"):
        fetch()
    assert server.ranges == []
    assert names_in(cache) == []


def test_an_interrupted_download_goes_on_at_the_next_call(server, cache):
    def interrupt(done, total):
        if done > SIZE // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(watch=interrupt)
    kept = (cache / "tiny.pth.part").stat().st_size
    assert SIZE // 2 < kept < SIZE
    assert not (cache / "tiny.pth").exists()
    assert fetch().read_bytes() == CONTENT
    assert server.ranges == ["", f"bytes={kept}-"]
    assert names_in(cache) == ["tiny.pth"]


def test_a_connection_that_breaks_is_taken_up_again_by_itself(server):
    server.breaks += [300_000, 1, 400_000]
    assert fetch().read_bytes() == CONTENT
    assert server.ranges == ["", "bytes=300000-", "bytes=300001-", "bytes=700001-"]


def test_a_server_that_cannot_resume_sends_all_of_it_again(server):
    server.resumes = False
    server.breaks += [300_000]
    assert fetch().read_bytes() == CONTENT
    assert server.ranges == ["", "bytes=300000-"]


def test_a_server_that_sends_nothing_more_is_given_up_and_what_came_is_kept(server, cache):
    server.breaks += [1000, *[0] * 5]
    with pytest.raises(
        ModelError, match=r"ended early; .* give the same command again \(1,000 of 1,024,000 bytes are"
    ):
        fetch()
    assert (cache / "tiny.pth.part").read_bytes() == CONTENT[:1000]
    assert len(server.ranges) == 6


def test_a_busy_server_is_asked_again(server):
    server.statuses += [503, 429]
    assert fetch().read_bytes() == CONTENT
    assert server.ranges == ["", "", ""]


def test_an_answer_that_will_not_change_is_told_at_once(server, cache):
    server.statuses += [404]
    with pytest.raises(
        ModelError, match=rf"{server.address}: expected to be served, got: HTTP 404 Not Found; check"
    ):
        fetch()
    assert names_in(cache) == []


def test_no_connection_is_told_at_once(write_registry, monkeypatch):
    monkeypatch.setenv("SAA_OFFLINE", "0")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    write_registry(tiny=entry(address="http://127.0.0.1:9/tiny.pth"))
    with pytest.raises(
        ModelError, match=r"tiny.pth: expected to be served, got: \[Errno \d+\] Connection refused"
    ):
        fetch()


def test_wrong_bytes_are_never_put_in_place(server, cache):
    server.content = CONTENT[::-1]
    with pytest.raises(
        ModelError, match=rf"with sha256 {sha256(CONTENT)}, got {sha256(CONTENT[::-1])}; nothing was k"
    ):
        fetch()
    assert names_in(cache) == []


def test_bytes_left_of_another_file_are_noticed_and_thrown_away(server, cache):
    (cache / "tiny.pth.part").write_bytes(b"\0" * 1000)
    with pytest.raises(ModelError, match=r"nothing was kept. Fetch it again"):
        fetch()
    assert fetch().read_bytes() == CONTENT


@pytest.mark.parametrize("left", [SIZE, SIZE + 1])
def test_all_the_bytes_of_another_file_are_noticed_too(server, cache, left):
    (cache / "tiny.pth.part").write_bytes(b"\0" * left)
    if left == SIZE:
        with pytest.raises(ModelError, match="nothing was kept"):
            fetch()
    assert fetch().read_bytes() == CONTENT


def test_an_answer_of_another_size_is_refused_before_it_is_taken(server, cache):
    server.content = b"<html>please log in</html>"
    with pytest.raises(
        ModelError, match=r"expected 1,024,000 bytes, got 26 \(bytes\); is there a login page"
    ):
        fetch()
    assert names_in(cache) == []


def test_a_server_whose_file_ends_before_ours_is_not_asked_for_ever(server, cache):
    (cache / "tiny.pth.part").write_bytes(CONTENT[:5000])
    server.content = CONTENT[:5000]
    with pytest.raises(ModelError, match=r"expected 1,024,000 bytes, got 5,000"):
        fetch()
    assert server.ranges == ["bytes=5000-", ""]


def test_somebody_elses_file_is_not_overwritten(server, cache):
    (cache / "tiny.pth").write_bytes(b"mine")
    with pytest.raises(
        ModelError, match=r"tiny.pth: expected tiny as published or no such file, got another one; mov"
    ):
        fetch()
    assert (cache / "tiny.pth").read_bytes() == b"mine"


def test_a_folder_that_cannot_be_written_is_told(server, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match=r"tiny.pth.part: expected to be writable, got .* or use --to"):
        fetch(folder=tmp_path / "file")


def test_no_room_is_told_before_the_download(write_registry, tmp_path, monkeypatch):
    monkeypatch.setenv("SAA_OFFLINE", "0")
    write_registry(tiny=entry(file={"bytes": 10**18}))
    with pytest.raises(
        ModelError, match=r"expected 1,000,000,000,000,000,000 free bytes, got [\d,]+; make room, or"
    ):
        fetch(folder=tmp_path)


def test_progress_counts_what_came_before(server, cache):
    (cache / "tiny.pth.part").write_bytes(CONTENT[:1000])
    told = []
    fetch(watch=lambda done, total: told.append((done, total)))
    assert told[0] == (1000, SIZE)
    assert told[-1] == (SIZE, SIZE)
    assert sorted(told) == told


def test_a_mirror_of_the_hub_is_asked_instead_of_it(server, write_registry, monkeypatch):
    mirror, _, name = server.address.rpartition("/")
    address = f"https://huggingface.co/{name}"
    write_registry(tiny=entry(address=address, file={"hub": ["org/model"]}))
    assert downloads.host("tiny") == "huggingface.co"
    monkeypatch.setenv("HF_ENDPOINT", f"{mirror}/")
    assert downloads.host("tiny") in server.address
    assert fetch().read_bytes() == CONTENT


def test_a_size_that_is_not_known_is_asked_for(server, cache, write_registry):
    write_registry(tiny=entry(address=server.address, file={"bytes": 0}))
    told = []
    path = fetch(watch=lambda done, total: told.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert told[-1] == (SIZE, SIZE)
    assert names_in(cache) == ["tiny.pth"]


def test_an_interrupted_download_of_unknown_size_goes_on(server, cache, write_registry):
    write_registry(tiny=entry(address=server.address, file={"bytes": 0}))
    cache.joinpath("tiny.pth.part").write_bytes(CONTENT[:5000])
    assert fetch().read_bytes() == CONTENT
    assert server.ranges == ["", "bytes=5000-"]


def test_a_server_in_trouble_when_asked_for_the_size_is_told(server, write_registry):
    write_registry(tiny=entry(address=server.address, file={"bytes": 0}))
    server.statuses = [503]
    with pytest.raises(
        ModelError, match=rf"{server.address}: expected to be served, got: HTTP 503 .*; check"
    ):
        fetch()


def test_what_people_must_fetch_is_not_asked_for(server, cache, write_registry):
    write_registry(tiny=entry(address=server.address, file={"by_browser": True}))
    with pytest.raises(
        ModelError, match=rf"^tiny: expected .* got a page for people; open {server.address} in a browser, and put "
        rf"tiny.pth into {cache}$"
    ):  # fmt: skip
        fetch()
    assert server.ranges == []


def test_what_people_fetched_is_left_alone(server, cache, write_registry):
    write_registry(tiny=entry(address=server.address, file={"by_browser": True}))
    cache.joinpath("tiny.pth").write_bytes(CONTENT)
    assert fetch() == cache / "tiny.pth"
