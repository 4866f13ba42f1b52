"""A server on this machine that hands out one file, as well or as badly as a test wants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class FileServer:
    """What it serves, and what it was asked.

    Attributes:
        content: the file.
        address: where it is.
        resumes: whether it heeds `Range`.
        breaks: after how many bytes the next answers break off, one number each; then it behaves.
        statuses: what the next answers are instead of the file, one status each.
        ranges: the `Range` of each request; empty for none.
    """

    content: bytes
    address: str = ""
    resumes: bool = True
    breaks: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)


@contextmanager
def serving(content: bytes) -> Iterator[FileServer]:
    """A server of `content`, until the block ends."""
    served = FileServer(content)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            _answer(self, served)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.address = f"http://127.0.0.1:{server.server_port}/weights.pth"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()


def _answer(request: BaseHTTPRequestHandler, served: FileServer) -> None:
    asked = request.headers.get("Range", "")
    served.ranges.append(asked)
    if served.statuses:
        request.send_error(served.statuses.pop(0))
        return
    start = int(re.fullmatch(r"bytes=(\d+)-", asked).group(1)) if asked and served.resumes else 0
    if start >= len(served.content):
        request.send_error(416)
        return
    request.send_response(206 if start else 200)
    request.send_header("Content-Length", str(len(served.content) - start))
    if start:
        request.send_header("Content-Range", f"bytes {start}-{len(served.content) - 1}/{len(served.content)}")
    request.end_headers()
    until = start + served.breaks.pop(0) if served.breaks else len(served.content)
    request.wfile.write(served.content[start:until])
