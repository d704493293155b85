#!/usr/bin/env bash
# Creates jobs on one local server, with mooncron and with the official clients, which also speak gRPC to a
# server of the bench's own; prints one table.
# Usage: run.sh OUT MOONCRON      settings: BENCH_COUNT (10000), BENCH_COLD (10)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
mooncron=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
count=${BENCH_COUNT:-10000}
cold=${BENCH_COLD:-10}
log=$out/build.log
results=$out/results.tsv
: > "$results"
: > "$log"

# The jobs are kept in memory where the machine can: the clients are measured, not the disk.
memory=/dev/shm
test -d "$memory" -a -w "$memory" || memory=$out
data=$(mktemp -d "$memory/bench-client.XXXXXX")
server=
# stop: end the server that `start` has started.
stop() {
  test -z "$server" || { kill "$server" 2> /dev/null; wait "$server" 2> /dev/null; } || true
  server=
}
trap 'stop; rm -rf "$data"' EXIT INT TERM

# start FILE COMMAND...: start a server, as $server, and wait for the URL that it writes to FILE, as $url.
start() {
  file=$1
  shift
  : > "$out/server.log"
  "$@" > "$out/server.log" 2>&1 &
  server=$!
  tries=100
  until url=$(grep -Eo '(http|grpc)://[^" ]+' "$file" 2> /dev/null); do
    tries=$((tries - 1))
    test $tries -gt 0 || { cat "$out/server.log"; return 1; }
    sleep 0.05
  done
}

# CPU of the server so far, in s.
server_cpu() {
  awk -v hertz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hertz }' "/proc/$server/stat"
}

# measure NAME COMMAND...: both ways of creating, then the cold starts, of which the median counts.
measure() {
  name=$1
  shift
  for mode in sequential flight; do
    before=$(server_cpu)
    if line=$("$@" $mode "$url" "$count" "${name// /-}-$mode" 2>> "$log"); then
      served=$(server_cpu | awk -v before="$before" '{ print $1 - before }')
      printf '%s\t%s\t%s\t%s\n' "$name" $mode "$line" "$served" >> "$results"
    else
      echo "skipped: $name, $mode: see $log"
    fi
  done
  : > "$out/cold"
  i=0
  while test $i -lt "$cold"; do
    before=${EPOCHREALTIME/./}
    "$@" cold "$url" 1 "${name// /-}-sequential-0" > /dev/null 2>> "$log" || return 0
    echo $((${EPOCHREALTIME/./} - before)) >> "$out/cold"
    i=$((i + 1))
  done
  sort -n "$out/cold" | awk -v name="$name" '
    { us[NR] = $1 }
    END { printf "%s\tcold\t%.4f\t0\t0\n", name, us[int((NR + 1) / 2)] / 1e6 }' >> "$results"
}

# have NAME TOOL: whether the tool is there; says so when it is not.
have() {
  command -v "$2" > /dev/null 2>&1 && return 0
  echo "skipped: $1, there is no '$2' here"
  return 1
}

# prepare NAME FOLDER COMMAND...: run a build command in a copy of the folder under OUT.
prepare() {
  name=$1
  folder=$2
  shift 2
  mkdir -p "$out/$folder"
  cp -R "$here/$folder/." "$out/$folder/"
  (cd "$out/$folder" && "$@") >> "$log" 2>&1 && return 0
  echo "skipped: $name does not build here, see $log"
  return 1
}

node= python=
if have node npm && prepare node node npm install --no-audit --no-fund --no-package-lock; then
  node=$out/node/bench.mjs
fi
if have python python3 && prepare python python sh -c \
  'test -x venv/bin/pip || python3 -m venv venv; venv/bin/pip install --quiet -r requirements.txt'; then
  python=$out/python/venv/bin/python
fi

start "$data/server.json" "$mooncron" serve --port 0 --data "$data"
measure mooncron "$mooncron" "$here/mooncron.lua"
test -z "$node" || measure node node "$node"
test -z "$python" || measure python "$python" -W ignore "$out/python/bench.py"
stop

if test -z "$node"; then
  echo "skipped: gRPC, its server is a Node program"
elif start "$out/server.log" node "$out/node/grpc_server.mjs"; then
  measure "node grpc" node "$node"
  test -z "$python" || measure "python grpc" "$python" -W ignore "$out/python/bench.py"
else
  echo "skipped: gRPC, its server does not start"
fi

awk -F '\t' -v count="$count" -f "$here/table.awk" "$results"
