"""What `wecrm explain TOPIC` says: short offline pages for the questions that errors refer to.

A body is one message id for `_()`, its lines already cut for a terminal. Lines that begin with two
spaces are examples or table rows and must not be joined with their neighbours.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Topic(NamedTuple):
    """One page of help: a title and a body of several lines, both English message ids."""

    title: str
    body: str


_EXIT_CODES = """\
The exit code says what the caller should do next; the last line on stderr repeats it with a reason.
  0    ok         everything is done, or is waiting for WeCom and says until when
  1    internal   a defect of wecrm; a report file is named
  2    usage      a wrong flag, a wrong file or a missing answer: change the command
  3    partial    finished, but some rows failed or are unknown: read the result file
  4    config     secret, token, corp id, untrusted IP, wrong place of the database: a person must act
  5    temporary  network, busy, rate lock: the state is safe, retry later
  6    refused    permission, visible range, licence: act in the admin console
  7    safety     a threshold, a stale or used plan, another corp, a shrunken source: look first
  9    integrity  a gap in the archive, a hash that differs, a damaged database
  10   changes    `diff` or `plan --detailed-exitcode`: something would change
  11   locked     another run holds the lock
  12   deadline   `--max-runtime` is reached: run it again to go on (130: Ctrl-C, 143: SIGTERM)
When several apply, the most severe wins: a signal, then 9, 1, 7, 4, 6, 5, 11, 12, 3, 2, 10."""

_TOKENS = """\
WeCom gives one access token per corp and secret. It lives two hours and may be ended earlier.
wecrm keeps tokens in its cache folder, readable by you alone, and all its processes share them.
When WeCom answers 40014 or 42001, the token is renewed once and the call is repeated once.
If the new token is refused too, the run stops: a loop would only use up the quota.
A wrong secret (40001) is remembered until the configuration changes, and is not sent again.
The reason: repeated wrong secrets make WeCom lock this machine's IP for an hour, for every corp.
Run `wecrm doctor` to test each secret of a profile once."""

_LIMITS = """\
WeCom counts the calls of one API by all programs of a corp together, wecrm being one of them.
  corp and API   10,000 a minute, 150,000 an hour
  IP and API     20,000 a minute, 600,000 an hour
  archive pull   600 a minute
Too many calls give 45009. The block lasts as long as the window that was exceeded: 60 seconds,
60 minutes, to midnight for a daily limit, 30 days for a monthly one.
Too many calls at the same time give 45033; wecrm then sends fewer in parallel and goes on.
A plan says how many calls it needs, how long they take and what share of the hour they use.
Leave room for other tools of the corp by lowering the limits of the profile.
What was done before a block stays done: `wecrm jobs resume JOB` goes on from there."""

_SECRETS = """\
Each part of WeCom wants its own secret; a valid secret at the wrong API gives 48002.
  contact    a self-built app (自建应用) with its agentid: customers, tags, live codes, transfers, notices.
             Admin console → 客户联系 → 客户 → API → 可调用接口的应用 must list the app.
  directory  contacts sync (通讯录同步): all userids and departments, and it alone may disable or delete
             members. From IPs added after 2022-08-15 it gives ids only (48009); details come through
             the self-built app.
  links      acquisition links (获客链接), where contact is the old secret of 客户联系: they refuse that
             one and want a self-built app, which sees only the links that it made itself.
  archive    会话内容存档, with an IP list and private keys of its own.
The old secret of 客户联系 works only for corps that used it before 2023-12-01.
Secrets stand in the configuration as references, never as values on the command line:
  env:NAME   file:PATH (mode 0600)   command:PROGRAM
