#!/usr/bin/env bash
# An example for HR systems: a case for every leaver of a list, all cases brought forward, reports filed.
#
#   scripts/offboard_leavers.sh LEAVERS.csv CORP REPORTS
#
# LEAVERS.csv has the columns userid, takeover, due, and may have then, strategy and message; the same list may come
# again and again. CORP is the corp's name or id, which irreversible work wants to hear. REPORTS is a folder.
# Meant for every hour, from cron or from the HR system. It writes to stderr only when somebody should read it, and
# ends with the gravest exit code that it met: docs/reference/exit-codes.md.
set -euo pipefail

if [ "$#" -ne 3 ]; then
  echo "usage: $0 LEAVERS.csv CORP REPORTS" >&2
  exit 2
fi
leavers=$1 corp=$2 reports=$3
mkdir -p "$reports"
worst=0

# met CODE: remember it if it is graver than what was met so far.
met() {
  local code
  for code in 126 127 137 130 143 9 1 7 4 6 5 11 12 3 2; do
    if [ "$code" -eq "$1" ] || [ "$code" -eq "$worst" ]; then
      worst=$code
      return
    fi
  done
}

# 1. A case for each leaver. Who has one already is left alone; a mistake in the list must not stop the cases under way.
code=0
wecrm --cron -qq offboard start --from "$leavers" --confirm "$corp" --yes || code=$?
met "$code"
case $code in
  0) ;;
  2) echo "The list of leavers has a mistake: nobody of it was started." >&2 ;;
  4) exit 4 ;; # secret, trusted IP, database: nothing else would work
  7) echo "Some leaver has another case, or CORP is wrong: see above." >&2 ;;
  *) echo "Leavers were not started (exit $code); the next run tries again." >&2 ;;
esac

# 2. Every case as far as it can go now.
code=0
wecrm --cron -qq offboard advance --all --max-age 26h || code=$?
met "$code"
case $code in
  0 | 5 | 11 | 12) ;; # done, or the next run goes on
  3) echo "Customers could not be handed over: the reports in $reports name them." >&2 ;;
  6) echo "A case needs a person: wecrm offboard list --where \"state = 'blocked'\"" >&2 ;;
  *) exit "$worst" ;;
esac

# 3. The report of each case that is over, once.
wecrm -qq offboard list --where "state = 'closed'" --columns id -f csv | tail -n +2 | tr -d '\r' |
  while read -r id; do
    if [ ! -e "$reports/$id.html" ]; then
      wecrm -q offboard report "$id" -o "$reports/$id.json"
      wecrm -q offboard report "$id" -o "$reports/$id.html"
    fi
  done
exit "$worst"
