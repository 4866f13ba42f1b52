"""What can go wrong and is the user's to mend.

SaaError
├── PromptError    a prompt file or recipe
├── DatasetError   a folder of images, its layout, its masks
├── ImageError     one picture file
├── ModelError     a checkpoint, an engine, a reference or an optional package
├── RunError       a run's folder
└── TooFewImagesError  a product without enough different images to compare

Messages read *where: what was expected, got what; what to do*. A wrong array handed to the Python API
is a ``ValueError`` instead.
"""


class SaaError(Exception):
    """A mistake the user can mend; the command line prints it and exits with 2."""


class PromptError(SaaError):
    """A prompt file or recipe that cannot be used; all its mistakes, one a line."""


class DatasetError(SaaError):
    """A data set whose files are missing, unpaired or in another layout."""


class ImageError(SaaError):
    """A file that does not decode to a picture."""


class ModelError(SaaError):
    """A checkpoint, engine, reference or optional package that is not there or does not fit."""


class RunError(SaaError):
    """A run's folder that cannot be read, written or resumed."""


class TooFewImagesError(SaaError):
    """A product with too few different images to compare them with each other."""
