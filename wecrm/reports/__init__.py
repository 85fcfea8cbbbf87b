"""Figures for managers, built from the cache and the session archive alone: one file per report, this registry.

To add one: write the file with its `REPORT`, add a line here; the command `wecrm report NAME`, its help and its
docs page follow. Start with `entries.py`.
"""

from collections.abc import Mapping

from wecrm.reports import (
    behavior,
    busyhours,
    changes,
    channels,
    churn,
    customers,
    followers,
    frequent,
    funnel,
    groups,
    groupsends,
    groupstats,
    inherited,
    links,
    messages,
    overlap,
    quality,
    replies,
    several,
    silent,
    staff,
    tagusage,
    transferred,
    unanswered,
    wordhits,
)
from wecrm.reports.entries import Report

REPORTS: Mapping[str, Report] = {
    "followers": followers.REPORT,
    "channels": channels.REPORT,
    "tags": tagusage.REPORT,
    "customers": customers.REPORT,
    "staff": staff.REPORT,
    "departments": staff.DEPARTMENTS,
    "churn": churn.REPORT,
    "silent": silent.REPORT,
    "shared-customers": several.REPORT,
    "inherited": inherited.REPORT,
    "transfers": transferred.REPORT,
    "funnel": funnel.REPORT,
    "tag-overlap": overlap.REPORT,
    "groups": groups.REPORT,
    "group-owners": groups.OWNERS,
    "behavior": behavior.REPORT,
    "group-stats": groupstats.REPORT,
    "links": links.REPORT,
    "groupsends": groupsends.REPORT,
    "quality": quality.REPORT,
    "changes": changes.REPORT,
    "messages": messages.REPORT,
    "replies": replies.REPORT,
    "unanswered": unanswered.REPORT,
    "busiest-hours": busyhours.REPORT,
    "words-hits": wordhits.REPORT,
    "frequent-words": frequent.WORDS,
    "questions": frequent.QUESTIONS,
}
