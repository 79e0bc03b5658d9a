#!/bin/sh
# The command that tests drive, with its daemons inside the service's unit: $UNIT_PROPERTIES has the unit's
# own settings, a line each, and $APIKEY the executable.
if [ "$1" != daemon ]; then exec "$APIKEY" "$@"; fi
set -f
IFS='
'
set -- "$APIKEY" "$@"
words=$#
for property in $UNIT_PROPERTIES; do set -- "$@" "--property=$property"; done
# The command line comes after its unit's properties, whose order counts.
while [ "$words" -gt 0 ]; do
  set -- "$@" "$1"
  shift
  words=$((words - 1))
done
exec systemd-run --quiet --wait --pipe --collect --setenv=UV_THREADPOOL_SIZE "$@"
