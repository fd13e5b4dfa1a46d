#!/usr/bin/env bash
# The gate and the simulator in two minutes, without a cluster: examples/quickstart.sh
#
# 1. `probesim lab` replays the rollout of a PostgreSQL Deployment, recorded from Kubernetes 1.36, as a
#    Kubernetes API on loopback; `wait-for` gates on it as an initContainer would: holds, says why, opens.
# 2. `probesim` serves a liveness probe that fails on plan: three pass, two fail, and so it stays well.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }

say "Building (the first time takes a few minutes on two cores)"
for package in wait-for probesim; do
    cargo build --locked --quiet --profile quick -p "$package"
done
bin=${CARGO_TARGET_DIR:-target}/quick
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT

# Waits for a line in a file, and prints what is found.
await() { # FILE PATTERN
    for _ in $(seq 200); do
        grep -m1 -o -- "$2" "$1" 2>/dev/null && return
        sleep 0.05
    done
    echo "no line with \"$2\" in:" >&2
    cat "$1" >&2
    return 1
}

say "1. A gate on a recorded rollout of deployment/postgres"
"$bin/probesim" lab --replay tests/fixtures/recordings/dep-ok.jsonl \
    --kubeconfig-out "$work/kubeconfig" >"$work/lab.log" 2>&1 &
for _ in $(seq 200); do [ -s "$work/kubeconfig" ] && break; sleep 0.05; done
echo '$ wait-for deployment/postgres --timeout 60s'
env -i PATH="$PATH" KUBECONFIG="$work/kubeconfig" "$bin/wait-for" deployment/postgres --timeout 60s
echo "exit code $?: the pod's own containers would start now"

say "2. A liveness probe that fails on plan: FAIL_COUNT=3 RECOVERY_PERIOD=2"
echo '$ FAIL_COUNT=3 RECOVERY_PERIOD=2 probesim'
FAIL_COUNT=3 RECOVERY_PERIOD=2 "$bin/probesim" --listen 127.0.0.1:0 >"$work/sim.log" 2>&1 &
port=$(await "$work/sim.log" 'addr=127.0.0.1:[0-9]*' | sed 's/.*://')
for probe in 1 2 3 4 5 6; do
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /liveness HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
    answer=$(tr -d '\r' <&3)
    exec 3<&-
    echo "probe $probe: $(head -n1 <<<"$answer" | cut -d' ' -f2) $(tail -n1 <<<"$answer")"
done

say "Next: README.md, examples/*.yaml"
