"""A commented prompt file to start a new product from."""

from __future__ import annotations

import json
import re
import string

from saa.errors import PromptError
from saa.ops.words import rejected
from saa.prompts import normalised

MAX_LENGTH = 100
"""Characters in a product's name."""

_SPECIMENS = (("scratch", "crack"), ("dark spot", "stain"))
"""What most products can suffer, all words that every engine knows."""

_TEMPLATE = """\
# What we know about {product}. Every engine reads this file; check it with: saa prompts lint FILE
object:
  phrase: {phrase}  # what the part is called, in plain English words
  count: 1  # how many of them one picture shows
  extent: auto  # part: a thing on a background; frame: a surface that fills the picture; auto: either
defects:
  captions:  # what a defect looks like; each line is one search, phrases in one [list] share it
{captions}
  class_agnostic: true  # also look for whatever seems damaged; false if only the captions count
  size: any  # small if defects are small, isolated marks
reject: {reject}  # what is never a defect, such as the part itself
rules:
  max_area_ratio: 0.5  # regions larger than this share of the part are dropped
  min_area_ratio: 0.0  # so are smaller ones; 0 keeps all
  min_overlap_ratio: 0.5  # and those that lie on the part with less than this share of themselves
saliency:
  gain: 1.0  # how much standing out from the rest of the part counts; 0 not at all
confidence:
  top_k: 5  # how many of the best regions make up the answer
"""


def starter(product: str) -> str:
    """A prompt file that loads and lints clean, with a comment on every key.

    Args:
        product: the product's name in the data set, in any script; underscores and hyphens become spaces.

    Raises:
        PromptError: the name holds no letter or digit, or is endless.
    """
    phrase = normalised(re.sub(f"[{re.escape(string.punctuation)}]", " ", printable(product)))
    if not any(letter.isalnum() for letter in phrase) or len(phrase) > MAX_LENGTH:
        raise PromptError(
            f"product: expected a name of up to {MAX_LENGTH} letters or digits, got '{product}'; "
            "write what the part is called"
        )
    captions = [[words for words in each if not rejected(words, [phrase])] for each in _SPECIMENS]
    return _TEMPLATE.format(
        product=" ".join(printable(product).split()),
        phrase=quoted(phrase),
        captions="\n".join(f"    - [{', '.join(each)}]" for each in captions if each),
        reject=f"[{quoted(phrase)}]",
    )


def file_name(product: str) -> str:
    """The name of a product's file; what no file system takes becomes an underscore."""
    safe = re.sub(r'[<>:"/\\|?*]', "_", printable(product)).strip(". ")
    return f"{safe or '_'}.yaml"


def printable(text: str) -> str:
    """The text on one line, with underscores for letters that no file may hold."""
    return "".join(letter if letter.isprintable() else "_" for letter in text)


def quoted(phrase: str) -> str:
    """The phrase as YAML text; plain where no reader could take it for anything else."""
    plain = re.fullmatch(r"[a-z][a-z0-9_ ]*", phrase) and phrase not in _NOT_WORDS
    return phrase if plain else json.dumps(phrase, ensure_ascii=False)


_NOT_WORDS = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])
