"""A task of an operation, step by step, with answers of a test's own making."""

from tests.sequential import context_at


def walk(steps, *answers):
    """The steps of a task whose calls are answered so in turn, and what it returned; None where it
    has asked for more.
    """
    given, seen, value = iter(answers), [], None
    while True:
        try:
            step = steps.send(value)
        except StopIteration as end:
            return seen, end.value
        seen.append(step)
        try:
            value = next(given)
        except StopIteration:
            return seen, None


def first_call(operation, target, endpoint):
    """The only call of a task, or its first."""
    (call, *_), _ = walk(operation.run(target, context_at(endpoint, None)))
    return call
