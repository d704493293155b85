#!/bin/sh
# Measures the server beside its goals. Usage: run.sh MOONCRON SINK OUT
# Settings: SCALE (1) divides how much is done and how long it takes: SCALE=10 is a quick look;
# PARTS ("get create burst spread stored") is what is measured.
# The CPU column is the server's own time, for each request or firing: where others share the machine,
# it is the one to compare.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mooncron=$1
sink=$2
out=$3
scale=${SCALE:-1}
parts=${PARTS:-get create burst spread stored}
api=v1/projects/bench/locations/us-central1/jobs
hz=$(getconf CLK_TCK)
rm -rf "$out"
mkdir -p "$out"
server=
sinking=
trap 'kill $server $sinking 2> /dev/null || :' EXIT

now_ms() {
  echo $(($(date +%s%N) / 1000000))
}

# Of the server, in microseconds.
cpu_us() {
  awk -v hz="$hz" '{ sub(/^.*\) /, ""); printf "%d", ($12 + $13) / hz * 1000000 }' "/proc/$server/stat"
}

memory_mb() {
  awk '/^VmHWM/ { printf "%d", $2 / 1024 }' "/proc/$server/status"
}

# start FOLDER: sets server, url and start_ms.
start() {
  began=$(now_ms)
  "$mooncron" serve --port 0 --data "$1" --quiet 2>> "$out/log" &
  server=$!
  until url=$(sed -n 's/.*"url": "\(.*\)".*/\1/p' "$1/server.json" 2> /dev/null) && [ "$url" ]; do
    kill -0 $server || exit 1
    sleep 0.005
  done
  curl -sf "$url/healthz" > "$out/health"
  start_ms=$(($(now_ms) - began))
}

stop() {
  kill $server
  wait $server || :
  server=
}

# row WHAT GOAL MEASURED CPU
row() {
  printf '%-52s %-24s %-30s %s\n' "$1" "$2" "$3" "$4"
}

# load SCRIPT: wrk on the running server; sets rate and cpu.
load() {
  seconds=$((20 / scale))
  [ $seconds -ge 2 ] || seconds=2
  before=$(cpu_us)
  wrk -t 1 -c 64 -d "${seconds}s" --latency -s "$here/$1" "$url/$api" > "$out/wrk"
  grep -q Non-2xx "$out/wrk" && { cat "$out/wrk" >&2; exit 1; }
  count=$(awk '/requests in/ { print $1 }' "$out/wrk")
  rate=$(awk '/^Requests\/sec/ { printf "%d", $2 }' "$out/wrk")
  p99=$(awk '$1 == "99%" { print $2 }' "$out/wrk")
  cpu=$((($(cpu_us) - before) / count))
}

# fire REST DUE SPREAD_MS DELAY_MS: fill, start, wait for all; sets what the sink says, and cpu.
fire() {
  rm -rf "$out/data" "$out/sink"
  "$sink" "$2" $((30 + ($3 + $4) / 1000)) > "$out/sink" &
  sinking=$!
  until port=$(head -1 "$out/sink" 2> /dev/null) && [ "$port" ]; do sleep 0.01; done
  "$mooncron" "$here/fill.lua" "$out/data" "http://127.0.0.1:$port" "$1" "$2" "$3" "$4"
  start "$out/data"
  before=$(cpu_us)
  wait $sinking || :
  sinking=
  # shellcheck disable=SC2046 # words
  set -- "$2" $(tail -1 "$out/sink")
  [ "${3:-0}" -eq "$1" ] || { echo "only ${3:-0} of $1 arrived" >&2; exit 1; }
  cpu=$((($(cpu_us) - before) / $1))
  rate=$5 median=$7 p99=$9
}

row what goal measured "CPU us each"
for part in $parts; do
  case $part in
  get)
    "$mooncron" "$here/fill.lua" "$out/get" http://127.0.0.1:9 1000 0 0 0
    start "$out/get"
    load get.lua
    row "gets, 64 connections" ">= 20000/s" "$rate/s, p99 $p99" $cpu
    stop
    ;;
  create)
    start "$out/create"
    load create.lua
    row "durable creates, 64 connections" ">= 8000/s" "$rate/s, p99 $p99" $cpu
    stop
    ;;
  burst)
    due=$((100000 / scale))
    fire 0 $due 0 3000
    row "$due jobs due at once" ">= 8000/s" "$rate/s, $(memory_mb) MB" $cpu
    stop
    ;;
  spread)
    due=$((10000 / scale))
    fire 0 $due $((60000 / scale)) 2000
    row "lateness, $due jobs over $((60 / scale)) s" "median < 5 ms, p99 < 50" "median $median ms, p99 $p99 ms" $cpu
    stop
    ;;
  stored)
    rest=$((1000000 / scale))
    due=$((10000 / scale))
    fire $rest $due $((60000 / scale)) $((5000 + 30000 / scale))
    row "$rest stored: start" "< 2000 ms" "$start_ms ms" ""
    row "$rest stored: resident memory" "< 200 MB" "$(memory_mb) MB" ""
    row "$rest stored: lateness as above" "the CPU as above" "median $median ms, p99 $p99 ms" $cpu
    stop
    ;;
  esac
done
