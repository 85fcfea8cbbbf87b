"""Tag groups of a new world: the console's, two apps' own, and one group of strategy tags."""

import sqlite3
from dataclasses import dataclass
from typing import Final

from wecrm.sandbox.seed.ids import wire_id

# (group, who made it, tag names); larger order first, so the first tag gets the largest
GROUPS: Final = (
    ("客户等级", "contact", ("VIP", "重点", "普通", "潜在", "黑名单")),
    ("意向", "contact", ("高意向", "中意向", "低意向", "已成交", "已流失")),
    ("行业", "console", ("教育", "零售", "制造", "医疗", "金融", "互联网", "餐饮", "其他")),
    ("地区", "console", ("上海", "杭州", "深圳", "广州", "北京", "成都", "海外")),
    ("来源渠道", "console", ("抖音", "小红书", "官网", "门店", "转介绍", "展会", "其他")),
    ("Stage", "second", ("Lead", "Contacted", "Qualified", "Proposal", "Won", "Lost")),
    ("产品兴趣", "contact", ("入门版", "专业版", "企业版", "定制服务")),
    ("活动", "second", ("618", "双11", "年货节", "周年庆")),
    ("生命周期", "console", ("新客", "活跃", "沉默", "复购", "重点")),
    ("备注类", "console", ("勿打扰", "=SUM(A1)", "[red]急[/red]", "需回访", "A/B 测试")),
    ("语言", "contact", ("中文", "English", "粤语")),
)  # "其他" and "重点" stand in two groups each: a name alone does not say which
STRATEGY: Final = ("门店规则组", ("到店", "预约"))


@dataclass(frozen=True, slots=True)
class Tags:
    """Ids of the tags that relations may carry."""

    corp: tuple[str, ...]
    strategy: tuple[str, ...]


def sow_tags(db: sqlite3.Connection, seed: int, start: int) -> Tags:
    """Write the library; the first groups of the list stand first."""
    corp: list[str] = []
    strategy: list[str] = []
    number = 0
    plan = [(*group, 0) for group in GROUPS] + [(STRATEGY[0], "console", STRATEGY[1], 1)]
    for g, (name, owner, tags, is_strategy) in enumerate(plan, start=1):
        group_id = wire_id("st" if is_strategy else "et", seed, "tag group", g)
        made = start - 900 * 86400 + g * 86400
        db.execute(
            "INSERT INTO tag_group VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
            (g, group_id, name, 100 - g, made, owner, is_strategy),
        )
        for t, tag in enumerate(tags):
            number += 1
            tag_id = wire_id("st" if is_strategy else "et", seed, "tag", number)
            row = (number, tag_id, group_id, tag, len(tags) - t, made + t, owner)
            db.execute("INSERT INTO tag VALUES (?, ?, ?, ?, ?, ?, ?, 0)", row)
            (strategy if is_strategy else corp).append(tag_id)
    return Tags(tuple(corp), tuple(strategy))
