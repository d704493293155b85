#!/bin/sh
# Builds the drivers under OUT and runs them one after the other on the same cases; prints one table.
# Usage: run.sh OUT C_DRIVER...      settings: BENCH_RUNS (7), BENCH_RUN_MS (60)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=$1
shift
mkdir -p "$out"
out=$(cd "$out" && pwd)
log=$out/build.log
results=$out/results.tsv
# 2026-03-01T00:00:00Z and 16 steps: 29 February stays below the year 2100, where some of the libraries end
arguments="$here/cases.txt 1772323200 16 ${BENCH_RUNS:-7} ${BENCH_RUN_MS:-60}"
: > "$results"
: > "$log"

# Run a driver, its lines into the results.
run() {
  name=$1
  shift
  # shellcheck disable=SC2086 # the arguments are words
  "$@" $arguments >> "$results" 2>> "$log" || echo "skipped: $name did not run, see $log"
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

for driver in "$@"; do
  run "$driver" "$driver"
done
if have "rust cron, saffron" cargo && prepare "rust cron, saffron" rust cargo build --quiet --release; then
  run rust "$out/rust/target/release/bench-schedule"
fi
if have robfig/cron go && prepare robfig/cron go sh -c 'go mod tidy && go build -o bench .'; then
  run go "$out/go/bench"
fi
if have "croner, cron-parser" npm &&
  prepare "croner, cron-parser" node npm install --no-audit --no-fund --no-package-lock; then
  run node node "$out/node/bench.mjs"
fi
if have croniter python3 && prepare croniter python sh -c \
  'test -x venv/bin/pip || python3 -m venv venv; venv/bin/pip install --quiet -r requirements.txt'; then
  run python "$out/python/venv/bin/python" "$out/python/bench.py"
fi

awk -F '\t' -v runs="${BENCH_RUNS:-7}" -f "$here/table.awk" "$results"
