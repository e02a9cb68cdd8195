"""How much trouble a task may have: one budget for all of its calls."""


class Budget:
    """Times are seconds on the loop's clock. What counts is the time in which at least one call of
    the task is being tried again; calls that go well cost nothing, however long they take.
    """

    __slots__ = ("_open", "_since_s", "_spent_s")

    def __init__(self) -> None:
        self._open = 0
        self._since_s = 0.0
        self._spent_s = 0.0

    def begin_trouble(self, since_s: float) -> None:
        """`since_s` is when the call that failed was sent."""
        self._since_s = min(self._since_s, since_s) if self._open else since_s
        self._open += 1

    def end_trouble(self, now_s: float) -> None:
        self._open -= 1
        if not self._open:
            self._spent_s += now_s - self._since_s

    def waited(self, waited_s: float) -> None:
        """For a turn, which is no trouble."""
        if self._open:
            self._since_s += waited_s

    def elapsed_s(self, now_s: float) -> float:
        return self._spent_s + (now_s - self._since_s if self._open else 0.0)
