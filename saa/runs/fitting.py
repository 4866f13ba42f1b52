"""What each product's own unlabelled images have to teach, learned before the first image is inspected.

All products are fitted first, one after the other, and not each just before its images: what is wrong with one
shows before hours of inspection, workers go from product to product without waiting, and nothing but files
passes between the two. A reference is written and let go before the next product begins, so memory does not
grow with the number of products; with the number of images it grows as little as the method allows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from saa import images, references
from saa.errors import ImageError, ModelError, TooFewImagesError
from saa.modes import BATCH, SINGLE, label
from saa.references import Reference
from saa.runs.basis import Basis
from saa.runs.folder import RunFolder, unwritable
from saa.runs.ledger import Ledger
from saa.runs.outcome import stamp
from saa.runs.pictures import decoded
from saa.runs.plan import Json, Plan
from saa.runs.threads import one_thread
from saa.types import Sample

if TYPE_CHECKING:
    from saa.config import AnyRecipe


@dataclass(frozen=True)
class Fitting:
    """How far the fit of one product is.

    Attributes:
        product: the product.
        done: image files that have been dealt with.
        total: image files of the product.
        outcome: what came of it, in words; empty until it is over.
    """

    product: str
    done: int
    total: int
    outcome: str = ""


@dataclass(frozen=True)
class Prepared:
    """How the images of one product are inspected.

    Attributes:
        recipe: builds their inspector; that of single images if there were too few to compare.
        basis: the product's row in the ledger.
        num_images: how many images it was fitted on; 0 where each is judged alone.
        decisions: what was decided from the images.
    """

    recipe: AnyRecipe
    basis: Basis
    num_images: int = 0
    decisions: Json | None = None

    def as_dict(self) -> Json:
        """Ready for run.json."""
        return {
            "mode": self.basis.mode,
            "num_images": self.num_images,
            "decisions": self.decisions or {},
            "note": self.basis.note,
        }


Watch = Callable[[Fitting], None]


def prepare(
    plan: Plan, folder: RunFolder, rows: Ledger, watch: Watch, again: Collection[str] = ()
) -> dict[str, Prepared]:
    """Fit every product in batch mode whose reference is not there; reopen the rows that this makes stale.

    A reference that is whole and was fitted on the same files, by name, size and time of change, is kept. A
    product with too few different images is inspected as single images, and its note says so.

    Args:
        plan: the images and their recipes.
        folder: where the references go.
        rows: takes what each product is judged on.
        watch: called for each image file of a fit, and at its end.
        again: products to fit again in any case.

    Returns:
        How the images of each product are to be inspected.

    Raises:
        SaaError: a recipe cannot be fitted, or the folder takes no more.
    """
    found = {}
    for product in sorted({sample.product for sample in plan.samples}):
        recipe = plan.recipes[product]
        if recipe.mode == BATCH:
            known = None if product in again else rows.basis(product)
            task = _Task(recipe, plan.of_product(product), folder.reference_path(product), watch)
            found[product] = task.known(known) or task.fitted()
        else:
            found[product] = Prepared(recipe, Basis(product, label(SINGLE, 1)))
        rows.adopt(found[product].basis)
    return found


class _Task:
    """One product that is to be fitted, on the files as they are now."""

    def __init__(self, recipe: AnyRecipe, samples: Sequence[Sample], path: Path, watch: Watch) -> None:
        self._recipe = recipe
        self._product = samples[0].product
        self._paths = [sample.image_path for sample in samples]
        self._files = _checksum(samples)
        self._path = path
        self._watch = watch

    def known(self, basis: Basis | None) -> Prepared | None:
        """What an earlier session came to; None if the files are others or its reference is not what it was."""
        if basis is None or basis.files != self._files:
            return None
        if not basis.reference:
            return self._alone(basis.note)
        try:
            same = images.sha256(self._path) == basis.reference
            return self._with(references.read(self._path), basis.reference) if same else None
        except (ImageError, ModelError):
            return None

    def fitted(self) -> Prepared:
        """Fit now; the reference lies on disk, whole and synced, when this returns."""
        try:
            with one_thread(), decoded(self._paths, self._tell) as pictures:
                reference = self._recipe.fit(pictures)
        except TooFewImagesError as error:
            self._path.unlink(missing_ok=True)
            prepared = self._alone(" ".join(f"inspected as single images: {error}".split()))
        else:
            try:
                references.write(self._path, reference)
            except ModelError as error:
                raise unwritable(self._path, error) from error
            prepared = self._with(reference, images.sha256(self._path))
        self._tell(len(self._paths), prepared.basis.note or f"fitted on {prepared.num_images} images")
        return prepared

    def _with(self, reference: Reference, checksum: str) -> Prepared:
        mode = label(BATCH, reference.num_images)
        basis = Basis(self._product, mode, checksum, self._files)
        decisions = dict(reference.about.get("decisions", {}))
        return Prepared(self._recipe, basis, reference.num_images, decisions)

    def _alone(self, note: str) -> Prepared:
        basis = Basis(self._product, label(SINGLE, 1), files=self._files, note=note)
        return Prepared(self._recipe.alone, basis)

    def _tell(self, done: int, outcome: str = "") -> None:
        self._watch(Fitting(self._product, done, len(self._paths), outcome))


def _checksum(samples: Sequence[Sample]) -> str:
    """Of names and stamps; taken before a fit, so that an image replaced meanwhile is noticed next time."""
    listed = [[sample.name, stamp(sample.image_path)] for sample in samples]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()
