"""Finding a Ray cluster, joining it or starting one of this machine's own, and leaving nothing behind."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from saa.errors import ModelError, RunError

LOCAL, RAY = "local", "ray"
_OWN, _AUTO = "local", "auto"
_ANSWER_S, _JOIN_S = 5.0, 30.0
_SHORT = 20
"""Characters of a folder below which Ray's sockets may have their names of some 80; systems take 104 to 108."""
_AUTH = "RAY_AUTH_MODE"
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""Nothing is told to Ray's makers, and no advice to users of Ray printed, unless the environment says otherwise."""
_PROBE = "import sys, ray; ray.init(address=sys.argv[1], log_to_driver=False, logging_level='ERROR')"


@dataclass(frozen=True)
class Node:
    """What a machine of a cluster offers.

    Attributes:
        cpus, gpus: as Ray counts them.
    """

    cpus: int
    gpus: int = 0


def address(on: str) -> str | None:
    """Which cluster is meant by `on`, as Ray writes addresses; None if none is.

    Args:
        on: `local`: this machine without Ray. `ray`: the cluster in the variable RAY_ADDRESS, or one started on this
            machine for this run alone. `ray://auto`: the one that this machine is a node of. `ray://HOST:PORT`: the
            one whose head is there, which this machine must be a node of, too.

    Raises:
        RunError: anything else.
    """
    if on == LOCAL:
        return None
    told = os.environ.get("RAY_ADDRESS", "") if on == RAY else on.removeprefix("ray://")
    if on == RAY and not told:
        return _OWN
    if (on != RAY and not on.startswith("ray://")) or not re.fullmatch(r"auto|[^/\s]+:\d+", told):
        where, got = ("RAY_ADDRESS", told) if on == RAY else ("--on", on)
        known = "HOST:PORT or auto" if on == RAY else "local, ray, ray://auto or ray://HOST:PORT"
        raise RunError(
            f"{where}: expected {known}, got '{got}'; "
            "the port is that of `ray start --head`, 6379 unless it was given another"
        )
    return told


def check_installed() -> None:
    """Refuse to go on without Ray; it is looked for, not imported.

    Raises:
        ModelError: it is not installed.
    """
    if find_spec("ray") is None:
        raise ModelError(
            "ray: expected the package to run on a cluster, got none installed; "
            "install it with pip install 'saa[cluster]'"
        )


def package() -> Any:  # noqa: ANN401 - a module
    """Ray itself, untyped.

    Raises:
        ModelError: it is not installed.
    """
    check_installed()
    import ray

    return ray


@contextmanager
def joined(where: str, cpus: int) -> Iterator[tuple[Node, ...]]:
    """The nodes of a cluster; in the block this process is its driver.

    A cluster that was there is left as it was; one that was started ends with the block, and its files go. Ray says
    nothing on this program's own streams, and SIGTERM means afterwards what it meant before.

    Args:
        where: what `address` gave.
        cpus: processors to offer, should one be started.

    Raises:
        ModelError: Ray is not installed.
        RunError: nobody answers there within half a minute, or this machine cannot join.
    """
    check_installed()
    with ExitStack() as stack:
        stack.enter_context(_environment(_QUIET | _credentials(where)))  # read when Ray is imported
        ray = package()
        stack.enter_context(_signals_as_before())
        if where == _OWN:
            # A path of its own, short enough for the names of sockets, and gone afterwards.
            usual = tempfile.gettempdir()
            base = "/tmp" if len(usual) > _SHORT and Path("/tmp").is_dir() else usual  # noqa: S108
            folder = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="saa-", dir=base, ignore_cleanup_errors=True)
            )
            more = {"num_cpus": cpus, "include_dashboard": False, "_temp_dir": folder}
        else:
            _probe(where)
            more = {}
        stack.callback(_leave, ray)
        stack.enter_context(_silent(ray))
        try:
            ray.init(address=where, log_to_driver=False, logging_level="ERROR", **more)
        except (OSError, RuntimeError, ValueError) as error:
            raise _refusal(where, str(error)) from error
        yield nodes()


def _leave(ray: Any) -> None:  # noqa: ANN401 - a module
    """End what was started here, and wait for it, which Ray does not do for all of its processes."""
    node = getattr(ray._private.worker, "_global_node", None)
    started = [each.process for kind in getattr(node, "all_processes", {}).values() for each in kind]
    ray.shutdown()
    for process in started:
        with suppress(subprocess.TimeoutExpired, AttributeError):
            process.wait(_ANSWER_S)


def nodes() -> tuple[Node, ...]:
    """The machines of the cluster that was joined."""
    alive = [each["Resources"] for each in package().nodes() if each["Alive"]]
    return tuple(Node(int(each.get("CPU", 0)), int(each.get("GPU", 0))) for each in alive)


def _credentials(where: str) -> dict[str, str]:
    """Variables that let nobody else into a cluster of our own, and ourselves into one that wants to see a token.

    Ray wants a token for a cluster that it starts; unless it is given one, it leaves one of its making in the user's
    home. It looks for one there, too, but not when it is told an address.
    """
    if where == _OWN:
        return {"RAY_AUTH_TOKEN": _token()}
    named = any(name in os.environ for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"))
    return {_AUTH: "token"} if named or Path.home().joinpath(".ray", "auth_token").exists() else {}


@cache
def _token() -> str:
    return secrets.token_hex(32)


def _probe(where: str) -> None:
    """Join in another process first: Ray waits two minutes for a head that is not there, and then ends its process."""
    if where != _AUTO:
        host, _, port = where.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), _ANSWER_S).close()
        except (OSError, OverflowError) as error:
            raise _refusal(where, str(error)) from error
    try:
        asked = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            [sys.executable, "-c", _PROBE, where],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_JOIN_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise _refusal(where, f"no answer in {_JOIN_S:g} seconds") from error
    if asked.returncode:
        refused = re.search(r"AuthenticationError: (.*)", asked.stderr)
        raise _refusal(where, refused[1] if refused else re.split(r"\n[\w.]+: ", "\n" + asked.stderr)[-1])


def _refusal(where: str, got: str) -> RunError:
    words = " ".join(got.split())[:300] or "no answer"
    if where == _OWN:
        return RunError(f"ray: expected a cluster to start on this machine, got: {words}; see to it")
    return RunError(
        f"ray://{where}: expected a Ray cluster that this machine is a node of, got: {words}; "
        "see `ray status`, or start one with `ray start --head`"
    )


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    added = {name: value for name, value in variables.items() if name not in os.environ}
    mode = os.environ.get(_AUTH)
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
        if mode is None:  # Ray has its own way of setting it
            os.environ.pop(_AUTH, None)


@contextmanager
def _signals_as_before() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _silent(ray: Any) -> Iterator[None]:  # noqa: ANN401 - a module
    """Ray prints what becomes of nodes on this process's stdout, also where it is told to log nothing.

    The switch is the one that its own debugger uses; where a version has it not, it prints.
    """
    switch = "_worker_logs_enabled"
    worker = ray._private.worker
    before = getattr(worker, switch, None)
    if before is None:
        yield
        return
    setattr(worker, switch, False)
    try:
        yield
    finally:
        with suppress(AttributeError):
            setattr(worker, switch, before)
