"""Why rows of a list are no tasks: the reasons by which `RowBlock.skipped` counts them."""

DELETE_MARKERS = "delete markers"
"""An operation that deletes nothing can do nothing to one."""

FILTERED_OUT = "left out by the filter"
"""Its object has not the tags or metadata that are asked for, or is not there."""
