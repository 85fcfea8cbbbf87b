"""What a message of everyday chat holds: one function for each type, giving what stands beside the common fields."""

import json
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from wecrm.sandbox.archive import media, phrases
from wecrm.sandbox.archive.cast import Cast

Content = dict[str, Any]


@dataclass(slots=True)
class Draw:
    """What content is drawn from."""

    seed: int
    rng: Random
    cast: Cast
    at: int  # unix seconds
    sender: str
    said: str  # a sentence that fits here

    def file(self, kind: str) -> media.Sent:
        """A file as it is sent now; in 1 of 100 its md5 is not told."""
        found = media.sent(self.seed, self.rng, kind, self.at, same_ids=self.cast.same_ids)
        if self.rng.random() < 0.01 or self.cast.md5 == "empty":
            return replace(found, md5="")
        return replace(found, md5=found.md5[::-1]) if self.cast.md5 == "wrong" else found

    def one(self, *choices: Any) -> Any:
        """One of them."""
        return choices[int(self.rng.random() * len(choices))]

    def beyond(self) -> int:
        """A number, often one that SQLite cannot hold."""
        return self.rng.getrandbits(64) | (1 << 63 if self.rng.random() < 0.5 else 0)


def text(d: Draw) -> Content:
    """A sentence."""
    return {"text": {"content": d.said}}


def quote(d: Draw) -> Content:
    """A sentence in answer to another one, which is quoted as clients do it."""
    first = phrases.filled(d.rng, "{name}")
    quoted = phrases.spoken(d.rng, phrases.topic(d.rng).outside)
    return {"text": {"content": f"这是一条引用/回复消息：\n“{first}：\n{quoted}”\n------\n{d.said}"}}


def image(d: Draw) -> Content:
    """A picture (图片)."""
    file = d.file(media.IMAGE)
    return {"image": {"md5sum": file.md5, "filesize": file.size, "sdkfileid": file.sdkfileid}}


def voice(d: Draw) -> Content:
    """A voice message (语音)."""
    file = d.file(media.VOICE)
    length = 1 + file.size // 1600
    return {"voice": {"md5sum": file.md5, "voice_size": file.size, "play_length": length, "sdkfileid": file.sdkfileid}}


def video(d: Draw) -> Content:
    """A film (视频)."""
    file = d.file(media.VIDEO)
    length = 1 + file.size // 60_000
    return {"video": {"md5sum": file.md5, "filesize": file.size, "play_length": length, "sdkfileid": file.sdkfileid}}


def emotion(d: Draw) -> Content:
    """A sticker (表情), GIF or PNG."""
    file = d.file(media.EMOTION)
    return {
        "emotion": {
            "type": 2 if file.number % 2 else 1, "width": 290, "height": 290, "imagesize": file.size,
            "md5sum": file.md5, "sdkfileid": file.sdkfileid,
        }
    }  # fmt: skip


def file(d: Draw) -> Content:
    """A file (文件), some under a hostile name."""
    found = d.file(media.FILE)
    name = media.name_of(found.number)
    return {
        "file": {
            "md5sum": found.md5, "filename": name, "fileext": name.rpartition(".")[2] if "." in name else "",
            "filesize": found.size, "sdkfileid": found.sdkfileid,
        }
    }  # fmt: skip


def link(d: Draw) -> Content:
    """A link (链接)."""
    return {
        "link": {
            "title": phrases.filled(d.rng, "{product}限时优惠 {price} 元"), "description": d.said,
            "link_url": f"https://shop.sandbox.example/i/{d.rng.getrandbits(24)}?a=1&b=<2>",
            "image_url": "https://shop.sandbox.example/i.png",
        }
    }  # fmt: skip


def weapp(d: Draw) -> Content:
    """A mini program (小程序)."""
    return {
        "weapp": {
            "title": phrases.filled(d.rng, "{product}下单"), "description": d.said,
            "username": "gh_sandbox@app", "displayname": "沙盒商城",
        }
    }  # fmt: skip


def card(d: Draw) -> Content:
    """The card of a member or customer (名片)."""
    who = d.one(*d.cast.pairs)[1] if d.cast.pairs and d.rng.random() < 0.5 else d.one(*d.cast.members)
    return {"card": {"corpname": phrases.filled(d.rng, "{name}"), "userid": who}}


def location(d: Draw) -> Content:
    """A place (位置)."""
    city = phrases.filled(d.rng, "{city}")
    return {
        "location": {
            "longitude": round(100 + 20 * d.rng.random(), 6), "latitude": round(22 + 20 * d.rng.random(), 6),
            "address": f"{city}市人民路 {d.rng.randrange(1, 900)} 号", "title": f"{city}门店", "zoom": 15,
        }
    }  # fmt: skip


def mixed(d: Draw) -> Content:
    """Several contents in one message (混合消息), each as JSON in a string."""
    items = [_inner("text", text(d)["text"]), _inner("image", image(d)["image"])]
    if d.rng.random() < 0.3:
        items.append(_inner("emotion", emotion(d)["emotion"]))
    return {"mixed": {"item": items}}


def _inner(type_: str, content: Content) -> Content:
    return {"type": type_, "content": json.dumps(content, ensure_ascii=_escaped(content))}


def _escaped(content: Content) -> bool:
    """Whether nested JSON escapes what is not ASCII; both ways are seen."""
    return len(content) % 2 == 0


def chatrecord(d: Draw) -> Content:
    """Forwarded messages (会话记录), each as JSON in a string; times in s or ms."""
    ms = d.rng.random() < 0.3
    items = []
    for n in range(d.rng.randrange(1, 7)):
        type_, content = d.one(
            ("ChatRecordText", {"content": phrases.spoken(d.rng, phrases.topic(d.rng).outside)}),
            ("ChatRecordText", {"content": phrases.spoken(d.rng, phrases.topic(d.rng).inside)}),
            ("ChatRecordImage", None), ("ChatRecordFile", None), ("ChatRecordMixed", None),
            ("ChatRecordLink", link(d)["link"]), ("ChatRecordLocation", location(d)["location"]),
        )  # fmt: skip
        content = content or {
            "ChatRecordImage": image, "ChatRecordFile": file, "ChatRecordMixed": mixed
        }[type_](d)[type_.removeprefix("ChatRecord").lower()]  # fmt: skip
        at = d.at - 3600 + 60 * n
        items.append({
            "type": type_, "msgtime": at * 1000 if ms else at, "from_chatroom": d.rng.random() < 0.5,
            "content": json.dumps(content, ensure_ascii=False),
        })  # fmt: skip
    return {"chatrecord": {"title": phrases.filled(d.rng, "{name}和客户的聊天记录"), "item": items}}