`wecrm config show` prints where each one comes from; `wecrm doctor` tries them."""

_VISIBLE_RANGE = """\
A self-built app sees only the members of its visible range (可见范围).
Lists leave the others out without a word; naming one of them gives 60011, 60111, 50002 or 40003.
Customers are seen through the members who follow them, so a narrow range hides customers as well.
Widen it in the admin console: 应用管理 → the app → 可见范围; the whole corp is the usual choice.
A member also needs customer contact (客户联系), an activated account and a verified name (41054, 40098).
When a range shrinks, wecrm calls the customers out of sight, not lost: see `lost-customers`."""

_TRUSTED_IP = """\
WeCom answers a self-built app only from IPs in its list (企业可信IP); others get 60020.
The archive has a second list of its own; an IP missing there gives 301042, or 10009 for media.
The error names the IP that WeCom saw (from ip: …). Behind NAT, a proxy or a VPN that is the IP of
the way out, not the one that this machine shows.
Add it in Admin console → 应用管理 → the app → 企业可信IP; for the archive in
管理工具 → 会话内容存档 → 可信IP. It takes about a minute to work.
An office line may change its IP overnight: run jobs from a machine with a fixed one.
`wecrm doctor` tells which of the lists is meant."""

_TAGS = """\
Corp tags (企业标签) stand in groups; group names are unique in the corp, tag names in their group.
The same tag name may exist in two groups: name the group too when the tag alone is ambiguous.
A tag sits on a member's relation to a customer, so two members may tag one customer differently.
An app may put any corp tag on a customer, but may rename and delete only tags that it made itself.
A tag made in the console or by another app gives 60011: change it where it was made.
Deleting a tag takes it off all customers, and making it again does not put it back on them.
A group without tags disappears by itself. A corp may have 10,000 tags (older texts: 3,000).
Rename or reorder with `wecrm tags rename` or with pull, edit, diff and push, so that customers
keep their tags; `wecrm tags merge` joins two tags, `wecrm tags lint` finds doubles and near-doubles."""

_RULES = """\
Rules say in a YAML file who gets which tag: `wecrm tags plan|apply --rules rules.yaml`.
  rules:
    - channel: 抖音-*               # the state of a live code; * any text, ? any character
      tag: 来源渠道/抖音            # put on relations that lack it, never taken off
    - code: 双11-*                  # or the name of the live code; or add_way: 扫描二维码
      chat: [老客群, 福利群*]       # name or id of a customer group; one of the list must fit
      tag: 活动/双11
    - where: "tag has '已付款'"     # see `wecrm explain where`
      stage: 阶段/成交              # a tag of an exclusive group; the customer moves there
      from: [阶段/报价]             # only from there; without it from any earlier stage
  limits:                         # of `tags apply --rules`; flags beat them
    max_changes: 2000             # also max_removals: 50% and max_failures: 5%
All conditions of a rule must hold. A stage belongs to the customer: the furthest one wins and stands on
every relation that carried a stage.
`wecrm tags plan --rules rules.yaml --explain CUSTOMER` tells which rule does what, and why not."""

_PERSONAL_TAGS = """\
Personal tags (个人标签) are made by a member in the WeCom app and seen in that member's relation.
WeCom's API can read them, without an id, but cannot set, rename or remove them.
They come only with the details of a single customer, never with the bulk listing; a sync that saw
only the listing therefore never takes their absence for a removal.
When a customer is transferred, do not count on personal tags, remarks and notes following:
what wecrm has cached before is all that can be restored afterwards.
To make such knowledge safe, ask members to use corp tags, and set them with `wecrm tags apply`."""

_LIVE_CODES = """\
A live code (活码, 联系我) is a QR code or button that leads to one or several members.
Codes made by API never appear in the admin console; WeCom lists only their ids, and nothing made
before 2021-07-10. Keep `wecrm livecodes pull` under version control: it is your only list.
Each code carries a `state` of up to 30 characters; it tells later from where a customer came.
`wecrm tags apply --channels` gives the customers of each code the tags of its description;
`wecrm livecodes stats` and `wecrm report channels` count them.
Members can be changed behind a printed code; its type and scene cannot.
A code that still names somebody who left loses customers: `wecrm livecodes audit` finds it,
`wecrm livecodes swap` puts another member in. One code may name 100 members, departments expanded."""

_TRANSFERS = """\
A transfer (继承) moves customers to another member; wecrm chooses the kind that fits the member:
on-job (在职继承) while they work here, resigned (离职继承) after they were deleted.
Accepted is not done. A row is `submitted` first; the customer may decline for 24 hours, and silence
is consent. `wecrm transfers poll` reads the outcome back and only then says `verified`.
On the job a customer may be moved twice in 90 days (40128); one who declines stays where they are.
After somebody left, a customer who declines is lost to the corp: transfer before they leave. A year
after they left, nothing can be transferred any more.
"Declined" also stands for customers who had deleted the member long before.
Both members must have logged in within the last year. The new one needs customer contact (84074), an
activated account (41054), a verified name (40098) and room under the customer limit (40099).
Group chats move at once, without asking anybody, 300 a day to one new owner. Groups and customers are
two separate steps.
Remarks and personal tags may not follow: sync before you transfer."""

_ARCHIVE = """\
The archive (会话内容存档) keeps conversations of the members in its range with customers who agreed.
WeCom holds them for 5 days only: what nobody fetches in time is gone, without an error.
Run `wecrm archive pull --cron` at least daily; `wecrm archive status` warns before the gap opens.
Pages and the place reached are stored together, so a crash neither skips nor doubles messages.
Each uploaded public key begins a new key version. Keep every private key for ever: older messages
need the older ones. What cannot be decrypted waits in `wecrm archive quarantine` for its key.
Code 10001 hides a wrong secret, IP or proxy; `wecrm doctor` shows the true reason.
Nothing new at all may also mean: no public key set, nobody in range, or no customer has agreed.
Media come in the same run: their ids expire after the same 5 days.
`wecrm archive seats` and `wecrm archive consent` tell whose conversations are missing, and why;
`wecrm archive words` looks for sensitive words; `wecrm archive verify` proves that nothing changed."""

_LOST_CUSTOMERS = """\
WeCom has no list of lost customers; wecrm sees only that a relation no longer arrives.
It calls a relation lost when all of this is true:
  the member is still in WeCom's list of members with customer contact,
  this run read that member completely, to the last page and without an error,
  and other relations of the same member still arrive.
