"""What the commands say to other programs: with `--log-json` each line on stderr is a JSON object.

Every line has `event`, `time` (UTC, by the machine's clock) and `elapsed_s` (since the command began, by a clock that
only goes forward). By event there are

- `note`: `text`, what would have been said in words;
- `fit`: `product`, `done` and `total` image files, and `outcome`, empty until the fit is over;
- `begin`: `total`, `done` and `failed` images when inspecting begins, those of earlier sessions included;
- `image`: one that has been dealt with: `product`, `name`, `state` (`ok` or `failed`), `score`, `num_regions`,
  `height`, `width`, `seconds`, `timings` (seconds by stage), `attempts`, `error`, `error_class`, `notes`, then `total`,
  `done` and `failed` as above, `done_now` and `per_second` of this session, and `seconds_left`;
- `error`: `text`, the mistake that ended the command;
- `end`: `exit_code`, the last line unless the program was killed.

What is unknown is null. Results go to stdout, as ever.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import typer

from saa.errors import SaaError

if TYPE_CHECKING:
    from saa.runs.fitting import Fitting
    from saa.runs.session import Tally

_BEGUN: ContextVar[float | None] = ContextVar("begun", default=None)


def wanted() -> bool:
    """Whether other programs listen."""
    return _BEGUN.get() is not None


@contextmanager
def written(*, wanted: bool) -> Iterator[None]:
    """In the block what goes to stderr goes there as JSON lines, mistakes too, if that is wanted.

    Raises:
        typer.Exit: with 2, instead of a `SaaError` that was written.
    """
    if not wanted:
        yield
        return
    token, code = _BEGUN.set(time.monotonic()), 3
    try:
        yield
        code = 0
    except SaaError as error:
        code = 2
        write("error", text=str(error))
        raise typer.Exit(code) from error
    except typer.Exit as ended:
        code = ended.exit_code
        raise
    except KeyboardInterrupt:
        code = 130
        raise
    finally:
        write("end", exit_code=code)
        _BEGUN.reset(token)


def write(event: str, **fields: object) -> None:
    """One line on stderr."""
    print(line(event, **fields), file=sys.stderr, flush=True)


def line(event: str, **fields: object) -> str:
    """One line, without its end."""
    head = {
        "event": event,
        "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        "elapsed_s": round(time.monotonic() - (_BEGUN.get() or 0.0), 3),
    }
    return json.dumps(head | fields, ensure_ascii=True)


def fitting(fit: Fitting) -> None:
    """Write how far a fit is."""
    write("fit", product=fit.product, done=fit.done, total=fit.total, outcome=fit.outcome)


def inspecting(tally: Tally) -> None:
    """Write how far a run is, and what became of the latest image."""
    counts = {"total": tally.total, "done": tally.done, "failed": tally.failed}
    image = tally.latest
    if image is None:
        write("begin", **counts)
        return
    left = tally.seconds_left
    write(
        "image",
        product=image.product,
        name=image.name,
        state=image.state,
        score=image.score,
        num_regions=image.num_regions,
        height=image.height,
        width=image.width,
        seconds=round(image.seconds, 4),
        timings={stage: round(seconds, 4) for stage, seconds in image.timings.items()},
        attempts=image.attempts,
        error=image.error,
        error_class=image.error_class,
        notes=list(image.notes),
        **counts,
        done_now=tally.done_now,
        per_second=round(tally.per_second, 3),
        seconds_left=None if left is None else round(left, 1),
    )
