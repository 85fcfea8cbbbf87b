"""Members by the customers who came to them and went from them; the same by department."""

from collections import Counter, defaultdict

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Column, Table
from wecrm.reports import moves
from wecrm.reports.entries import Report, Sources
from wecrm.store import asked as conditions
from wecrm.store import figures, figures_customers, figures_staff
from wecrm.store.figures_customers import Moves


def build(sources: Sources, asked: Asked) -> Table:
    """One row per member who had customers then, most new ones first."""
    store = sources.store
    columns = (
        Column("userid", _("Userid"), "id"),
        Column("name", _("Name")),
        Column("left", _("Has left"), "bool"),
        *moves.columns(),
        Column("total", _("In all"), "int", sums=True),
    )
    found, totals = _figures(sources, asked)
    staff = figures_staff.staff(store, set(found) | set(totals))
    ordered = sorted(staff.items(), key=lambda item: (-found[item[0]].new, -totals[item[0]], item[0]))
    rows = [(one.userid, one.name, one.gone, *moves.cells(found[userid]), totals[userid]) for userid, one in ordered]
    return Table("staff", columns, rows, as_of=figures.as_of(store, "contacts"))


def departments(sources: Sources, asked: Asked) -> Table:
    """One row per department whose members had customers then, most new ones first."""
    store = sources.store
    columns = (
        Column("department", _("Department"), "id"),
        Column("name", _("Name")),
        Column("members", _("Members"), "int", sums=True),
        *moves.columns(),
        Column("total", _("In all"), "int", sums=True),
    )
    found, totals = _figures(sources, asked)
    sums: dict[int | None, Moves] = defaultdict(Moves)
    people: Counter[int | None] = Counter()
    there: Counter[int | None] = Counter()
    for userid, one in figures_staff.staff(store, set(found) | set(totals)).items():
        sums[one.department].add(found[userid])
        there[one.department] += totals[userid]
        people[one.department] += 1
    names = figures_staff.departments(store)
    ordered = sorted(sums, key=lambda id_: (-sums[id_].new, -there[id_], id_ or 0))
    rows = [
        (None if id_ is None else str(id_), names.get(id_), people[id_], *moves.cells(sums[id_]), there[id_])
        for id_ in ordered
    ]
    return Table("departments", columns, rows, as_of=figures.as_of(store, "contacts"))


def _figures(sources: Sources, asked: Asked) -> tuple[dict[str, Moves], Counter[str]]:
    """What moved and who was there at the end, by userid in lower case; counted once for both reports."""
    if asked not in sources.counted:
        end = conditions.EVER if asked.until is None else asked.until
        totals = Counter(figures_customers.standing(sources.store, asked, end))
        sources.counted[asked] = figures_customers.by_member(sources.store, asked), totals
    found: tuple[dict[str, Moves], Counter[str]] = sources.counted[asked]
    return found


REPORT = Report(
    title="Ranking of members",
    summary="Members by new customers, with who was lost, handed over and kept.",
    definition=Definition(moves.COUNTS, moves.SOURCE, moves.CAVEATS),
    build=build,
    takes=moves.TAKES,
    rows=moves.rows,
    compares=True,
)

DEPARTMENTS = Report(
    title="Departments",
    summary="Departments by the customers of their members: new, lost, net and in all.",
    definition=Definition(
        moves.COUNTS,
        moves.SOURCE,
        "A member counts in the main department alone, where there is none in that with the lowest id; who changed "
        "departments counts in the present one for all time. What is said of `staff` holds here, too.",
    ),
    build=departments,
    takes=moves.TAKES,
    rows=moves.rows,
    compares=True,
)