Otherwise nothing is marked: a run with holes never deletes, and ends with its own exit code.
When a member vanishes from view, or their customers shrink by more than 30 % in one run, the
relations become `out_of_sight` instead and the run ends with exit code 7: look at the visible range,
the app's secret and customer contact before you believe it. They come back as they were seen.
A customer who deletes the member may still be returned for a while, as a one-way friend.
`wecrm contacts lost` shows who was lost, when it was noticed, and by which member."""

_PLANS = """\
Every bulk change goes three steps: plan, apply and, if need be, undo:
  wecrm tags plan vip.csv --add VIP -o vip.plan; wecrm apply vip.plan; wecrm undo JOB -o undo.plan
A plan is a text file with one line per change; apply runs exactly that file, begun within 24 hours.
WeCom is read again before each batch, and what each row came to is kept:
  pending    not sent yet                  same      already as wanted
  ok         WeCom accepted it             failed    refused; errcode and hint say why
  submitted  accepted, takes effect later  verified  read back and true
  conflict   changed since, left alone     skipped   not tried, an earlier row went wrong
  unknown    sent, but no answer came: it is read back before anything is sent again
Applying an unfinished plan again resumes its job; nothing is done twice.
More than 500 changes need --max-changes, removing more than 30 % or emptying something needs
--max-removals, and what cannot be undone needs --confirm with the corp's name or id.
`--yes` answers questions and lifts none of these."""

_ENCODINGS = """\
Input may be CSV or TSV, a file or `-`. The separator is found by looking.
Text is read as UTF-8, with or without BOM, and if that fails as GB18030, the encoding of Chinese
Excel. The choice is made over the whole file and printed.
Chinese headings are recognised (员工, 客户ID, 手机, 标签, 接替人); --map field=列名 names others.
Ids that a spreadsheet has damaged (4.2E+17, rounded zeros, #NAME?) are refused with their cell:
format the column as text before pasting.
A CSV file is written with a BOM, so that Excel shows Chinese, and cells that begin with
= + - @ TAB or CR are made harmless; --csv-safe none writes exact bytes.
A CSV pipe is exact bytes without BOM, for other programs."""

_WHERE = """\
--where chooses rows by a condition over the columns of the command (`--columns ?` lists them).
  =  !=  <  <=  >  >=        add_way != 16
  in (…)                     add_way in (1, 16)
  like, with % and _         remark like '%工厂%'
  is null                    unionid is null
  and, or, not, ( )          not (channel = 'fair' or channel = 'shop')
  tag has 'NAME'             tag has 'VIP' and not (tag has '已流失')
  department under 'NAME'    department under '销售一部'
Texts stand in single quotes; put the whole condition in double quotes for the shell.
An unknown column ends with exit code 2 and names the nearest one.
Conditions are answered from the local cache: sync first if it must be fresh."""

_SANDBOX = """\
The profile `sandbox` is an offline WeCom inside wecrm: no account, no network, no configuration.
  wecrm --profile sandbox sync all
It has rules, limits and a clock like the real one, and keeps its world between commands.
  wecrm sandbox reset          begin again from the same seed
  wecrm sandbox seed           make another world
  wecrm sandbox advance 24h    let time pass, for example until a transfer is decided
  wecrm sandbox fault          make the next calls fail, to see how a job survives it
  wecrm sandbox calls          list what was called
  wecrm sandbox serve          offer it on a local port to other programs
Try every plan here first. Nothing in it can reach the real WeCom."""

TOPICS: Mapping[str, Topic] = MappingProxyType(
    {
        "exit-codes": Topic("What the exit codes mean", _EXIT_CODES),
        "tokens": Topic("Access tokens and how wecrm renews them", _TOKENS),
        "limits": Topic("Call limits of WeCom and what happens at them", _LIMITS),
        "secrets": Topic("Which secret is for what", _SECRETS),
        "visible-range": Topic("The visible range (可见范围) of an app", _VISIBLE_RANGE),
        "trusted-ip": Topic("Trusted IPs (可信IP)", _TRUSTED_IP),
        "tags": Topic("Corp tags (企业标签)", _TAGS),
        "rules": Topic("Tagging by rules", _RULES),
        "personal-tags": Topic("Personal tags (个人标签)", _PERSONAL_TAGS),
        "live-codes": Topic("Live codes (活码)", _LIVE_CODES),
        "transfers": Topic("Transfers of customers and groups (继承)", _TRANSFERS),
        "archive": Topic("The archive of conversations (会话内容存档)", _ARCHIVE),
        "lost-customers": Topic("When a customer counts as lost", _LOST_CUSTOMERS),
        "plans": Topic("Plan, apply, undo", _PLANS),
        "encodings": Topic("Spreadsheets, CSV and encodings", _ENCODINGS),
        "where": Topic("Choosing rows with --where", _WHERE),
        "sandbox": Topic("Practising offline in the sandbox", _SANDBOX),
    }
)
"""Name → page, in the order in which the list of topics is shown."""
