"""Members (成员) and departments (部门) of the corporation, as the directory calls answer them."""

import msgspec


class Department(msgspec.Struct, frozen=True):
    """One department; `parentid` may point outside what the caller can see (docs 90208, 95351)."""

    id: int
    parentid: int = 0
    name: str = ""
    name_en: str = ""
    order: int = 0
    department_leader: tuple[str, ...] = ()


class Member(msgspec.Struct, frozen=True):
    """One member (doc 90201).

    `status`: 1 activated, 2 disabled, 4 not activated, 5 quit; 0 when only ids could be read.
    Fields withheld from newer apps (mobile, email, avatar …) are not kept.
    """

    userid: str
    name: str = ""
    department: tuple[int, ...] = ()
    is_leader_in_dept: tuple[int, ...] = ()
    alias: str | None = None
    position: str | None = None
    main_department: int | None = None
    status: int = 0
