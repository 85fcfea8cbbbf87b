"""What messages about work and money, calls and new types hold: one function for each, as in `contents.py`."""

from wecrm.sandbox.archive import media, phrases
from wecrm.sandbox.archive.contents import Content, Draw


def todo(d: Draw) -> Content:
    """A task (待办)."""
    return {"todo": {"title": phrases.filled(d.rng, "来自{name}的待办"), "content": d.said}}


def vote(d: Draw) -> Content:
    """A vote (投票), its fields under `vote` or flat."""
    body = {
        "votetitle": phrases.filled(d.rng, "{day}去{city}团建？"), "voteitem": ["去", "不去", "看情况"],
        "votetype": d.one(101, 102), "voteid": f"v{d.rng.getrandbits(40)}",
    }  # fmt: skip
    return body if d.rng.random() < 0.3 else {"vote": body}


def collect(d: Draw) -> Content:
    """A form to fill in (填表)."""
    questions = ((d.beyond(), "姓名", "Text"), (2, "人数", "Number"), (3, "日期", "Date"), (4, "时间", "Time"))
    return {
        "collect": {
            "room_name": "客户群", "creator": d.sender, "title": phrases.filled(d.rng, "{day}活动报名"),
            "create_time": "2026-10-30 10:00:00" if d.rng.random() < 0.5 else d.at,
            "details": [{"id": id_, "ques": ques, "type": type_} for id_, ques, type_ in questions],
        }
    }  # fmt: skip


def redpacket(d: Draw) -> Content:
    """A red packet (红包)."""
    amount = d.rng.randrange(100, 20_000)
    return {"redpacket": {"type": d.one(1, 2, 3), "wish": "恭喜发财", "totalcnt": 3, "totalamount": amount}}


def external_redpacket(d: Draw) -> Content:
    """A red packet with outsiders (互通红包)."""
    return {"redpacket": {"type": d.one(1, 2), "wish": "大吉大利", "totalcnt": 2, "totalamount": 20}}


def meeting(d: Draw) -> Content:
    """An invitation to a meeting (会议), or an answer to one."""
    body: Content = {
        "topic": phrases.filled(d.rng, "{product}评审"), "starttime": d.at + 3600, "endtime": d.at + 7200,
        "address": "", "remarks": d.said, "meetingtype": d.one(101, 102), "meetingid": d.beyond(),
    }  # fmt: skip
    if body["meetingtype"] == 102:
        body["status"] = d.rng.randrange(1, 8)
    return {"meeting": body}


def meeting_notification(d: Draw) -> Content:
    """A meeting that is controlled (会议控制), in one of its two places."""
    body = {"content": "会议已结束", "meeting_id": d.beyond(), "notification_type": 1}
    return {d.one("info", "meeting_notification"): body}


def docmsg(d: Draw) -> Content:
    """An online document (在线文档)."""
    url = f"https://doc.sandbox.example/{d.rng.getrandbits(32)}"
    return {"doc": {"title": phrases.filled(d.rng, "{city}销售计划"), "doc_creator": d.sender, "link_url": url}}


def markdown(d: Draw) -> Content:
    """Markdown."""
    return {"info": {"content": f"**{phrases.filled(d.rng, '{product}')}**\n> {d.said}"}}


def news(d: Draw) -> Content:
    """An article (图文), as a list or flat."""
    item = {
        "title": phrases.filled(d.rng, "{product}上市"), "description": d.said,
        "url": "https://news.sandbox.example/1", "picurl": "https://news.sandbox.example/1.jpg",
    }  # fmt: skip
    return {"info": {"item": [item]} if d.rng.random() < 0.7 else item}


def calendar(d: Draw) -> Content:
    """An appointment (日程)."""
    return {
        "calendar": {
            "title": phrases.filled(d.rng, "拜访{name}"), "creatorname": d.sender, "attendeename": ["小王", "Amy"],
            "starttime": d.at + 86_400, "endtime": d.at + 90_000, "place": phrases.filled(d.rng, "{city}"),
            "remarks": "",
        }
    }  # fmt: skip


def meeting_voice_call(d: Draw) -> Content:
    """A recorded call (音频存档)."""
    sent = d.file(media.VIDEO)
    shown = {"filename": "a.docx", "demooperator": d.sender, "starttime": d.at - 60, "endtime": d.at}
    return {
        "voiceid": f"gr{d.rng.getrandbits(40)}",
        "meeting_voice_call": {
            "endtime": d.at, "sdkfileid": sent.sdkfileid, "demofiledata": [shown],
            "sharescreendata": [{"share": d.sender, "starttime": d.at - 60, "endtime": d.at}],
        },
    }  # fmt: skip


def voip_doc_share(d: Draw) -> Content:
    """A document shown in a call (音频共享文档)."""
    sent = d.file(media.FILE)
    return {
        "voipid": f"gr{d.rng.getrandbits(40)}",
        "voip_doc_share": {
            "filename": media.name_of(sent.number), "md5sum": sent.md5, "filesize": sent.size,
            "sdkfileid": sent.sdkfileid,
        },
    }  # fmt: skip


def sphfeed(d: Draw) -> Content:
    """A post of a channel (视频号)."""
    kind = d.one(2, 4, 9)
    return {"sphfeed": {"feed_type": d.one(kind, str(kind)), "sph_name": "沙盒视频号", "feed_desc": d.said}}


def voiptext(d: Draw) -> Content:
    """A call (音视频通话)."""
    return {"info": {"callduration": d.rng.randrange(600), "invitetype": d.one(1, 2, 3, 4)}}


def qydiskfile(d: Draw) -> Content:
    """A file of the drive (微盘), name only."""
    return {"info": {"filename": "销售日志.txt"}}


def solitaire(d: Draw) -> Content:
    """A list that people enter themselves into (接龙)."""
    return {"solitaire": {"title": phrases.filled(d.rng, "{product}接龙"), "items": [{"n": 1, "text": "小王 2 件"}]}}


def note(d: Draw) -> Content:
    """A note (笔记)."""
    return {"info": {"items": [{"type": "text", "content": d.said}, {"type": "todo", "content": "x", "done": False}]}}


def hologram(d: Draw) -> Content:
    """A type that nobody knows yet."""
    return {"hologram": {"depth": 3.5, "id": d.beyond(), "layers": [{"a": None}, []], "caption": d.said}}
