"""The work behind `saa benchmark`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import typer

from saa import compared, comparison, metrics_file, metrics_table, published, records, tables
from saa.commands import scoring, terminal
from saa.commands.terminal import Display, note, say
from saa.errors import PromptError, RunError, SaaError
from saa.evaluation import size_of
from saa.profiles import ABLATIONS, DEFAULT
from saa.prompt_files import shipped_names, shipped_root
from saa.reports import comparison as pages
from saa.runs import manifest, status
from saa.runs.folder import RunFolder
from saa.runs.session import Tally

if TYPE_CHECKING:
    from saa.runs.outcome import Outcome
    from saa.runs.plan import Plan

_REPORTS = ("report.html", "report.md", "metrics.json", "metrics.csv")
_WIDTH = 100


@dataclass(frozen=True)
class Variant:
    """One of the runs of a benchmark.

    Attributes:
        name: its folder, if there are several.
        profile: the engine's; None is the prompt file's choice.
        without: the part of the method that is left out, if any.
    """

    name: str
    profile: str | None = None
    without: tuple[str, ...] = ()


class PlanOf(Protocol):
    """What is to be done for a variant: `planning.plan` with all else given."""

    def __call__(self, *, profile: str | None, without: tuple[str, ...], tell: Callable[[str], None]) -> Plan:
        """The plan; `tell` is given what was chosen."""
        ...


class Execute(Protocol):
    """How a plan is done: `run.execute` with all else given."""

    def __call__(
        self, planned: Plan, out: Path, *, progress: Callable[[], AbstractContextManager[Display]]
    ) -> None:
        """Do it; raises typer.Exit if images failed."""
        ...


def variants(profiles: Sequence[str], *, ablate: bool) -> tuple[Variant, ...]:
    """The runs of a benchmark: each profile once, and the first one without each part of the method."""
    whole = [Variant(profile, profile) for profile in dict.fromkeys(profiles)] or [Variant(DEFAULT)]
    parts = ABLATIONS if ablate else ()
    return (*whole, *(Variant(f"without-{part}", whole[0].profile, (part,)) for part in parts))


def shipped_prompts(dataset: str) -> str:
    """The shipped prompts of a data set, by path: the user may have a folder of that name.

    Raises:
        PromptError: there are none for this format.
    """
    shipped = shipped_names()
    folders = dict.fromkeys(name.partition("/")[0] for name in shipped)
    for name in (dataset, f"scenes/{dataset}"):
        if name in folders:
            return str(shipped_root() / name)
        if name in shipped:
            return str(shipped_root() / f"{name}.yaml")
    raise PromptError(
        f"--prompts: expected prompts for format {dataset}, of which none are shipped, got none; give a file, "
        f"a folder, or a shipped name such as {', '.join(folders)}"
    )


def benchmark(
    plan_of: PlanOf,
    execute: Execute,
    wanted: Sequence[Variant],
    out: Path,
    *,
    protocol: str | None,
    overwrite: bool,
) -> bool:
    """Run, evaluate and report on every variant, and compare them if there are several; print tables.

    Args:
        plan_of: what is to be done for a variant.
        execute: how it is done.
        wanted: the variants, at least one; the others are compared with the first.
        out: the run's folder, or that of several.
        protocol: as in `evaluate`.
        overwrite: whether earlier runs are forgotten.

    Returns:
        Whether images failed.

    Raises:
        SaaError: a variant cannot be run (nothing is begun, and the reasons of all are told), or see `execute`
            and `scoring.scored`.
    """
    if protocol is not None:
        size_of(protocol)
    folders = {each: out / each.name if len(wanted) > 1 else out for each in wanted}
    if len(wanted) > 1:
        _check_place(out, [each.name for each in wanted])
    plans = _planned(plan_of, folders, overwrite=overwrite)
    tallies = {each: _before(plan, folders[each], overwrite=overwrite) for each, plan in plans.items()}
    for number, each in enumerate(wanted, start=1):
        if len(wanted) > 1:
            note(f"run {number} of {len(wanted)}: {each.name}")
        with suppress(typer.Exit):  # the images that failed are told, and the exit code follows at the end
            execute(plans[each], folders[each], progress=partial(_progress, tallies, each))
        scoring.scored(folders[each], protocol)
        for page in ("report.html", "report.md"):
            scoring.report(folders[each], folders[each] / page, None)
    if len(wanted) > 1:
        _compare({each.name: folders[each] for each in wanted}, out)
    else:
        _show(out)
    say("")
    for name in _REPORTS:
        say(str(out / name))
    return any(tally.failed for tally in tallies.values())


def _check_place(out: Path, names: Sequence[str]) -> None:
    """Refuse a folder of foreign things, where reports would be written beside the runs."""
    there = {entry.name for entry in out.iterdir()} if out.is_dir() else set()
    if there and not there & set(names):
        raise RunError(
            f"{out}: expected a new or empty folder or that of an earlier benchmark of several runs, "
            f"got a folder with '{min(there)}'; give -o another one"
        )


def _planned(plan_of: PlanOf, folders: Mapping[Variant, Path], *, overwrite: bool) -> dict[Variant, Plan]:
    """What is to be done for each variant; its folder, if it has one, is that of the same plan."""
    plans: dict[Variant, Plan] = {}
    reasons: dict[str, list[str]] = {}
    for each, folder in folders.items():
        found = _plan_or_reason(plan_of, each, folder, _silent if plans else note, overwrite=overwrite)
        if isinstance(found, str):
            reasons.setdefault(found, []).append(each.name)
        else:
            plans[each] = found
    if reasons:
        several = len(folders) > 1
        raise RunError(
            "\n".join(f"{', '.join(names)}: {why}" if several else why for why, names in reasons.items())
        )
    return plans


def _plan_or_reason(
    plan_of: PlanOf, variant: Variant, folder: Path, tell: Callable[[str], None], *, overwrite: bool
) -> Plan | str:
    """The plan, or why there is none."""
    try:
        plan = plan_of(profile=variant.profile, without=variant.without, tell=tell)
        if RunFolder(folder).manifest.exists() and not overwrite:
            manifest.check(RunFolder(folder), plan)
    except SaaError as error:
        return str(error)
    return plan


def _silent(_text: str) -> None:
    """The other variants are told by their names: they have the same images and prompts."""


def _before(plan: Plan, folder: Path, *, overwrite: bool) -> Tally:
    """How far an earlier session came with a variant."""
    if overwrite or not RunFolder(folder).ledger.is_file():
        return Tally(len(plan.samples), 0, 0, 0, 0.0)
    counts = status.counts(folder)
    return Tally(len(plan.samples), counts.ok + counts.failed, counts.failed, 0, 0.0)


@contextmanager
def _progress(tallies: dict[Variant, Tally], current: Variant) -> Iterator[Display]:
    """Shows how far the whole benchmark is; `tallies` is kept up to date."""
    with terminal.progress() as display:

        def inspecting(tally: Tally) -> None:
            tallies[current] = tally
            display.inspecting(_together(list(tallies.values()), tally.latest))

        yield Display(display.fitting, inspecting)


def _together(tallies: Sequence[Tally], latest: Outcome | None) -> Tally:
    return Tally(
        sum(each.total for each in tallies),
        sum(each.done for each in tallies),
        sum(each.failed for each in tallies),
        sum(each.done_now for each in tallies),
        sum(each.seconds for each in tallies),
        latest,
    )


def _show(run: Path) -> None:
    """The tables of one run, and published figures beside its."""
    found, evaluation = records.read(run), metrics_file.read(run)
    if evaluation is None:
        return
    scoring.print_tables(tables.brief(evaluation), tables.notes(evaluation))
    beside, sources = published.tables(found, evaluation), published.notes(found, evaluation)
    if beside or sources:
        say("")
    scoring.print_tables(beside, sources, width=_WIDTH)


def _compare(runs: Mapping[str, Path], out: Path) -> None:
    """Write and print the runs side by side."""
    found = compared.read(runs)
    for page in ("report.html", "report.md"):
        pages.write(found, out / page)
    evaluations = {each.name: each.evaluation for each in found}
    metrics_file.write_several(out, evaluations)
    metrics_table.write_several(out, evaluations)
    scoring.print_tables(comparison.brief(found), comparison.notes(found), width=_WIDTH)
