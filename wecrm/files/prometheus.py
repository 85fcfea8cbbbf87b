"""The state of corps as Prometheus reads it (text exposition format 0.0.4).

What stands here is for a program: names, labels and help lines are never translated.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from wecrm.models.status import NEVER, CorpStatus

Sample = tuple[Mapping[str, str], float]

_HELP = {
    "wecrm_up": "Whether the profile's database could be read.",
    "wecrm_last_success_timestamp_seconds": "When the newest run without any hole ended; 0 when there was none.",
    "wecrm_run_duration_seconds": "How long that run took.",
    "wecrm_run_unread": "What the newest run could not read.",
    "wecrm_jobs_open_rows": "Rows of applied plans that have no final status.",
    "wecrm_jobs_unfinished": "Applied plans that are running, stopped in the middle, or waiting for WeCom.",
    "wecrm_relations": "Relations between members and customers in the cache, by status.",
}


def text(corps: Iterable[CorpStatus], purposes: Sequence[str], expected: Sequence[str]) -> str:
    """All metrics of these corps; an expected purpose that never succeeded has 0, so that an alert sees it."""
    found: dict[str, list[Sample]] = {name: [] for name in _HELP}
    for corp in corps:
        shown = [each for each in purposes if each in expected or corp.of(each).state != NEVER]
        for name, labels, value in _samples(corp, shown):
            found[name].append(({"profile": corp.profile, "corp_id": corp.corp_id, **labels}, value))
    lines: list[str] = []
    for name, samples in found.items():
        if samples:
            lines += [f"# HELP {name} {_escaped(_HELP[name], '')}", f"# TYPE {name} gauge"]
            lines += [f"{name}{_labels(labels)} {value:.15g}" for labels, value in samples]
    return "".join(f"{line}\n" for line in lines)


def _samples(corp: CorpStatus, purposes: Sequence[str]) -> Iterator[tuple[str, Mapping[str, str], float]]:
    yield "wecrm_up", {}, 0 if corp.problem else 1
    if corp.problem:
        return
    for purpose in purposes:
        work, label = corp.of(purpose), {"purpose": purpose}
        yield "wecrm_last_success_timestamp_seconds", label, work.last_success or 0
        if work.duration_s is not None:
            yield "wecrm_run_duration_seconds", label, work.duration_s
        yield "wecrm_run_unread", label, work.unread
    yield "wecrm_jobs_open_rows", {}, sum(job.rows for job in corp.jobs)
    yield "wecrm_jobs_unfinished", {}, len(corp.jobs)
    for status, count in corp.relations.items():
        yield "wecrm_relations", {"status": status}, count


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str, quote: str = '"') -> str:
    value = value.replace("\\", "\\\\").replace("\n", "\\n")
    return value.replace(quote, f"\\{quote}") if quote else value
