#!/usr/bin/env bash
# Manifests as a test of a CI system, without a cluster and without rights: examples/lab-ci.sh [RESULTS.xml]
#
# The first command fails on findings in the probes of the manifests. The second runs them for 13 s and fails when they
# do not come to what is expected; a CI system shows RESULTS.xml as tests. PROBESIM names the program, if not on the PATH.
set -euo pipefail
cd "$(dirname "$0")"
probesim=${PROBESIM:-probesim}

"$probesim" predict --lint --strict -f lab-dependency.yaml
"$probesim" lab -f lab-dependency.yaml --for 13s --quiet --junit "${1:-results.xml}" \
    --expect 'deployment/lenient:available==100%, deployment/lenient:ready<=10s, restarts==0' \
    --expect 'deployment/strict:longestNotReady<=10s'
