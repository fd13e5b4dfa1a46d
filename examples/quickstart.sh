#!/usr/bin/env bash
# The gate and the lab in a minute after the build, without a cluster: examples/quickstart.sh
#
# 1. `probesim lab` runs examples/lab-postgres.yaml: a PostgreSQL Deployment that takes 8 s to be ready (a simulator plays
#    it, and its readiness is probed as a kubelet does), and an API whose initContainer is `wait-for`. The gate holds,
#    says why, and opens. The lab checks that, and its exit code is that of this script.
# 2. `probesim predict` says what the probes of a container that fails one request in five would come to.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }
# Prints a command as one would write it, and runs it.
run() {
    printf '$'
    for word; do case $word in *[\ \<\>=\;]*) printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac; done
    printf '\n'
    "$@"
}
# The lab ends its processes at Ctrl-C, and then well: so must this script.
trap 'exit 130' INT

say "Building (the first time takes a few minutes on two cores)"
for package in wait-for probesim; do
    cargo build --locked --quiet --profile quick -p "$package"
done
target=${CARGO_TARGET_DIR:-target}
PATH=$(cd "$target/quick" && pwd):$PATH

say "1. A gate that holds until deployment/postgres is available"
code=0
run probesim lab -f examples/lab-postgres.yaml --for 20s \
    --expect 'deployment/api:opened<=15s, ready<=18s, restarts==0' \
    --timeline "$target/quickstart.html" || code=$?
echo "exit code $code; drawn in $target/quickstart.html"

say "2. What comes of a FAILURE_RATE of 20, without running it"
run probesim predict --failure-rate 20% --period 10s --sweep liveness.failureThreshold=1..5

say "Next: README.md, examples/*.yaml"
exit "$code"
