"""What can be set in a world: switches between two readings of the platform, and its limits."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

JSON = None | bool | int | float | str | Sequence["JSON"] | Mapping[str, "JSON"]

# name: (default, other values it may take, what it decides)
SWITCHES: Final[Mapping[str, tuple[JSON, tuple[JSON, ...], str]]] = MappingProxyType(
    {
        "strict": (False, (True,), "refuse unknown fields with 40058 instead of ignoring them"),
        "escapes": ("accept", ("refuse",), "JSON escapes \\uXXXX in a body; refused with 40033"),
        "raw_controls": (False, (True,), "send control characters in names raw, which is not quite JSON"),
        "last_cursor": ("empty", ("absent",), "next_cursor of the last page"),
        "short_pages": (False, (True,), "pages of batch/get_by_user hold fewer than limit, even none"),
        "batch_empty": ("nothing", (84061,), "batch/get_by_user when no listed member has a customer"),
        "repeat_contact": (True, (False,), "later pages of externalcontact/get repeat external_contact"),
        "trusted_ip_at": ("gettoken", ("call",), "where an untrusted address meets 60020"),
        "wrong_secret_blocks": ("gettoken", ("all",), "what an address blocked for wrong secrets may not call"),
        "token_overlap_s": (0, (300,), "seconds that an expired token goes on working"),
        "contacts_sync_new_ip": (True, (False,), "contacts sync: detail reads answer 48009"),
        "member_fields": ("reduced", ("full",), "whether apps see mobile, e-mail, avatar of members"),
        "wrong_method": (40058, (40063, 40003), "errcode for GET instead of POST and the reverse"),
        "unknown_userid": (60111, (40003,), "errcode for a userid nobody has"),
        "outside_userid": (60011, (60111, 40003), "errcode for a member outside the visible range"),
        "mark_valid_ids": (False, (True,), "mark_tag with an unknown id applies the known ones before 40068"),
        "duplicate_tag": ("refuse", ("return",), "add_corp_tag with a name the group has: 40071 or that tag"),
        "no_tag_group": (40058, (41018,), "errcode of add_corp_tag without group_id and group_name"),
        "tag_owner": (60011, (48002,), "errcode for editing a tag that another app made"),
        "foreign_group_add": (True, (False,), "an app may add tags to a group that it did not make"),
        "delete_unowned": ("refuse", ("skip",), "del_corp_tag with an id of another app: all fail, or it is skipped"),
        "deleted_tag_stays": (False, (True,), "a deleted tag stays on relations"),
        "group_shows_deleted": (False, (True,), "get_corp_tag_list by group_id lists deleted tags too"),
        "rename_resets_order": (False, (True,), "edit_corp_tag without order sets it to 0"),
        "empty_mobiles_clear": (False, (True,), 'remark_mobiles [] clears the list, as [""] does'),
        "one_way_listed": (True, (False,), "list and batch show customers who deleted the member"),
        "too_many_owners": (40058, (81017,), "errcode for more than 100 owners in groupchat/list"),
    }
)

# name: default. Windows are counted by the world's clock.
LIMITS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "per_minute": 10_000,
        "per_hour": 150_000,
        "ip_per_minute": 20_000,
        "ip_per_hour": 600_000,
        "concurrency": 16,
        "scale": 1.0,
        "wrong_secrets": 30,
        "tags": 10_000,
        "list_people": 1_000,
    }
)
