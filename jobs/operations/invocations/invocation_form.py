"""How invocations are asked for: the schema, and arguments of the user's own."""

from jobs.operations.fields import ChoiceField, Field, MetadataField, NumberField, options_of
from jobs.operations.form import Form, More, Note, When
from jobs.operations.invocations.invocation_event import (
    ARGUMENTS,
    MOST_ARGUMENTS,
    MOST_TASKS,
    SCHEMA,
    TASKS,
    V1,
    V2,
)

_KEYS = Note(
    "The key column of the list may hold any text: it is sent as it stands there, URL-encoded, and"
    " no object needs to exist."
)


def form_of(whom: Field) -> Form:
    return Form(
        (
            whom,
            ChoiceField(
                name="schema",
                label="Invocation schema",
                path=SCHEMA,
                options=options_of(
                    {
                        V1: "1.0: the bucket by its ARN",
                        V2: "2.0: the bucket by its name, and user arguments",
                    }
                ),
                initial=V1,
                choose="Choose an invocation schema.",
                is_radio=True,
            ),
            When(
                "schema",
                (V2,),
                (
                    MetadataField(
                        name="user_arguments",
                        label="User arguments",
                        path=ARGUMENTS,
                        help_text="Sent with every invocation as userArguments of the job.",
                        most=MOST_ARGUMENTS,
                        add="Add argument",
                    ),
                ),
            ),
            More(
                "Several objects per invocation",
                (
                    NumberField(
                        name="tasks",
                        label="Objects per invocation",
                        path=TASKS,
                        low=1,
                        high=MOST_TASKS,
                        help_text="The most tasks in one event; its answer has a"
                        " result for each. Empty for one, as AWS has it.",
                    ),
                ),
            ),
            _KEYS,
        )
    )
