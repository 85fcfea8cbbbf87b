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
        "mark_foreign": (True, (False,), "an app may put tags on customers that it may not edit"),
        "mark_most_ids": (0, (50,), "most ids of one mark_tag, beyond which it is 40058; 0 = any number"),
        "mark_repeat": ("accept", ("refuse",), "mark_tag with a tag that is there or gone already: done, or 40058"),
        "mark_valid_ids": (False, (True,), "mark_tag with an unknown id applies the known ones before 40068"),
        "duplicate_tag": ("refuse", ("return",), "add_corp_tag with a name the group has: 40071 or that tag"),
        "added_tags": ("made", ("all",), "add_corp_tag to an old group answers its new tags, or all that it has"),
        "tied_tags": ("oldest", ("newest",), "which of the tags and groups of the same order comes first"),
        "no_tag_group": (40058, (41018,), "errcode of add_corp_tag without group_id and group_name"),
        "tag_owner": (60011, (48002,), "errcode for editing a tag that another app made"),
        "foreign_group_add": (True, (False,), "an app may add tags to a group that it did not make"),
        "delete_unowned": ("refuse", ("skip",), "del_corp_tag with an id of another app: all fail, or it is skipped"),
        "deleted_tag_stays": (False, (True,), "a deleted tag stays on relations"),
        "group_shows_deleted": (False, (True,), "get_corp_tag_list by group_id lists deleted tags too"),
        "rename_resets_order": (False, (True,), "edit_corp_tag without order sets it to 0"),
        "empty_mobiles_clear": (False, (True,), 'remark_mobiles [] clears the list, as [""] does'),
        "returning": (
            "new",
            ("first",),
            "createtime, state and add_way of a customer who comes back: of now, or at first",
        ),
        "gender_told": (True, (False,), "gender of customers is known, or always 0"),
        "one_way_listed": (True, (False,), "list and batch show customers who deleted the member"),
        "group_names": (
            "name",
            ("alias",),
            "name of a member in groupchat/get: the real one, or the alias if there is one",
        ),
        "too_many_owners": (40058, (81017,), "errcode for more than 100 owners in groupchat/list"),
        "medical_corp": (False, (True,), "the corp is in the medical industry: temporary contact ways may be made"),
        "state_unique": (False, (True,), "two contact ways may not have the same state: 40058"),
        "type2_empty": ("refuse", ("accept",), "a contact way of type 2 without user and party"),
        "update_keeps": (True, (False,), "update_contact_way leaves alone what is not sent, or resets it"),
        "update_checks_stored": (False, (True,), "update_contact_way without user fails if a stored member left"),
        "qr_changes": (False, (True,), "an update gives a code a new QR picture"),
        "list_window_days": (0, (30,), "most days between the times of list_contact_way; 0 = any number"),
        "departed_listed": (True, (False,), "codes still list members who left"),
        "departed_code": ("stays", ("deleted",), "a contact way all of whose members left: it adds nobody, or is gone"),
        "delete_keeps_relations": (True, (False,), "deleting a contact way keeps the relations that it made"),
        "state_follows": (False, (True,), "a new state of a contact way shows on the relations that it made"),
        "waiting_group_joins": (True, (False,), "a join way fills a group whose owner has left"),
        "auto_rooms_listed": (False, (True,), "chat_id_list shows the groups that a join way made by itself"),
        "link_id_in_get": (False, (True,), "customer_acquisition/get repeats link_id"),
        "unknown_link": (41044, (40058,), "errcode for a link_id that this app did not make"),
        "quota_for_known": (True, (False,), "a customer whom the corp knew already uses quota of a link too"),
        "transfer_unknown_userid": (40003, (60111,), "errcode of a transfer for a userid nobody has"),
        "taker_outside": (60021, (50002, 40003), "errcode of a transfer to a member outside the visible range"),
        "one_refused": ("item", ("call",), "a customer or group that can't move: told for itself, or the call fails"),
        "leaving_takes_s": (0, (60,), "seconds until transfers know that a member was deleted"),
        "long_absent": (90510, (40003, 41054), "errcode of a transfer where a member did not log in for a year"),
        "left_long_ago": (40003, (40097, 90500), "errcode of a transfer from a member who left over a year ago"),
        "quit_member": ("working", ("nobody", "left"), "how transfers take a member who quit the corp on their own"),
        "not_follower": (40131, (84061,), "errcode for a customer whom the handover member does not have"),
        "in_flight": (40129, (40100,), "errcode for a customer who is being transferred already"),
        "in_flight_of": ("relation", ("customer",), "a running transfer blocks this relation, or the whole customer"),
        "refused_counts": (True, (False,), "transfers that failed count for the two moves in 90 days"),
        "resigned_counts": (False, (True,), "resigned transfers are held to the two moves in 90 days too"),
        "taker_full": (
            "item",
            ("call", "later", "extends"),
            "a taker at the customer cap: 40099, status 4 or more room",
        ),
        "full_takeover_time": ("zero", ("moment", "absent"), "takeover_time of status 4"),
        "full_taker_returns": (True, (False,), "status 4 puts a leaver's customer back on the unassigned list"),
        "refused_leaver_lost": (True, (False,), "a leaver's customer who refuses is lost, or unassigned again"),
        "tags_follow": (True, (False,), "corp tags go with a transferred customer"),
        "notes_follow": (False, (True,), "remarks and personal tags go with a transferred customer"),
        "result_lag": ("none", ("late", "empty", "status5"), "how results look in the first 10 minutes of a transfer"),
        "result_attempts": (
            "newest_first",
            ("newest_last", "newest_only"),
            "rows of a customer who was transferred more than once",
        ),
        "result_of_departed": (True, (False,), "transfer results can be read when one of the pair has left since"),
        "unassigned_order": ("newest", ("oldest",), "get_unassigned_list: who comes first"),
        "unassigned_scope": ("all", ("visible",), "get_unassigned_list: all leavers, or those of the visible range"),
        "not_a_group": (90501, (90509, 40050, 40058), "errcode for a chat_id that is no customer group"),
        "group_moves_limited": (True, (False,), "a group of a working owner moves at most twice in 90 days"),
        "group_too_often": (40128, (45009,), "errcode for a group that moved twice in 90 days"),
        "group_day_counts": ("both", ("taker", "owner"), "whose groups of a day are counted"),
        "group_day_full": ("item", ("call",), "45009 for too many groups in a day: for one group, or the whole call"),
        "group_takes_s": (0, (60,), "seconds that inheriting a leaver's group takes (status 2)"),
        "no_failures": ("empty", ("absent",), "failed_chat_list when all groups moved"),
        "change_owner_event": (True, (False,), "groups moved by the API send change_owner"),
        "archive_holes": (2, (0,), "seqs that nobody has, after every 37th archived message"),
        "archive_empty": ("list", ("null", "absent"), "chatdata when nothing is new"),
        "archive_file_ids": ("new", ("same",), "the sdkfileid of a file that is sent again"),
        "archive_md5": ("right", ("empty", "wrong"), "md5sum of archived media"),
        "agree_silent": (
            "Agree",
            ("Default_Agree", "absent"),
            "agree_status of a customer who was told of the archive and said nothing; absent = not in the answer",
        ),
        "agree_stranger": (84061, (0,), "errcode of check_single_agree for a pair without relation; 0 = left out"),
        "stats_permitted": (True, (False,), "the app may read statistics of chats and groups; if not, 48002"),
        "stats_ready_hour": (6, (0,), "hour (UTC+8) before which yesterday's statistics are all zero"),
        "long_notice": ("cut", (45002,), "message/send with a text of more than 2048 bytes"),
    }
)

# name: default. Windows are counted by the world's clock.
LIMITS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "per_minute": 10_000,  # calls of one API by the corp
        "per_hour": 150_000,
        "ip_per_minute": 20_000,  # calls of one API from one address
        "ip_per_hour": 600_000,
        "concurrency": 16,  # calls of one API in flight
        "scale": 1.0,  # factor on the four rates
        "wrong_secrets": 30,  # from one address before it is blocked
        "tags": 10_000,  # corp tags and strategy tags together
        "list_people": 1_000,  # people in range up to which groupchat/list needs no owner
        "details": 10_000,  # departments or members in one answer; more is 45029; the platform names no number
        "ways": 500_000,  # contact ways and join ways together
        "temp_ways": 100_000,  # temporary contact ways made in a day
        "links": 10_000,  # the platform names no number
        "customers": 5_000,  # of one member, beyond whom live codes and transfers give none
        "group_people": 200,  # in one customer group
        "quota": 20_000,  # acquisition quota bought
        "groups_a_day": 300,  # groups that one member may give or take in a day
        "notice_minute": 30,  # messages of one app to one member; more are dropped
        "notice_hour": 1_000,
        "page_rows": 1_000_000,  # in a page of any listing, however many are asked for
    }
)
