"""How much is measured: numbers from the environment, each with a default that takes minutes.

BENCH_SCALE multiplies the numbers of tasks: 0.1 is a short look, figures from it mean little.
"""

import os


def number(name: str, default: float) -> float:
    """Raises SystemExit with a sentence for what is no number."""
    text = os.environ.get(name, "").strip()
    try:
        return float(text) if text else default
    except ValueError:
        raise SystemExit(f'{name} must be a number, not "{text}".') from None


def tasks(default: int) -> int:
    """`default` scaled, and never so few that the start of a process is what is measured."""
    return max(500, int(default * number("BENCH_SCALE", 1.0)))


def runs() -> int:
    return max(1, int(number("BENCH_RUNS", 5)))


def millions() -> list[int]:
    """Rows of the lists that are prepared to see whether memory is flat."""
    scale = number("BENCH_SCALE", 1.0)
    largest = 20_000_000 if os.environ.get("BENCH_FULL") == "1" else 5_000_000
    return [int(rows * scale) for rows in (1_000_000, largest)]
