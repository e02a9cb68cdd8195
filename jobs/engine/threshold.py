"""When too many failed tasks fail the whole job (reference 1.6). Pure."""


def exceeded(*, succeeded: int, failed: int, floor: int, percent: int) -> bool:
    """From `floor` tasks on, strictly more than `percent` per cent failed."""
    run = succeeded + failed
    return run >= floor and failed * 100 > run * percent
