"""Captions as a detector reads them, and what its answers say.

A caption is one text whose phrases end with dots. The detector answers with a number for each box and each word
piece of the text; here these become one score and one phrase a box.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from saa.foundation.pieces import Pieces, Vocabulary
from saa.types import Caption, Scores

ScoredOn: TypeAlias = Literal["phrase", "all"]
Named: TypeAlias = Literal["words", "phrase", "pieces"]
Marks: TypeAlias = NDArray[np.bool_]

SEPARATORS = ("[CLS]", "[SEP]", ".", "?")
"""Word pieces between which phrases stand; no phrase takes notice of another."""


@dataclass(frozen=True, eq=False)
class Question:
    """A caption in word pieces, T of them.

    Attributes:
        text: what is read.
        pieces: the same in word pieces.
        phrases: P phrases, in order.
        of_phrases: (P, T) bool, the pieces of each phrase; dots belong to none.
        words: W words of all phrases, in order.
        of_words: (W, T) bool, the pieces of each word.
        homes: (W,) int64, which phrase each word is of.
    """

    text: str
    pieces: Pieces
    phrases: tuple[str, ...]
    of_phrases: Marks
    words: tuple[str, ...]
    of_words: Marks
    homes: NDArray[np.intp]


@dataclass(frozen=True)
class Rules:
    """How a box gets its score and its phrase.

    Attributes:
        box_threshold: what the score of a box must exceed.
        text_threshold: what the number of a word piece must exceed for it to be named.
        scored_on: `phrase`: the highest number of a piece of a phrase. `all`: that of any piece, so that the dots
            and the marks at the ends of the text count too, as in the released code.
        named: `words`: those words of the best phrase that have a piece above the text threshold, and always the
            best one. `phrase`: the best phrase, whole. `pieces`: all pieces above the text threshold, of whatever
            phrase, dots and end marks included, joined by the tokenizer, as in the released code; may be empty.
    """

    box_threshold: float
    text_threshold: float
    scored_on: ScoredOn
    named: Named


def written(caption: Caption, *, comma: bool = False) -> str:
    """The text of a caption: lower case, each phrase with a dot behind it; empty if no phrase has letters.

    Args:
        caption: phrases; dots at their ends do not matter.
        comma: put a comma before the last dot, which the released code leaves there in the names of objects.

    Source: the normalisation of GroundingDINO's released code.
    """
    phrases = _phrases(caption)
    return f"{'. '.join(phrases)}{',' if comma else ''}." if phrases else ""


def asked(caption: Caption, vocabulary: Vocabulary, *, comma: bool = False) -> Question:
    """A caption as a question; see `written`. A caption without words is a question without phrases."""
    text, phrases = written(caption, comma=comma), _phrases(caption)
    pieces = vocabulary.pieces(text)
    starts = list(accumulate((len(phrase) + 2 for phrase in phrases), initial=0))[:-1]
    ends = [start + len(phrase) for start, phrase in zip(starts, phrases, strict=True)]
    if comma and ends:
        ends[-1] += 1  # the detector takes it for a part of the phrase
    found = [
        (phrase, word, start + first)
        for phrase, (start, spelled) in enumerate(zip(starts, phrases, strict=True))
        for word, first in _words(spelled)
    ]
    speaks = ~np.isin(pieces.ids, vocabulary.ids(SEPARATORS))
    return Question(
        text,
        pieces,
        phrases,
        _within(pieces, starts, ends) & speaks,
        tuple(word for _, word, _ in found),
        _within(pieces, [first for *_, first in found], [first + len(word) for _, word, first in found])
        & speaks,
        np.array([phrase for phrase, *_ in found], np.intp),
    )


def answered(
    question: Question, answers: NDArray[np.float32], rules: Rules, vocabulary: Vocabulary
) -> tuple[NDArray[np.intp], Scores, tuple[str, ...]]:
    """What a question found.

    Args:
        question: with at least one phrase.
        answers: (Q, at least T or where the detector cuts texts off) float32 in [0, 1], a number a word piece.
        rules: how they are read.
        vocabulary: of the question.

    Returns:
        N rows of `answers`, in order; their scores; their phrases.
    """
    length = min(answers.shape[1], len(question.pieces.ids))
    answers = answers[:, :length]
    by_phrase = _best(answers, question.of_phrases[:, :length])
    scores = (by_phrase if rules.scored_on == "phrase" else answers).max(axis=1)
    rows = np.flatnonzero(scores > rules.box_threshold)
    return rows, scores[rows], _named(question, answers[rows], by_phrase[rows], rules, vocabulary)


def _named(
    question: Question,
    answers: NDArray[np.float32],
    by_phrase: NDArray[np.float32],
    rules: Rules,
    vocabulary: Vocabulary,
) -> tuple[str, ...]:
    best = by_phrase.argmax(axis=1)
    if rules.named == "phrase":
        return tuple(question.phrases[phrase] for phrase in best)
    if rules.named == "pieces":
        ids = np.array(question.pieces.ids)[: answers.shape[1]]
        return _spelled(answers > rules.text_threshold, lambda fired: vocabulary.text(ids[fired].tolist()))
    by_word = np.where(
        question.homes == best[:, None], _best(answers, question.of_words[:, : answers.shape[1]]), -1
    )
    fired = (by_word > rules.text_threshold) | (by_word == by_word.max(axis=1, keepdims=True))
    fired &= by_word >= 0
    return _spelled(fired, lambda row: " ".join(np.array(question.words)[row]))


def _best(answers: NDArray[np.float32], members: Marks) -> NDArray[np.float32]:
    """(N, K) highest number of (N, T) that is marked in each of (K, T) rows; 0 where none is."""
    found = np.zeros((len(answers), len(members)), np.float32)
    for column, marked in zip(found.T, members, strict=True):
        if marked.any():
            column[:] = answers[:, marked].max(axis=1)
    return found


def _spelled(patterns: Marks, spell: Callable[[Marks], str]) -> tuple[str, ...]:
    """`spell(row)` for each of (N, K) rows; those that are alike are spelled once."""
    distinct, which = np.unique(patterns, axis=0, return_inverse=True)
    texts = [spell(row) for row in distinct]
    return tuple(texts[i] for i in which.reshape(-1))


def _phrases(caption: Caption) -> tuple[str, ...]:
    spelled = (phrase.lower().strip().rstrip(". ") for phrase in caption)
    return tuple(phrase for phrase in spelled if phrase)


def _words(phrase: str) -> list[tuple[str, int]]:
    """The words of a phrase, and at which letter each begins."""
    found, first = [], 0
    for word in phrase.split():
        first = phrase.index(word, first)
        found.append((word, first))
        first += len(word)
    return found


def _within(pieces: Pieces, starts: Sequence[int], ends: Sequence[int]) -> Marks:
    """(K, T) which pieces lie inside each of K stretches of the text."""
    spans = np.array(pieces.spans, np.intp).reshape(-1, 2)
    low, high = spans[:, 0], spans[:, 1]
    begin, end = (np.array(each, np.intp)[:, None] for each in (starts, ends))
    return np.asarray((low >= begin) & (high <= end) & (low < high))
