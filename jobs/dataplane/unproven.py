"""Answers that do not prove themselves: which are believed for the time being, and which nobody is.

An empty answer that nothing shows to come from a storage is believed where this endpoint's are known
to be so, or where the object is looked at anyway. Elsewhere somebody on the way made it up.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

from jobs.s3.answers import UNCLEAR, UNPROVEN, Answer, by_nobody_known
from jobs.s3.proof import Proof
from jobs.services.call import Call


class Unmarked(NamedTuple):
    """An answer that was believed though nothing shows that a storage sent it."""

    call: Call
    answer: Answer

    @property
    def shape(self) -> frozenset[str]:
        """What else may answer in its place seldom sends the very same headers."""
        return frozenset(self.answer.headers)


def taken(call: Call, answer: Answer, *, settles: Collection[str]) -> Answer:
    """As its task takes it, unless it `is_unmarked`. `settles` are actions whose odd answers the
    operation looks into.
    """
    if not answer.code and not _echoes(call, answer):
        message = "The answer does not say that all was done that was asked for."
        answer = replace(answer, code=UNCLEAR, message=message, proof=Proof.ODD)
    is_left = call.action in settles or call.is_look or _is_too_large(call, answer)
    if answer.proof is Proof.ODD and not is_left:
        return by_nobody_known(answer)
    if is_unmarked(answer) and call.action.startswith("Head"):
        return believed(answer)  # it never has words
    return answer


def is_unmarked(answer: Answer) -> bool:
    return answer.proof is Proof.UNMARKED and answer.code == UNPROVEN


def believed(answer: Answer) -> Answer:
    return replace(answer, code="", message="")


def _is_too_large(call: Call, answer: Answer) -> bool:
    """Final for what may be done twice; for the rest it may have been done."""
    return answer.code == "AnswerTooLarge" and not call.once


def _echoes(call: Call, answer: Answer) -> bool:
    return all(answer.headers.get(name) == text for name, text in call.echoes.items())
