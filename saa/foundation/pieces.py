"""BERT's word pieces: how it takes text apart. Its weights lie in the checkpoints of the detectors that use it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from saa.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import BertWordPieceTokenizer

WORD_PIECES = "vocab.txt"
"""The file that lists the word pieces, one a line."""
_SPECIAL = ("[CLS]", "[SEP]", "[UNK]")


@dataclass(frozen=True)
class Pieces:
    """A text in word pieces, T of them with [CLS] in front and [SEP] behind.

    Attributes:
        ids: T numbers.
        spans: where in the text each lies, first letter and one past the last; (0, 0) for [CLS] and [SEP].
    """

    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """BERT's word pieces, lower case.

    Attributes:
        tokenizer: splits and joins text.
    """

    tokenizer: BertWordPieceTokenizer

    def __len__(self) -> int:
        return int(self.tokenizer.get_vocab_size())

    def pieces(self, text: str) -> Pieces:
        """The word pieces of a text."""
        found = self.tokenizer.encode(text)
        return Pieces(tuple(found.ids), tuple(found.offsets))

    def text(self, ids: Sequence[int]) -> str:
        """What word pieces read, special ones too; those of a word are joined."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=False))

    def ids(self, pieces: Sequence[str]) -> tuple[int, ...]:
        """The numbers of word pieces; those that are not known are left out."""
        found = (self.tokenizer.token_to_id(piece) for piece in pieces)
        return tuple(number for number in found if number is not None)

    @classmethod
    def read(cls, folder: Path) -> Vocabulary:
        """The vocabulary in `folder`, which holds `vocab.txt`.

        Raises:
            ModelError: the file is not there, or it is no list of BERT's word pieces.
        """
        from tokenizers import BertWordPieceTokenizer

        path = folder / WORD_PIECES
        if not path.is_file():
            raise ModelError(
                f"{folder}: expected {WORD_PIECES} of bert-base-uncased, got no such file; put it there"
            )
        known = path.read_text("utf-8", errors="replace").splitlines()
        absent = [piece for piece in _SPECIAL if piece not in known]
        if absent:
            raise ModelError(
                f"{path}: expected BERT's word pieces, one a line, got none called {', '.join(absent)}; "
                "replace it by the file of bert-base-uncased"
            )
        return cls(BertWordPieceTokenizer(str(path)))
