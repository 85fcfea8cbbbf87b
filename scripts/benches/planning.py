"""Planning (rules, attribution, transfers) against reading the same rows once."""

from pathlib import Path

from scripts.benches.figures import Figure, asked
from scripts.benches.homes import served

RULES = """
rules:
- {channel: 抖音-*, tag: 来源渠道/抖音}
- {channel: [官网-咨询, sem-*], tag: 来源渠道/官网}
- {channel: 小红书-种草, tag: 来源渠道/小红书}
- {add_way: 1, tag: 来源渠道/门店}
- {chat: 福利群*, tag: 活动/周年庆}
- {where: "remark like '%王%' and type = 1", tag: 备注类/需回访}
- {where: company is not empty, stage: Stage/Contacted}
- {where: "mobiles like '%138%'", stage: Stage/Qualified, from: Stage/Lead}
"""
PLAN_RULES = """
import json, sys, time
from datetime import UTC
from pathlib import Path
from wecrm.files import rules as files
from wecrm.operations import rules
from wecrm.operations.ruleconditions import Cache
from wecrm.store import effects, selection, tags
from wecrm.store.database import Store
store = Store.open(Path(sys.argv[1]))
tags.set_exclusive(store, next(group.group_id for group in tags.groups(store) if group.name == "Stage"), True)
file, _digest = files.read(Path(sys.argv[2]))
def plan():
    return rules.plan(Cache(store, 1793494800.0, UTC), file, title="", input_digest="").changes
def scan():
    return sum(1 for _row in selection.relations(store, "userid is not null", now=0.0, tz=UTC))
def best(work):
    began = [(time.perf_counter(), work(), time.perf_counter()) for _n in range(5)]
    return min(end - start for start, _result, end in began)
first = plan()
marks = {tuple(c.key.values()): (c.after["present"], c.after["absent"]) for c in first}
effects.note_marks(store, "bench", marks, 0.0)
assert not plan()
print(json.dumps([len(first), best(scan), best(plan)]))
"""
ATTRIBUTE = """
import json, sys, time
from datetime import UTC
from pathlib import Path
from wecrm.models.codebook import CodeEntry
from wecrm.models.livecode import LiveCode
from wecrm.operations import attribution, rules
from wecrm.operations.ruleconditions import Cache
from wecrm.store import livecodes, rules as store_rules
from wecrm.store.database import Store
store = Store.open(Path(sys.argv[1]))
channels = [row[0] for row in store.connection.execute("SELECT DISTINCT state FROM relation WHERE state <> ''")]
for n, channel in enumerate(channels):
    entry = CodeEntry(channel, channel=channel, members=("x",), tags=("客户等级/VIP",))
    livecodes.register(store, LiveCode("contact", f"bench{n}", state=channel, users=("x",)), f"bench {n}", entry, 1)
def scan():
    rows = store.connection.execute("SELECT id, userid, external_userid, state, status FROM relation")
    return sum(1 for _row in rows)
def attribute():
    ready = rules.prepare(Cache(store, 2e9, UTC), attribution.rules(store)[0]).ready
    return sum(1 for each in ready for _row in store_rules.lacking(store, each.condition, each.tag.tag_id))
def best(work):
    taken = []
    for _n in range(5):
        began = time.process_time()
        found = work()
        taken.append(time.process_time() - began)
    return found, min(taken)
print(json.dumps([*best(scan), *best(attribute)]))
"""
PLAN_TRANSFERS = """
import json, os, sys, time
from wecrm.cli.main import run
givers, takers, folder = sys.argv[1:]
def best(*words):
    taken = []
    for _n in range(3):
        began = time.perf_counter()
        assert run(words, environ=os.environ) == 0, words
        taken.append(time.perf_counter() - began)
    return min(taken)
names = ", ".join(f"'{userid}'" for userid in givers.split(","))
listed = ("contacts", "list", "--where", f"userid in ({names})", "-o", f"{folder}/read.ndjson", "-qq")
planned = ("transfers", "plan", "--from", givers, "--to", takers, "-o", f"{folder}/a.plan", "-qq")
taken = [best(*listed), *(best(*planned, "--strategy", one) for one in ("load", "round-robin", "keep-together"))]
print(json.dumps(taken))
"""
MOST_CUSTOMERS = (
    "SELECT m.userid, count(r.id) FROM member m LEFT JOIN relation r USING (userid) "
    "WHERE m.follows AND m.status = 1 GROUP BY 1 ORDER BY 2 DESC"
)


def measured(folder: Path, part: int) -> list[Figure]:
    """Rules and attribution over 100,000 relations, transfers of 10,000: of a few hundred the calls are all."""
    return [*_rules(folder, 100_000 // part), *_transfers(folder, 16_000, 10_000)]


def _rules(folder: Path, relations: int) -> list[Figure]:
    """Rules when nearly all is as they say; which relations lack the tags of the codes that brought them."""
    with served(folder, relations, 0.0) as home:
        home.run("sync", "members", "tags", "contacts", "groups", "-qq")
        file = folder / "rules.yaml"
        file.write_text(RULES, encoding="utf-8")
        found, attribute_scan_s, _none, attribute_s = asked(ATTRIBUTE, home.cache)
        given, scan_s, plan_s = asked(PLAN_RULES, home.cache, file)
    what = f"planning 8 rules on {relations:,} relations, {given:,.0f} of them tagged by the rules before"
    return [
        Figure(what, plan_s * 1000, "ms", "reading them once", scan_s * 1000, 3.0),
        Figure(f"attribution of {found:,} relations", attribute_s, "s", "one scan of them", attribute_scan_s, 3.0),
    ]


def _transfers(folder: Path, relations: int, customers: int) -> list[Figure]:
    """Who gets so many customers, against reading these from the cache; the slowest strategy."""
    with served(folder, relations, 0.0) as home:
        home.run("sync", "-qq")
        rows = home.connection().execute(MOST_CUSTOMERS).fetchall()
        givers, found = [], 0
        while found < customers:
            userid, own = rows.pop(0)
            givers.append(userid)
            found += own
        both = ",".join(givers), ",".join(userid for userid, _own in rows)
        read_s, *plans_s = asked(PLAN_TRANSFERS, *both, folder, env=home.env)
        words = ("transfers", "plan", "--from", both[0], "--to", both[1], "--strategy", "keep-together")
        _s, peak = home.run(*words, "-o", str(folder / "a.plan"), "-qq")
    what = f"planning transfers of {found:,} customers"
    return [
        Figure(what, max(plans_s), "s", "`contacts list` of them", read_s, 5.0),
        Figure(f"memory of {what}", peak, "MB", "allowed", 150, 1.0),
    ]
