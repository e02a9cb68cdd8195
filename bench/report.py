"""The table of a run, as text that reads in a terminal and in a README alike."""

from collections.abc import Iterable, Mapping, Sequence

from bench.figures import Row

HEADS = ("", "what", "figure", "spread", "goal", "")


def table(rows: Iterable[Row]) -> str:
    return _aligned([HEADS, *map(_cells, rows)], right={2})


def _cells(row: Row) -> tuple[str, ...]:
    verdict = f"{row.verdict}: {row.note}" if row.note else row.verdict
    spread = row.spread if row.spread != f"{row.figure} to {row.figure}" else ""
    return row.goal, row.what, row.figure, spread, row.aim, verdict


def memory(peaks_mb: Mapping[str, float]) -> str:
    heads = ("process", "peak PSS, MB")
    return _aligned([heads, *((name, f"{mb:.0f}") for name, mb in peaks_mb.items())], right={1})


def _aligned(lines: Sequence[tuple[str, ...]], *, right: set[int]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = []
    for number, line in enumerate(lines):
        cells = [
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        text.append(f"| {' | '.join(cells)} |")
        if number == 0:
            rules = [
                f"{'-' * (width - 1)}:" if index in right else "-" * width
                for index, width in enumerate(widths)
            ]
            text.append(f"| {' | '.join(rules)} |")
    return "\n".join(text)
