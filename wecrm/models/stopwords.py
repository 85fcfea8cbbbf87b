"""Words that say nothing about what somebody wants: particles, pronouns, greetings; Chinese and English."""

from typing import Final

_WORDS: Final = """
    一个 一下 一些 一样 一点 一直 一起 一次 一会 一会儿 上面 下面 不会 不是 不用 不要 不能 不过 不行 不了 为了
    为什么 什么 什么样 今天 他们 以及 以后 以前 但是 你们 你好 您好 您们 其他 其实 再见 几个 几点 到底 别的
    刚刚 刚才 只是 只有 只能 可以 可是 各位 咱们 哈哈 哈哈哈 哪个 哪些 哪儿 哪里 哪位 嗯嗯 因为 在吗 多少 大家
    她们 好吧 好吗 好的 好了 如何 如果 它们 就是 应该 当然 怎么 怎么样 怎样 您看 我们 我要 我想 或者 所以 打扰
    收到 早上好 晚上好 下午好 昨天 明天 时候 是不是 是否 是的 晚安 有点 有没有 朋友 来说 果然 次 比较 没有
    没事 没关系 然后 现在 真的 的话 直接 知道 竟然 笑死 而且 能不能 能否 自己 行吗 行不行 要不要 觉得 让 请
    请问 谁 谢谢 谢谢您 谢谢你 辛苦 这个 这些 这儿 这样 这次 这里 这边 还是 还有 还要 还没 那个 那些 那么 那儿
    那样 那里 那边 都 非常 麻烦 马上 上次 下次 什么时候 已经 可能 需要 一定 大概 有些 出来 起来 过来 过去 下来
    上来 告诉 看看 想要 想问 问下 问一下 对不起 不好意思 抱歉 about after all also am an and any are as at be
    been but by can could did do does for from get got had has have he hello hers hi him his how if in into is
    it its just let like me more my no not of off ok okay on one or our out please she should so some than
    thank thanks that the their them then there these they this those to too up us was we were what when where
    which who why will with would yes yet you your
"""

STOP_WORDS: Final = frozenset(_WORDS.split())
