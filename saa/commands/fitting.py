"""The work behind `saa fit`."""

from __future__ import annotations

from pathlib import Path

from saa import references
from saa.commands.terminal import note, progress, say, table
from saa.config import AnyRecipe
from saa.datasets.folder import image_paths
from saa.errors import ModelError, SaaError
from saa.references import Reference
from saa.runs.fitting import Fitting
from saa.runs.pictures import decoded
from saa.runs.station import reason
from saa.runs.threads import one_thread


def fit(folder: Path, recipe: AnyRecipe, prompts: str, out: Path, *, overwrite: bool) -> int:
    """Fit a folder's images, write the reference to `out` and say what was decided.

    Args:
        folder: pictures of one product, also in sub-folders.
        recipe: of the product, in batch mode.
        prompts: where the recipe comes from, for people.
        out: the reference's file.
        overwrite: whether it may be there already.

    Returns:
        How many images could not be read; the reference is that of the others.

    Raises:
        SaaError: `out` is taken, the recipe is not for batches, or too few images are different.
    """
    _check_free(out, overwrite=overwrite)
    paths = image_paths(folder)
    note(
        f"{folder}: {len(paths)} images; {recipe.engine_name} engine, prompts {prompts}, mode: {recipe.mode}"
    )
    left_out: set[Path] = set()

    def refuse(path: Path, error: Exception) -> None:
        if path not in left_out:
            left_out.add(path)
            note(str(error) if isinstance(error, SaaError) else f"{path}: {reason(error)}")

    with progress() as display, one_thread():  # the same sums, bit for bit, as in `saa run`

        def watch(done: int) -> None:
            display.fitting(Fitting(folder.resolve().name, done, len(paths)))

        with decoded(paths, watch, refuse) as pictures:
            reference = recipe.fit(pictures)
    references.write(out, reference)
    tell(reference)
    say(f"{out}; next: saa inspect IMAGE --prompts {prompts} --reference {out}")
    return len(left_out)


def _check_free(out: Path, *, overwrite: bool) -> None:
    if out.is_dir():
        raise ModelError(
            f"{out}: expected a file to write, got a folder; give -o a name such as {out / 'part.ref'}"
        )
    if out.exists() and not overwrite:
        raise ModelError(f"{out}: expected no such file yet, got one; give -o another name, or --overwrite")


def tell(reference: Reference) -> None:
    """A table of what was decided from the images."""
    decisions = reference.about.get("decisions", {})
    rows = [("images", str(reference.num_images)), *((key, _shown(decisions[key])) for key in decisions)]
    table(("reference", reference.kind), rows, text_columns=2)


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
