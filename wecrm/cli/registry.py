"""Every first word of the command line: where it lives and what it does.

Read by `wecrm --help` without importing a command, by the lazy group, by docs and by tests.
"""

from wecrm.i18n import _

COMMANDS: dict[str, tuple[str, str]] = {
    "doctor": ("wecrm.cli.doctor", "Check configuration, secrets, trusted IP and storage; say what to do."),
    "status": ("wecrm.cli.status", "When each corp was last fetched, what waits, what could be lost."),
    "explain": ("wecrm.cli.explain", "Explain an errcode or a topic, offline."),
    "config": ("wecrm.cli.config", "Write, show and check the configuration."),
    "db": ("wecrm.cli.db", "The local database: where it is, back it up, check it, put a backup back."),
    "sync": ("wecrm.cli.sync", "Fill the local cache from WeCom."),
    "members": ("wecrm.cli.members", "Members (成员) of the corporation."),
    "contacts": ("wecrm.cli.contacts", "Customers (客户) and who follows them."),
    "groups": ("wecrm.cli.groups", "Customer groups (客户群)."),
    "tags": ("wecrm.cli.tags", "Corp tags (企业标签): list, make, and put on customers in bulk."),
    "livecodes": (
        "wecrm.cli.livecodes",
        "Live codes (活码): every channel known, nobody overloaded, no code pointing at somebody who left.",
    ),
    "transfers": ("wecrm.cli.transfers", "Transfers (继承): customers and groups from one member to another."),
    "offboard": ("wecrm.cli.offboard", "Offboarding (离职交接): a durable case for each member who leaves."),
    "archive": (
        "wecrm.cli.archive.commands",
        "Session archive (会话内容存档): pull nightly, find, prove.",
    ),
    "plan": ("wecrm.cli.plan", "Look at a plan file."),
    "apply": ("wecrm.cli.apply", "Apply a plan file, or resume it."),
    "undo": ("wecrm.cli.undo", "Plan taking back what a job changed."),
    "jobs": ("wecrm.cli.jobs", "Applied plans: progress, results, resume, retry, cancel."),
    "report": ("wecrm.cli.report", "Figures from the cache."),
    "sql": ("wecrm.cli.sql", "Ask the cache in SQL, read-only."),
    "sandbox": ("wecrm.cli.sandbox", "An offline WeCom to try everything on."),
    "completion": ("wecrm.cli.completion", "The script by which a shell completes what you type."),
}
"""name → (module with an `app`, one sentence)."""


def summary(name: str) -> str:
    """What the command does, in the chosen language."""
    return _(COMMANDS[name][1])
