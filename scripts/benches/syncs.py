"""Sync and bulk apply against a script of the usual kind and against wechatpy, and what they cost in memory."""

import csv
import shutil
from pathlib import Path

from scripts.benches.figures import Figure, grown
from scripts.benches.homes import LATENCY_S, Home, served
from scripts.benches.loops import Usual, Wechatpy

LACKING = (
    "SELECT userid, external_userid FROM relation r WHERE NOT EXISTS (SELECT 1 FROM relation_tag rt "
    "WHERE rt.relation_id = r.id AND rt.tag_id = ?) ORDER BY id LIMIT ?"
)
PEER_SAMPLE = 500


def measured(folder: Path, part: int) -> list[Figure]:
    """With 30 ms for each call, then the growth without."""
    return [*_against(folder, 100_000 // part, 5_000 // part), *_growth(folder, part)]


def _against(folder: Path, relations: int, rows: int) -> list[Figure]:
    with served(folder, relations, LATENCY_S) as home:
        home.run("sync", "members", "tags", "-qq")
        sync_s, sync_mb = home.run("sync", "contacts")
        again_s, _mb = home.run("sync", "contacts")
        usual, wechatpy = Usual(home.url), Wechatpy(home.url)
        loop_s = usual.sync(folder / "usual.db")
        peer_s, some = wechatpy.sync(folder / "wechatpy.db", max(20, PEER_SAMPLE * relations // 100_000))
        peer_s *= relations / some
        plan_s, apply_s, apply_mb, (usual_s, mark_s) = _apply(folder, home, rows, usual, wechatpy)
    these, marks = f"sync of {relations:,} relations, 30 ms latency", f"apply of {rows:,} marks, 30 ms latency"
    return [
        Figure(these, sync_s, "s", "usual loop", loop_s, 1 / 6),
        Figure(these, sync_s, "s", f"wechatpy ({some:,} customers, scaled)", peer_s, 1 / 6),
        Figure("the same again, nothing changed", again_s, "s", "usual loop", loop_s, 1 / 6),
        Figure(marks, apply_s, "s", "one call after another", usual_s, 1 / 3),
        Figure(marks, apply_s, "s", "wechatpy, one after another", mark_s, 1 / 3),
        Figure(f"planning these {rows:,} rows", plan_s, "s"),
        Figure(f"memory of the sync of {relations:,} relations", sync_mb, "MB", "allowed", 200, 1.0),
        Figure(f"memory of the apply of {rows:,} marks", apply_mb, "MB", "allowed", 200, 1.0),
    ]


def _apply(
    folder: Path, home: Home, rows: int, usual: Usual, wechatpy: Wechatpy
) -> tuple[float, float, float, list[float]]:
    """Seconds of planning and applying, peak memory, and the seconds of both loops (a tenth, scaled)."""
    tag, chosen = _lacking(home, rows)
    plan, plan_s = _planned(folder, home, chosen)
    apply_s, apply_mb = home.run("apply", plan, "--yes", "--max-changes", str(rows))
    sample = chosen[: max(50, rows // 10)]
    loops = [loop.mark(sample, tag) / len(sample) * len(chosen) for loop in (usual, wechatpy)]
    return plan_s, apply_s, apply_mb, loops


def _lacking(home: Home, rows: int) -> tuple[str, list[tuple[str, str]]]:
    database = home.connection()
    tag = str(database.execute("SELECT tag_id FROM corp_tag WHERE name = 'VIP'").fetchone()[0])
    return tag, database.execute(LACKING, (tag, rows)).fetchall()


def _planned(folder: Path, home: Home, rows: list[tuple[str, str]]) -> tuple[str, float]:
    """A plan that tags these customers, and the seconds it took."""
    file, plan = folder / "rows.csv", str(folder / "rows.plan")
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows([("userid", "external_userid"), *rows])
    seconds, _mb = home.run("tags", "plan", str(file), "--add", "VIP", "-o", plan)
    return plan, seconds


def _growth(folder: Path, part: int) -> list[Figure]:
    """Ten times as many relations, ten times as many marks."""
    relations, marks = (100_000 // part, 1_000_000 // part), (2_000 // part, 20_000 // part)
    syncs, applies = [], []
    for size, rows in zip(relations, marks, strict=True):
        with served(folder, size, 0.0) as home:
            home.run("sync", "members", "tags", "-qq")
            syncs.append(home.run("sync", "contacts"))
            _tag, chosen = _lacking(home, rows)
            plan, _s = _planned(folder, home, chosen)
            applies.append(home.run("apply", plan, "--yes", "--max-changes", str(rows)))
        shutil.rmtree(home.path)
    return [
        grown("time of a sync of {} relations", "s", relations, [seconds for seconds, _mb in syncs]),
        grown("memory of a sync of {} relations", "MB", relations, [mb for _s, mb in syncs], 1.3),
        grown("time of an apply of {} marks", "s", marks, [seconds for seconds, _mb in applies]),
        grown("memory of an apply of {} marks", "MB", marks, [mb for _s, mb in applies]),
    ]
