#!/bin/sh
# run.sh MOONCRON: make 5,000 jobs in a folder of its own, apply them, and plan them again in fresh processes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp tests/bench/plan/jobs.lua "$folder/jobs.lua"
for step in rows apply plan change; do
  "$1" tests/bench/plan/bench.lua "$step" "$folder"
done
