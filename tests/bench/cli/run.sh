#!/usr/bin/env bash
# Times `jobs describe` and `jobs list` of mooncron, and of gcloud where it is, against one local server.
# Usage: run.sh OUT MOONCRON      settings: BENCH_JOBS (100), BENCH_RUNS (50), BENCH_GCLOUD_RUNS (5)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
mooncron=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
jobs=${BENCH_JOBS:-100}
command -v hyperfine > /dev/null || { echo "bench-cli wants hyperfine"; exit 1; }

data=$(mktemp -d)
"$mooncron" serve --port 0 --data "$data" > "$out/server.log" 2>&1 &
server=$!
trap 'kill $server 2> /dev/null; wait $server 2> /dev/null; rm -rf "$data"' EXIT INT TERM
url=
for _ in $(seq 100); do
  url=$(sed -n 's/.*serving \(http[^,]*\),.*/\1/p' "$out/server.log")
  test -z "$url" || break
  sleep 0.05
done
test -n "$url" || { cat "$out/server.log"; exit 1; }

export CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDSCHEDULER=$url/ CLOUDSDK_CORE_PROJECT=p CLOUDSDK_CONFIG=$data/gcloud
export CLOUDSDK_AUTH_DISABLE_CREDENTIALS=true CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=true XDG_CONFIG_HOME=$data
export CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK=true
unset GOOGLE_CLOUD_PROJECT GCLOUD_PROJECT CLOUD_SCHEDULER_EMULATOR_HOST

"$mooncron" -e 'local client <close> = assert(mooncron.connect())
  for i = 1, tonumber(arg[1]) do
    assert(client:create_job { name = "job-" .. i, schedule = "0 2 * * *", http_target = { uri = "http://x/" } })
  end' "$jobs"

at=--location=us-central1
measure() { # NAME RUNS COMMAND...
  hyperfine --shell none --warmup 2 --runs "$2" --export-json "$out/$1.json" "$3 jobs describe job-1 $at" \
    "$3 jobs list $at" "$3 jobs list $at --format=json" > "$out/$1.log" 2>&1
}
measure mooncron "${BENCH_RUNS:-50}" "$mooncron"
if command -v gcloud > /dev/null; then
  measure gcloud "${BENCH_GCLOUD_RUNS:-5}" "gcloud scheduler"
else
  rm -f "$out/gcloud.json"
  echo "gcloud is not on PATH: mooncron alone"
fi
"$mooncron" "$here/table.lua" "$out" "$jobs"
