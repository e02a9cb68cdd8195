"""What Replace access control list asks for, and examples of its parameters."""

from collections.abc import Mapping
from typing import Any

from jobs.operations import acl
from jobs.operations.copying.copy_members import CANNED_ACLS
from jobs.operations.fields import ChoiceField, Column, Option, RowsField, TextField, options_of
from jobs.operations.form import Form, When

_LISTED = f"{acl.FIELD}.{acl.LISTED}"
GRANTEES = {"id": "ID of a user", "emailAddress": "E-mail address", "uri": "Group (URI)"}
_PERMISSIONS = {
    "READ": "READ: read the object",
    "READ_ACP": "READ_ACP: read its ACL",
    "WRITE_ACP": "WRITE_ACP: change its ACL",
    "FULL_CONTROL": "FULL_CONTROL: all of these",
    "WRITE": "WRITE: means nothing for objects",
}
_KIND = ChoiceField(
    name="access",
    label="New access control list",
    options=(
        Option("canned", "A canned ACL", where=f"{acl.FIELD}.{acl.CANNED}"),
        Option("grants", "A list of grants", where=_LISTED),
    ),
    initial="canned",
    choose="Choose a canned ACL or a list of grants.",
    is_radio=True,
)
_CANNED = ChoiceField(
    name="canned_acl",
    label="Canned ACL",
    path=f"{acl.FIELD}.{acl.CANNED}",
    options=(Option("", "Choose one"), *(Option(name, name) for name in CANNED_ACLS)),
    choose="Choose a canned ACL.",
)
_OWNER_ID = TextField(
    name="owner_id",
    label="Owner's ID",
    path=f"{_LISTED}.Owner.ID",
    high=1024,
    enter="Enter the ID of the owner that the objects have.",
    help_text="The canonical ID of the owner that the objects have now; storages refuse another.",
    is_code=True,
)
_OWNER_NAME = TextField(
    name="owner_name", label="Owner's name", path=f"{_LISTED}.Owner.DisplayName", high=1024
)
_GRANTS = RowsField(
    name="grants",
    label="Grants",
    path=f"{_LISTED}.Grants",
    help_text="Each object gets exactly these grants; every other one that it has now is removed.",
    columns=(
        Column("kind", "Grantee is", "Grantee.TypeIdentifier", options=options_of(GRANTEES)),
        Column("who", "Grantee", "Grantee.Identifier"),
        Column("name", "Name of a user", "Grantee.DisplayName", may_be_absent=True),
        Column("may", "Permission", "Permission", options=options_of(_PERMISSIONS)),
    ),
    most=acl.MOST_GRANTS,
    add="Add grant",
    enter="Enter at least one grant.",
)

FORM = Form(
    (
        _KIND,
        When(_KIND.name, ("canned",), (_CANNED,)),
        When(_KIND.name, ("grants",), (_OWNER_ID, _OWNER_NAME, _GRANTS)),
    )
)

EXAMPLES: tuple[Mapping[str, Any], ...] = (
    {"AccessControlPolicy": {"CannedAccessControlList": "private"}},
    {"AccessControlPolicy": {"CannedAccessControlList": "public-read"}},
    {
        "AccessControlPolicy": {
            "AccessControlList": {
                "Owner": {"ID": "0123456789abcdef", "DisplayName": "Ana"},
                "Grants": [
                    {
                        "Grantee": {
                            "TypeIdentifier": "id",
                            "Identifier": "0123456789abcdef",
                            "DisplayName": "Änne <a&b>",
                        },
                        "Permission": "FULL_CONTROL",
                    },
                    {
                        "Grantee": {
                            "TypeIdentifier": "emailAddress",
                            "Identifier": "ben@example.com",
                        },
                        "Permission": "READ_ACP",
                    },
                    {
                        "Grantee": {"TypeIdentifier": "uri", "Identifier": acl.SIGNED_IN_USERS},
                        "Permission": "READ",
                    },
                ],
            }
        }
    },
)
