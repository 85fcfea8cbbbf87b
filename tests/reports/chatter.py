"""A year of an archive as large as is wanted, stored page by page without WeCom; what is said in it means nothing."""

import random
from collections.abc import Iterator
from datetime import UTC
from itertools import islice
from pathlib import Path
from typing import Final

from tests.reports.crowds import DAY_S, NOW
from wecrm.models.archive import Sealed
from wecrm.models.message import Message
from wecrm.models.wordrules import WordRule
from wecrm.store.archive import pages, pulls, replies, words
from wecrm.store.archive.derived import Memory
from wecrm.store.archive.opening import open_archive
from wecrm.store.database import Store

CORP: Final = "wwchatter"
HOURS: Final = "Mon-Fri 09:00-12:00 13:00-18:00, Sat 10:00-14:00"
MEMBERS, DAYS, PAGE = 200, 365, 1000
BEGIN_S: Final = (NOW // DAY_S - DAYS) * DAY_S
RULES: Final = (
    WordRule("refund", words=("退款", "退货"), level="warn"),
    WordRule("price", words=("价格",), level="info"),
)
_PARTS: Final = """
    你好 请问 我想 我们 今天 明天 昨天 这个 那个 订单 快递 地址 发票 合同 会员 产品 颜色 尺寸 型号 数量 库存 质量
    什么时候 多少钱 怎么 可以 不能 需要 已经 还没有 收到 发货 付款 取消 修改 确认 预约 安装 维修 更换 联系 公司
    电话 客服 经理 老师 孩子 课程 活动 优惠 折扣 礼品 积分 下单 支付 宝贝 衣服 手机 电脑 空调 冰箱 洗衣机 北京 上海
"""
_RARE: Final = ("退款", "退货", "价格")

Line = tuple[int, str, tuple[str, ...], str]
"""Unix ms, who wrote, to whom, the room or nothing."""


def chatter(path: Path, store: Store, messages: int) -> Store:
    """The archive with so many messages, of customers of the crowd in `store` and 200 of its members.

    Each customer writes on three or four days, mostly in daytime, and waits for answers of some minutes, or for
    ever; every twelfth message belongs to a group.
    """
    archive = open_archive(path, CORP)
    memory, pull = Memory(UTC), pulls.begin(archive, 0, BEGIN_S)
    derive = (replies.derive(HOURS, UTC), words.derive(words.Finder(RULES)))
    said = _messages(store, messages)
    first = 1
    while page := list(islice(said, PAGE)):
        reads = [pages.Read(Sealed(n, each.msgid, 1, "", ""), each, text) for n, (each, text) in enumerate(page, first)]
        first += len(page)
        pages.store_page(archive, memory, pull, reads, seq=first - 1, now=NOW, derive=derive)
    pulls.end(archive, pull, "done", NOW)
    archive.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return archive


def _messages(store: Store, count: int) -> Iterator[tuple[Message, str]]:
    rng = random.Random(7)
    texts = [_sentence(rng) for _n in range(5000)]
    for n, (at, sender, others, room) in enumerate(islice(_lines(rng, store, count), count), 1):
        text, listed = texts[rng.randrange(5000)], '","'.join(others)
        raw = (
            f'{{"msgid":"{n}_{at}_external","action":"send","from":"{sender}","tolist":["{listed}"],'
            f'"roomid":"{room}","msgtime":{at},"msgtype":"text","text":{{"content":"{text}"}}}}'
        )
        yield Message(f"{n}_{at}_external", "send", "text", sender, others, room, at, raw.encode()), text


def _sentence(rng: random.Random) -> str:
    parts = rng.choices(_PARTS.split(), k=rng.randint(2, 9))
    if rng.random() < 0.02:
        parts.append(rng.choice(_RARE))
    return "".join(parts) + rng.choice(("", "", "。", "？", "吗？"))


def _lines(rng: random.Random, store: Store, count: int) -> Iterator[Line]:
    """Day by day in the order of time; a few more than asked for."""
    chats = store.connection.execute(
        "SELECT userid, external_userid FROM relation WHERE CAST(substr(userid, 7) AS INTEGER) < ? ORDER BY id LIMIT ?",
        (MEMBERS, max(MEMBERS, count // 20)),
    ).fetchall()
    rooms = [(f"wr{n}", (*chats[n], *(one[1] for one in rng.choices(chats, k=18)))) for n in range(len(chats) // 250)]
    each = -(-count // DAYS)
    for day in range(DAYS):
        lines: list[Line] = []
        while len(lines) < each:
            at = (BEGIN_S + day * DAY_S + int(rng.triangular(8, 23, 15) * 3600)) * 1000 + rng.randrange(1000)
            if rng.random() < 0.08 and rooms:
                lines += _gathering(rng, at, *rng.choice(rooms))
            else:
                lines += _talk(rng, at, *rng.choice(chats))
        yield from sorted(lines[:each])


def _talk(rng: random.Random, at: int, member: str, customer: str) -> Iterator[Line]:
    """Questions and answers; one talk of twelve ends without the last one."""
    turns = rng.randint(1, 3)
    for turn in range(turns):
        for _n in range(rng.randint(1, 2)):
            yield at, customer, (member,), ""
            at += rng.randrange(2000, 60_000)
        if turn == turns - 1 and rng.random() < 1 / 12:
            return
        at += int(rng.expovariate(1 / 600_000))
        for _n in range(rng.randint(1, 2)):
            yield at, member, (customer,), ""
            at += rng.randrange(2000, 60_000)


def _gathering(rng: random.Random, at: int, room: str, people: tuple[str, ...]) -> Iterator[Line]:
    for _n in range(rng.randint(3, 8)):
        sender = rng.choice(people[:4])
        yield at, sender, tuple(one for one in people if one != sender), room
        at += rng.randrange(2000, 300_000)
