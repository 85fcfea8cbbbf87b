"""What people say: small talk between members and customers, in Chinese and English, with places for particulars."""

from dataclasses import dataclass
from random import Random
from typing import Final


@dataclass(frozen=True, slots=True)
class Topic:
    """Sentences of one matter, by who says them."""

    outside: tuple[str, ...]
    inside: tuple[str, ...]


def _topic(outside: str, inside: str) -> Topic:
    return Topic(*(tuple(line.strip() for line in part.strip().splitlines()) for part in (outside, inside)))


# topic and how often it comes up
TOPICS: Final[tuple[tuple[Topic, int], ...]] = (
    (_topic(
        """你好，{product}现在多少钱？
        能便宜一点吗，预算只有 {price} 元
        {n} 件有没有折扣？
        比别家贵不少啊
        好的，那先来 {n} 件
        发个报价单给我吧""",
        """您好，{product}现在是 {price} 元一件
        {n} 件以上可以打九折
        这是最低价格了，今天下单还送赠品
        我跟店长申请一下，请稍等
        报价单发您邮箱了，请查收
        好的，马上给您安排""",
    ), 16),
    (_topic(
        """我要退款，{product}收到就是坏的
        订单号 {order}
        什么时候能退款到账？
        已经等了 {n} 天了，还没有处理
        再不退款我就投诉了
        收到退款了，谢谢""",
        """非常抱歉给您带来不便，请把订单号发我
        订单 {order} 已经登记退款，三个工作日到账
        麻烦您拍一张照片，我们核实一下
        退款今天已经原路退回
        我马上帮您催财务
        请放心，一定给您处理好""",
    ), 10),
    (_topic(
        """快递到哪里了？
        订单 {order} 发货了吗
        地址写错了，改成{city}可以吗
        {day}之前能到吗，急用
        收到了，包装很好""",
        """您的订单 {order} 已经从{city}发出
        预计{day}送达，请保持电话畅通
        地址可以改，我这边备注一下
        顺丰单号 SF{order}，可以自己查
        不客气，有问题随时找我""",
    ), 14),
    (_topic(
        """你们的服务太差了，我要投诉！
        上次说好{day}上门，人呢
        给我你们经理的电话
        这已经是第 {n} 次了
        算了，再给你们一次机会""",
        """真的很抱歉，我马上了解情况
        师傅{day}一定上门，我亲自跟进
        经理{name}会在今天联系您
        投诉已经登记，编号 {order}
        感谢您的理解，补偿券已经发到您的账户""",
    ), 7),
    (_topic(
        """{product}怎么安装？
        说明书看不懂
        开机以后一直闪红灯
        重启过了，还是不行
        可以了，原来是电源没插好""",
        """您把{product}背面的型号发我看一下
        先长按电源键 {n} 秒，再松开
        我发您一段安装视频
        如果还不行，{day}安排工程师远程
        好的，祝您使用愉快""",
    ), 9),
    (_topic(
        """{day}有空吗，想过去看看
        {city}的门店在哪里
        我大概下午三点到
        可以带 {n} 个朋友一起吗
        路上堵车，晚到一会儿""",
        """有空的，随时欢迎
        {city}门店在地铁站 {n} 号口出来右转
        到了给我打电话，我下来接您
        可以的，我提前准备好样品
        没关系，您慢慢来，注意安全""",
    ), 8),
    (_topic(
        """合同看过了，第 {n} 条要改一下
        付款方式能改成月结吗
        盖章的合同什么时候寄出
        发票抬头是{name}
        已经打款 {price} 元，请查收""",
        """合同第 {n} 条我请法务看一下
        月结需要先提交资料审核
        合同{day}寄出，单号 {order}
        发票已经开好，电子版发您
        财务确认收到 {price} 元，谢谢""",
    ), 7),
    (_topic(
        """孩子{day}的课能请假吗
        这周作业是什么
        老师，成绩出来了吗
        进步很大，谢谢老师
        想再报 {n} 节课""",
        """可以请假，课程会顺延
        作业已经发在群里了
        这次考了 {n} 分以上，表现很好
        {day}有一次家长会，请准时参加
        加油，一起努力""",
    ), 6),
    (_topic(
        """早上好
        中秋快乐！
        哈哈哈哈
        在吗
        好的
        嗯嗯
        谢谢🙏
        辛苦了""",
        """早上好，祝您有愉快的一天☀️
        在的，您说
        好的，收到
        不客气😊
        祝您和家人节日快乐
        新品{product}上市了，有兴趣可以看看
        您考虑得怎么样了？""",
    ), 14),
    (_topic(
        """理财产品保本吗？
        年化多少
        我就买 {price} 元试试
        私下转给你可以吗，返点怎么算
        手机号 13800{order}，加我微信""",
        """理财非存款，产品有风险，投资须谨慎
        历史年化仅供参考，不代表未来收益
        请您在官方渠道购买，我们不收取现金
        您的风险测评已经过期，请重新做一次
        资料已经发您，{day}前可以撤销""",
    ), 4),
    (_topic(
        """Hi, how much is the {product}?
        Could you send me a quote for {n} units
        What about a refund, order {order}
        When will it ship to {city}?
        That is too expensive for us
        Great, thanks a lot!""",
        """Hello, it is {price} yuan per unit
        The quote for {n} units is in your mailbox
        We have refunded order {order}, it takes three working days
        It leaves {city} on {day}
        Let me ask my manager for a discount
        You are welcome, have a nice day""",
    ), 8),
    (_topic(
        """I want to file a complaint about {product}
        Nobody answered for {n} days
        Is there a manual in English?
        My invoice says {price}, why?
        OK, I'll wait until {day}""",
        """I am very sorry, let me look into it
        The technician will call you on {day}
        The manual is attached
        The invoice was corrected, please check again
        Thank you for your patience""",
    ), 5),
)  # fmt: skip
WORK: Final = _topic(
    """{day}的会议改到下午
    周报记得发我
    客户{name}那边谁在跟进
    {city}的库存还有 {n} 件
    这个需求{day}能上线吗
    Please review the plan by {day}""",
    """收到
    好的，我来跟进
    报表已经更新，见附件
    {product}的价格调整到 {price}
    我请假半天，有事找{name}
    Done, pushed to production""",
)
LATE: Final = (
    "抱歉刚看到，您的问题我马上处理",
    "不好意思回复晚了，{product}有货",
    "Sorry for the late reply, it is done",
)
ROBOT: Final = (
    "欢迎使用智能助手，回复数字选择服务：1 订单 2 退款 3 人工",
    "已为您转接人工客服",
    "Your ticket {order} was created",
)
ODD: Final = (
    "响铃\x07一下",
    "\x1b[31m红色\x1b[0m警告",
    "半个表情\ue000结束",
    "零宽\u200b字符",
    "<b>粗体</b>&amp;<script>alert(1)</script>",
    '=HYPERLINK("http://evil.example")',
    "𠮷野家と髙島屋",
    "e\u0301clair ﬁne ＡＢＣ１２３",
    "第一行\n第二行\r\n第三行",
    "👨‍👩‍👧‍👦🏳️‍🌈",
    "\u202etxt.exe",
    "'; DROP TABLE record;--",
    "[/][bold red]markup[/bold red]",
    "%s %d {0} {name}",
    "",
)
"""\ue000 is a mark: half of a surrogate pair is sent in its place."""
PRODUCTS: Final = (
    "扫地机器人", "净水器", "空气炸锅", "儿童手表", "护肤套装", "红酒礼盒", "机票套餐", "英语课程", "会员卡",
    "投影仪", "折叠自行车", "茶叶礼盒", "蓝牙耳机", "床垫", "SUV 试驾", "router", "coffee machine", "standing desk",
)  # fmt: skip
CITIES: Final = ("上海", "北京", "深圳", "杭州", "成都", "西安", "广州", "南京", "Suzhou", "Xiamen", "武汉", "青岛")
DAYS: Final = ("周一", "周二", "周三", "周四", "周五", "明天", "后天", "下周", "Friday", "next week", "月底", "今晚")
PEOPLE: Final = (
    "小王", "李经理", "张总", "陈老师", "Amy", "晨光公司", "刘姐", "蓝海物流", "老赵", "Mr. Smith"
)  # fmt: skip

_TOPIC_WEIGHTS: Final = [weight for _, weight in TOPICS]


def topic(rng: Random) -> Topic:
    """What a member and a customer talk about."""
    return rng.choices(TOPICS, _TOPIC_WEIGHTS)[0][0]


def filled(rng: Random, sentence: str) -> str:
    """The sentence with its particulars."""
    if "{" not in sentence:
        return sentence
    random = rng.random
    return sentence.format(
        product=PRODUCTS[int(random() * len(PRODUCTS))],
        city=CITIES[int(random() * len(CITIES))],
        day=DAYS[int(random() * len(DAYS))],
        name=PEOPLE[int(random() * len(PEOPLE))],
        n=2 + int(random() * 18),
        price=9 + int(random() ** 3 * 20_000),
        order=10_000_000 + int(random() * 90_000_000),
    )


def spoken(rng: Random, sentences: tuple[str, ...]) -> str:
    """Something that would be said: mostly one sentence, now and then several."""
    text = filled(rng, sentences[int(rng.random() * len(sentences))])
    if rng.random() < 0.06:
        more = (filled(rng, sentences[int(rng.random() * len(sentences))]) for _ in range(rng.randrange(2, 9)))
        text = "，".join((text, *more))
    return text
