"""What happens to a corp in two months, drawn from a seed: in the console, among customers, at WeCom; and its admin."""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import yaml

from tests.acceptance.days import Days
from wecrm.sandbox import control

FAULTS = ("-1", "45009", "45033", "42001", "40014", "http502", "cut", "garbage", "wrong_type", "close")
RULES = {
    "rules": [
        {"name": "codes", "channel": "soak-*", "tag": "来源渠道/抖音"},
        {"name": "groups", "chat": "*福利群*", "tag": "客户等级/重点"},
        {"name": "came", "channel": "soak-*", "stage": "Stage/Lead"},
        {"name": "asked", "where": "description like '%报价%'", "stage": "Stage/Proposal"},
    ],
    "limits": {"max_changes": 1000, "max_removals": "100%"},
}


@dataclass
class Corp:
    """The people around the machine. `met` counts what happened."""

    days: Days
    random: Random
    met: Counter[str] = field(default_factory=Counter)
    leaving: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    quitters: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    renamed: dict[str, str] = field(default_factory=dict)
    read: int = 0

    def settle_in(self) -> None:
        """The first day: all is fetched once, stages are exclusive, codes are pushed, cron has its files."""
        home = self.days.home
        self._files()
        assert home("sync").code == 0
        assert home("archive", "pull").code == 0
        self._exclusive()
        self.push()

    def _exclusive(self) -> None:
        home, library = self.days.home, self.days.path("etc", "tags.yaml")
        assert home("tags", "pull", str(library)).code == 0
        text = library.read_text("utf-8")
        library.write_text(text.replace("- group: Stage\n", "- group: Stage\n  exclusive: true\n"), "utf-8")
        assert home("tags", "push", str(library), "--yes").code == 0

    def _files(self) -> None:
        rules = {**RULES, "rules": [dict(rule) for rule in RULES["rules"]]}  # type: ignore[attr-defined]
        self.days.path("etc", "rules.yaml").write_text(yaml.safe_dump(rules, allow_unicode=True), "utf-8")
        words = {"rules": [{"name": "refund", "words": ["退款"], "level": "severe"}]}
        self.days.path("etc", "words.yaml").write_text(yaml.safe_dump(words, allow_unicode=True), "utf-8")
        self.days.path("hr", "leavers.csv").write_text("userid,takeover,due,then\n", "utf-8")
        self.days.path("hr", "leave.csv").write_text("userid,from,to\n", "utf-8")

    def codes(self) -> list[dict[str, object]]:
        """The codes as they should be described now."""
        staff = [userid for userid in self.staff() if userid not in self.leaving]
        pick = Random(len(self.gone)).sample(staff, 6)
        return [
            {"name": "海报", "channel": "soak-poster", "members": pick[:3], "cap": 2, "fallback": [pick[3]]},
            {
                "name": "门店",
                "channel": "soak-shop",
                "members": pick[1:4],
                "shifts": [{"days": "mon-fri", "hours": "09:00-18:00", "members": pick[1:3]}],
                "fallback": [pick[4]],
            },
            {"name": "官网", "kind": "link", "channel": "soak-web", "members": pick[2:5]},
            {"name": "会员", "channel": "soak-club", "members": [pick[5]], "tags": ["语言/中文"]},
        ]

    def push(self) -> None:
        """The admin describes the codes, and pushes them."""
        file = self.days.path("etc", "codes.yaml")
        file.write_text(yaml.safe_dump({"codes": self.codes()}, allow_unicode=True, sort_keys=False), "utf-8")
        result = self.days.home("livecodes", "push", str(file), "--yes", "--max-removals", "100%")
        assert result.code == 0, result.err

    # -- who is there

    def sql(self, query: str, *values: object) -> list[tuple]:
        with self.days.world() as world:
            return world.db.connection.execute(query, values).fetchall()

    def staff(self) -> list[str]:
        """Members who can have customers."""
        rows = self.sql("SELECT userid FROM member WHERE left_at IS NULL AND status = 1 AND follows ORDER BY id")
        return [userid for (userid,) in rows]

    def free(self) -> list[str]:
        """Those of them who don't leave."""
        return [userid for userid in self.staff() if userid not in self.leaving]

    def relations(self, count: int) -> list[tuple[str, str]]:
        """Some relations of members who are there."""
        rows = self.sql(
            "SELECT m.userid, c.external_userid FROM relation r JOIN member m ON m.id = r.member "
            "JOIN contact c ON c.id = r.contact WHERE m.left_at IS NULL AND NOT r.one_way ORDER BY 1, 2"
        )
        return self.random.sample(rows, count)

    # -- what happens

    def someday(self, first: int, last: int, what: Callable[[], None], *, minute: int | None = None) -> int:
        """Let this happen on one of these days, in office hours unless told; which day."""
        day = self.random.randint(first, last)
        self.days.at(day, self.random.randint(9 * 60, 18 * 60) if minute is None else minute, what)
        return day

    def busy(self, first: int, last: int) -> None:
        """Every one of these days: customers come, go, and are written about."""
        for day in range(first, last + 1):
            for what in (self.come, self.go, self.scribble):
                self.days.at(day, self.random.randint(8 * 60, 20 * 60), what)
            self.days.at(day, 9 * 60, self.morning)

    def come(self) -> None:
        codes = [
            id_
            for (id_,) in self.days.home.sql(
                "SELECT code_id FROM live_code WHERE entry IS NOT NULL AND gone_at IS NULL"
            )
        ]
        with self.days.world() as world:
            for code in self.random.sample(codes, min(2, len(codes))):
                self.met["came by codes"] += control.scan(world, code, self.random.randint(1, 4)).added
            control.add_relation(world, self.random.choice(self.free()), description=self.random.choice(["", "问报价"]))
        self.met["came"] += 1

    def go(self) -> None:
        (a, b), (c, d) = self.relations(2)
        with self.days.world() as world:
            control.delete_relation(world, a, b, by="customer")
            control.delete_relation(world, c, d, by="member")
        self.met["lost"] += 2

    def scribble(self) -> None:
        pairs = self.relations(3)
        tags = [id_ for (id_,) in self.sql("SELECT id FROM tag WHERE NOT deleted ORDER BY n LIMIT 12")]
        with self.days.world() as world:
            control.edit_tags(world, pairs[:2], add=[self.random.choice(tags)], remove=[self.random.choice(tags)])
            control.set_remark(world, *pairs[2], f"备注{self.days.day}")
        self.met["edited by hand"] += 3

    def rename_tag(self, group: str, name: str) -> None:
        """Somebody renames a tag in the console."""
        new = f"{name}{self.days.day}"
        with self.days.world() as world, world.writing() as db:
            rows = db.execute(
                "UPDATE tag SET name = ? WHERE name = ? AND group_id = (SELECT id FROM tag_group WHERE name = ?)",
                (new, name, group),
            ).rowcount
            world.changed()
        assert rows == 1
        self.renamed[f"{group}/{name}"] = f"{group}/{new}"
        self.met["tags renamed"] += 1

    def reorganise(self) -> None:
        """Some change their departments, and a third of somebody's customers go to a colleague."""
        people = self.random.sample(self.free(), 4)
        with self.days.world() as world, world.writing() as db:
            for userid in people:
                place = json.dumps([self.random.choice([3, 4, 5, 8, 9])])
                db.execute("UPDATE member SET departments = ? WHERE userid = ? AND left_at IS NULL", (place, userid))
            world.changed()
        giver, taker = people[:2]
        home, plan = self.days.home, str(self.days.path("crm", f"reorg{self.days.day}.plan"))
        file = self.days.path("crm", f"reorg{self.days.day}.csv")
        rows = home.sql("SELECT external_userid FROM relation WHERE userid = ? AND status = 'active' ORDER BY 1", giver)
        lines = [f"{giver},{external},{taker}" for (external,) in rows[::3]]
        file.write_text("\n".join(["userid,external_userid,takeover", *lines]) + "\n", "utf-8")
        refused = str(self.days.path("crm", "left-out.csv"))
        result = home("transfers", "plan", str(file), "-o", plan, "--refused", refused)
        assert result.code in (0, 2, 3), result.err  # 2: nobody of them can be moved
        if result.code in (0, 3):
            self.days.turn(f"wecrm apply {plan} --yes --max-removals 100% --cron -qq")
        self.met["reorganisations"] += 1

    def hire(self) -> None:
        """A new member with customer contact, and their first customers."""
        userid = f"new{self.days.day}"
        with self.days.world() as world, world.writing() as db:
            (detail,) = db.execute("SELECT detail FROM member ORDER BY id LIMIT 1").fetchone()
            sql = "INSERT INTO member SELECT max(id) + 1, ?, ?, 1, 1, '[3]', ?, NULL FROM member"
            db.execute(sql, (userid, f"新员工{self.days.day}", detail))
            world.changed()
        with self.days.world() as world:
            for n in range(5):
                control.add_relation(world, userid, remark=f"第{n}位")
        self.met["hired"] += 1

    def leaver(self) -> str:
        """Somebody with customers who will leave."""
        userid = self.random.choice(self.free())
        self.leaving.add(userid)
        return userid

    def resigns(self, then: str) -> None:
        """HR writes somebody down whose last day is in a few days; with `wait` HR deletes them themselves."""
        self.write_down(userid := self.leaver(), last := self.random.randint(0, 4), then)
        self.told.add(userid)
        if then == "wait":
            self.days.at(self.days.day + last + 1, 11 * 60, lambda: self.delete(userid))
        self.met["leavers by list"] += 1

    def write_down(self, userid: str, last: int, then: str) -> None:
        takers = self.random.sample(self.free(), 2)
        due = (self.days.began + timedelta(days=self.days.day + last)).strftime("%Y-%m-%d")
        with self.days.path("hr", "leavers.csv").open("a", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerow([userid, ",".join(takers), due, then])

    def delete(self, userid: str) -> None:
        with self.days.world() as world:
            control.delete_member(world, userid)
        self.gone.add(userid)

    def vanishes(self) -> None:
        """Somebody is deleted in the console, and nobody says so."""
        self.delete(self.leaver())
        self.met["leavers untold"] += 1

    def refuses(self, share: float) -> None:
        with self.days.world() as world:
            control.refusal_share(world, share)

    def trouble(self, day: int, *, kind: str = "", share: float = 0.0) -> None:
        """A night in which this part of the calls goes wrong, until the morning."""
        kind, share = kind or self.random.choice(FAULTS), share or self.random.choice([0.02, 0.1, 0.4])
        seed = self.random.randrange(1 << 30)

        def begin() -> None:
            with self.days.world() as world:
                control.add_fault(world, kind=kind, share=share, seed=seed)
            self.met["nights with faults"] += 1

        def end() -> None:
            with self.days.world() as world:
                control.clear_faults(world)

        self.days.at(day, 2 * 60, begin)
        self.days.at(day, 7 * 60, end)

    def rotate_key(self) -> None:
        with self.days.world() as world:
            control.archive_rotate_key(world)
        self.met["archive keys"] += 1

    def lose_key(self, days: int) -> None:
        """The admin forgets to give wecrm the newest private key, for some days."""
        with self.days.world() as world:
            version = control.archive_rotate_key(world)
            control.archive_withhold_key(world, version)
        self.met["archive keys"] += 1
        self.met["keys missing for days"] += 1

        def give() -> None:
            with self.days.world() as world:
                control.archive_withhold_key(world, version, withheld=False)

        self.days.at(self.days.day + days, 10 * 60, give)

    def quits(self) -> None:
        """Somebody quits on their own; WeCom deletes them a month later."""
        userid = self.leaver()
        with self.days.world() as world:
            control.set_member(world, userid, status=5)
        self.quitters.add(userid)
        self.met["quit"] += 1

    def absent(self) -> None:
        """Somebody is on leave for some days."""
        first = self.days.began + timedelta(days=self.days.day)
        row = [self.random.choice(self.free()), f"{first:%Y-%m-%d}", f"{first + timedelta(days=3):%Y-%m-%d}"]
        with self.days.path("hr", "leave.csv").open("a", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerow(row)
        self.met["on leave"] += 1

    # -- the admin

    def morning(self) -> None:
        """The admin reads the mails since yesterday, and does what the how-to says."""
        mails, self.read = [ran for ran in self.days.ran[self.read :] if ran.code not in (0, -9)], len(self.days.ran)
        what = {(ran.what, ran.code) for ran in mails}
        self.met.update(f"{name}: exit {code}" for name, code in sorted(what))
        if ("offboard scan", 10) in what:
            self._start_cases()
        if ("tags apply", 2) in what:
            self._mend_rules()
        if ("livecodes rotate", 6) in what:
            self.push()
        for ran in mails:
            for userid in re.findall(r"41054 user not activated: ([^\s)]+)", ran.err):
                self.activate(userid)
            for userid in re.findall(r"! (\S+) · member: \1 is still a member after the last day", ran.err):
                if userid in self.quitters:
                    self.quitters.discard(userid)
                    self.delete(userid)

    def _start_cases(self) -> None:
        """For each leaver whom the scan found."""
        with self.days.path("crm", "leavers.csv").open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
        for row in rows:
            if row["found_by"] == "codes":
                self.swap(row["userid"])
            elif row["userid"] not in self.told:
                self.told.add(row["userid"])
                self.leaving.add(row["userid"])
                self.write_down(row["userid"], 0, "wait")

    def activate(self, userid: str) -> None:
        """A member who stands on a code is told to log in, and gets customer contact."""
        with self.days.world() as world:
            control.set_member(world, userid, status=1)
            control.set_customer_contact(world, userid, True)

    def swap(self, userid: str) -> None:
        """Somebody else on every code that names the leaver."""
        free = self.random.choice(self.free())
        assert self.days.home("livecodes", "swap", userid, free, "--yes", "--max-removals", "100%").code == 0
        self.met["swapped on codes"] += 1

    def _mend_rules(self) -> None:
        file = self.days.path("etc", "rules.yaml")
        text = file.read_text("utf-8")
        for old, new in self.renamed.items():
            text = text.replace(old + "\n", new + "\n")
        file.write_text(text, "utf-8")
