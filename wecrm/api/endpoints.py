"""Every endpoint that wecrm knows: read by the reference page, the golden check and the dry run."""

from wecrm.api import (
    acquisitions,
    contacts,
    contactways,
    groups,
    groupsends,
    joinways,
    members,
    msgaudit,
    notices,
    statistics,
    tags,
    transfers,
    welcomes,
)
from wecrm.api.endpoint import GETTOKEN, Endpoint

ALL: tuple[Endpoint, ...] = (
    GETTOKEN,
    *(
        value
        for module in (
            members,
            contacts,
            tags,
            groups,
            transfers,
            contactways,
            joinways,
            acquisitions,
            welcomes,
            notices,
            msgaudit,
            statistics,
            groupsends,
        )
        for value in vars(module).values()
        if isinstance(value, Endpoint)
    ),
)
"""In the order of the nouns; an endpoint added to one of these modules is in here by itself."""
