#compdef probesim

autoload -U is-at-least

_probesim() {
    typeset -A opt_args
    typeset -a _arguments_options
    local ret=1

    if is-at-least 5.2; then
        _arguments_options=(-s -S -C)
    else
        _arguments_options=(-s -C)
    fi

    local context curcontext="$curcontext" state line
    _arguments "${_arguments_options[@]}" : \
'--port=[Port to listen on; 0 lets the system choose \[env\: PORT\] \[default\: 8080\]]:PORT:_default' \
'--listen=[Address to listen on; its port, if it has one, wins over --port \[env\: LISTEN\] \[default\: all, IPv6 and IPv4\]]:IP[:PORT]:_default' \
'--failure-rate=[Liveness and readiness\: fail this share of the requests at random, at once (20, 20%, 0.5%) \[env\: FAILURE_RATE\]]:PERCENT:_default' \
'--latency=[Liveness and readiness\: wait before an answer that is not a random failure; bare\: milliseconds \[env\: LATENCY\]]:TIME:_default' \
'--liveness-fail-after-time=[Liveness\: fail from this uptime on; bare\: seconds, 0\: never \[env\: LIVENESS_FAIL_AFTER_TIME\]]:TIME:_default' \
'--readiness-fail-after-time=[Readiness\: fail from this uptime on; bare\: seconds, 0\: never \[env\: READINESS_FAIL_AFTER_TIME\]]:TIME:_default' \
'--disconnect-after=[Readiness\: a simulated network partition from this uptime on; bare\: minutes, 0\: never \[env\: DISCONNECT_AFTER\]]:TIME:_default' \
'--reconnect-after=[How long the partition lasts; bare\: minutes, 0\: no partition \[env\: RECONNECT_AFTER\] \[default\: until restart\]]:TIME:_default' \
'--fail-dependency=[Fail /dependency, and with it readiness \[env\: FAIL_DEPENDENCY\]]::BOOL:_default' \
'--fail-count=[Liveness and readiness, each by its own count\: pass this many requests before --recovery-period of them fail; a negative count shortens that period \[env\: FAIL_COUNT\] \[default\: 0\]]:REQUESTS:_default' \
'--recovery-period=[Fail this many requests after --fail-count, then pass for ever \[env\: RECOVERY_PERIOD\] \[default\: 0\]]:REQUESTS:_default' \
'--startup-delay=[Startup\: fail until this uptime, with a unit \[env\: STARTUP_DELAY\] \[default\: 0\]]:TIME:_default' \
'--seed=[The same seed gives the same failures, request by request \[env\: SEED\] \[default\: random, logged at start\]]:NUMBER:_default' \
'--drain-delay=[After SIGTERM or SIGINT\: readiness fails, all else is served as before, for this long, with a unit \[env\: DRAIN_DELAY\] \[default\: 3s\]]:TIME:_default' \
'--grace=[After the drain delay\: requests under way get this long to finish, with a unit \[env\: GRACE\] \[default\: 10s\]]:TIME:_default' \
'--config=[Faults, a scenario and settings as YAML; its faults are read again when it changes \[env\: CONFIG\]]:FILE:_files' \
'--faults=[More faults, as in the file\: a YAML list, such as \`\[{on\: readiness, rate\: 20%}\]\` \[env\: FAULTS\]]:YAML:_default' \
'--partition=[What DISCONNECT_AFTER does\: http (a 500 of readiness), or for the whole port refuse, reset, hang or blackhole \[env\: PARTITION\] \[default\: http\]]:WORD:_default' \
'--starts-file=[Counts the starts of the container in this file, for faults with \`starts\`; in an emptyDir it outlives the container \[env\: STARTS_FILE\]]:FILE:_files' \
'--admin-port=[Port of metrics, state and control; 0 lets the system choose \[env\: ADMIN_PORT\] \[default\: 8081, or none if that is taken\]]:PORT:_default' \
'--admin-listen=[Address of the admin port; on any but loopback, changes need a token \[env\: ADMIN_LISTEN\] \[default\: 127.0.0.1\]]:IP:_default' \
'--admin-token=[The bearer token for changes; better in the environment, or in a file \[env\: ADMIN_TOKEN\]]:TOKEN:_default' \
'--admin-token-file=[A file with the bearer token, read at each use \[env\: ADMIN_TOKEN_FILE\]]:FILE:_files' \
'--grpc-port=[Port of gRPC health (grpc.health.v1, plain HTTP/2); 0 lets the system choose \[env\: GRPC_PORT\] \[default\: none\]]:PORT:_default' \
'--grpc-services=[The gRPC services that have a health of their own, besides the server'\''s\: names with commas \[env\: GRPC_SERVICES\]]:NAMES:_default' \
'--tcp-port=[Port that accepts plain TCP; 0 lets the system choose \[env\: TCP_PORT\] \[default\: none\]]:PORT:_default' \
'--exit-after=[Process\: end at this uptime, at once, as a crash does, with a unit \[env\: EXIT_AFTER\] \[default\: never\]]:TIME:_default' \
'--exit-code=[Process\: the exit code of --exit-after, and of a POST to /exit that names none \[env\: EXIT_CODE\] \[default\: 1\]]:CODE:_default' \
'--ignore-sigterm=[Process\: take no notice of SIGTERM, so that only SIGKILL at the end of the grace period ends it \[env\: IGNORE_SIGTERM\]]::BOOL:_default' \
'--exit-delay=[Process\: exit so much later than the drain is over, with a unit \[env\: EXIT_DELAY\] \[default\: 0\]]:TIME:_default' \
'--memory-load=[Process\: hold so much memory, such as 64Mi \[env\: MEMORY_LOAD\] \[default\: none\]]:SIZE:_default' \
'--cpu-load=[Process\: take so much of a core, 50%, 500m or 0.5 \[env\: CPU_LOAD\] \[default\: none\]]:SHARE:_default' \
'--load-for=[Process\: how long --memory-load and --cpu-load last, with a unit \[env\: LOAD_FOR\] \[default\: to the end\]]:TIME:_default' \
'--memory-load-limit=[The most memory that any fault may hold \[env\: MEMORY_LOAD_LIMIT\] \[default\: 1Gi, or the container'\''s memory limit if that is lower\]]:SIZE:_default' \
'--cpu-load-limit=[The most processor time that any fault may take \[env\: CPU_LOAD_LIMIT\] \[default\: 1000m, one core\]]:SHARE:_default' \
'--record=[Write every decision to this file, as JSON lines; one of an earlier run is kept as FILE.old \[env\: RECORD\]]:FILE:_files' \
'--replay=[Answer as this record says, request by request; past its end, by plan and with its seed \[env\: REPLAY\]]:FILE:_files' \
'--log-level=[error, warn, info, or debug, which shows each decision \[env\: LOG_LEVEL\] \[default\: info\]]:LEVEL:_default' \
'--check[Check all settings and the file, print the plan that they make, and serve nothing]' \
'--reference[Print the reference of settings, file and faults as Markdown, and serve nothing]' \
'-h[Print help]' \
'--help[Print help]' \
'-V[Print version]' \
'--version[Print version]' \
":: :_probesim_commands" \
"*::: :->probesim" \
&& ret=0
    case $state in
    (probesim)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:probesim-command-$line[1]:"
        case $line[1] in
            (serve)
_arguments "${_arguments_options[@]}" : \
'--port=[Port to listen on; 0 lets the system choose \[env\: PORT\] \[default\: 8080\]]:PORT:_default' \
'--listen=[Address to listen on; its port, if it has one, wins over --port \[env\: LISTEN\] \[default\: all, IPv6 and IPv4\]]:IP[:PORT]:_default' \
'--failure-rate=[Liveness and readiness\: fail this share of the requests at random, at once (20, 20%, 0.5%) \[env\: FAILURE_RATE\]]:PERCENT:_default' \
'--latency=[Liveness and readiness\: wait before an answer that is not a random failure; bare\: milliseconds \[env\: LATENCY\]]:TIME:_default' \
'--liveness-fail-after-time=[Liveness\: fail from this uptime on; bare\: seconds, 0\: never \[env\: LIVENESS_FAIL_AFTER_TIME\]]:TIME:_default' \
'--readiness-fail-after-time=[Readiness\: fail from this uptime on; bare\: seconds, 0\: never \[env\: READINESS_FAIL_AFTER_TIME\]]:TIME:_default' \
'--disconnect-after=[Readiness\: a simulated network partition from this uptime on; bare\: minutes, 0\: never \[env\: DISCONNECT_AFTER\]]:TIME:_default' \
'--reconnect-after=[How long the partition lasts; bare\: minutes, 0\: no partition \[env\: RECONNECT_AFTER\] \[default\: until restart\]]:TIME:_default' \
'--fail-dependency=[Fail /dependency, and with it readiness \[env\: FAIL_DEPENDENCY\]]::BOOL:_default' \
'--fail-count=[Liveness and readiness, each by its own count\: pass this many requests before --recovery-period of them fail; a negative count shortens that period \[env\: FAIL_COUNT\] \[default\: 0\]]:REQUESTS:_default' \
'--recovery-period=[Fail this many requests after --fail-count, then pass for ever \[env\: RECOVERY_PERIOD\] \[default\: 0\]]:REQUESTS:_default' \
'--startup-delay=[Startup\: fail until this uptime, with a unit \[env\: STARTUP_DELAY\] \[default\: 0\]]:TIME:_default' \
'--seed=[The same seed gives the same failures, request by request \[env\: SEED\] \[default\: random, logged at start\]]:NUMBER:_default' \
'--drain-delay=[After SIGTERM or SIGINT\: readiness fails, all else is served as before, for this long, with a unit \[env\: DRAIN_DELAY\] \[default\: 3s\]]:TIME:_default' \
'--grace=[After the drain delay\: requests under way get this long to finish, with a unit \[env\: GRACE\] \[default\: 10s\]]:TIME:_default' \
'--config=[Faults, a scenario and settings as YAML; its faults are read again when it changes \[env\: CONFIG\]]:FILE:_files' \
'--faults=[More faults, as in the file\: a YAML list, such as \`\[{on\: readiness, rate\: 20%}\]\` \[env\: FAULTS\]]:YAML:_default' \
'--partition=[What DISCONNECT_AFTER does\: http (a 500 of readiness), or for the whole port refuse, reset, hang or blackhole \[env\: PARTITION\] \[default\: http\]]:WORD:_default' \
'--starts-file=[Counts the starts of the container in this file, for faults with \`starts\`; in an emptyDir it outlives the container \[env\: STARTS_FILE\]]:FILE:_files' \
'--admin-port=[Port of metrics, state and control; 0 lets the system choose \[env\: ADMIN_PORT\] \[default\: 8081, or none if that is taken\]]:PORT:_default' \
'--admin-listen=[Address of the admin port; on any but loopback, changes need a token \[env\: ADMIN_LISTEN\] \[default\: 127.0.0.1\]]:IP:_default' \
'--admin-token=[The bearer token for changes; better in the environment, or in a file \[env\: ADMIN_TOKEN\]]:TOKEN:_default' \
'--admin-token-file=[A file with the bearer token, read at each use \[env\: ADMIN_TOKEN_FILE\]]:FILE:_files' \
'--grpc-port=[Port of gRPC health (grpc.health.v1, plain HTTP/2); 0 lets the system choose \[env\: GRPC_PORT\] \[default\: none\]]:PORT:_default' \
'--grpc-services=[The gRPC services that have a health of their own, besides the server'\''s\: names with commas \[env\: GRPC_SERVICES\]]:NAMES:_default' \
'--tcp-port=[Port that accepts plain TCP; 0 lets the system choose \[env\: TCP_PORT\] \[default\: none\]]:PORT:_default' \
'--exit-after=[Process\: end at this uptime, at once, as a crash does, with a unit \[env\: EXIT_AFTER\] \[default\: never\]]:TIME:_default' \
'--exit-code=[Process\: the exit code of --exit-after, and of a POST to /exit that names none \[env\: EXIT_CODE\] \[default\: 1\]]:CODE:_default' \
'--ignore-sigterm=[Process\: take no notice of SIGTERM, so that only SIGKILL at the end of the grace period ends it \[env\: IGNORE_SIGTERM\]]::BOOL:_default' \
'--exit-delay=[Process\: exit so much later than the drain is over, with a unit \[env\: EXIT_DELAY\] \[default\: 0\]]:TIME:_default' \
'--memory-load=[Process\: hold so much memory, such as 64Mi \[env\: MEMORY_LOAD\] \[default\: none\]]:SIZE:_default' \
'--cpu-load=[Process\: take so much of a core, 50%, 500m or 0.5 \[env\: CPU_LOAD\] \[default\: none\]]:SHARE:_default' \
'--load-for=[Process\: how long --memory-load and --cpu-load last, with a unit \[env\: LOAD_FOR\] \[default\: to the end\]]:TIME:_default' \
'--memory-load-limit=[The most memory that any fault may hold \[env\: MEMORY_LOAD_LIMIT\] \[default\: 1Gi, or the container'\''s memory limit if that is lower\]]:SIZE:_default' \
'--cpu-load-limit=[The most processor time that any fault may take \[env\: CPU_LOAD_LIMIT\] \[default\: 1000m, one core\]]:SHARE:_default' \
'--record=[Write every decision to this file, as JSON lines; one of an earlier run is kept as FILE.old \[env\: RECORD\]]:FILE:_files' \
'--replay=[Answer as this record says, request by request; past its end, by plan and with its seed \[env\: REPLAY\]]:FILE:_files' \
'--log-level=[error, warn, info, or debug, which shows each decision \[env\: LOG_LEVEL\] \[default\: info\]]:LEVEL:_default' \
'--check[Check all settings and the file, print the plan that they make, and serve nothing]' \
'--reference[Print the reference of settings, file and faults as Markdown, and serve nothing]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(lab)
_arguments "${_arguments_options[@]}" : \
'*-f+[Manifests to run\: YAML or JSON files, directories, or - for the standard input]:FILE:_files' \
'*--filename=[Manifests to run\: YAML or JSON files, directories, or - for the standard input]:FILE:_files' \
'(--replay)*--run=[What runs for an image\: a command of this machine, with the manifest'\''s args after it; nothing after the = stands for the manifest'\''s own command. The images of probesim and wait-for need none]:IMAGE=COMMAND:_default' \
'(--replay)*--target=[What stands for a container and runs already; POD/CONTAINER or WORKLOAD/CONTAINER for one of several]:CONTAINER=HOST[:PORT]:_default' \
'(--replay)*--image-fails=[An image that cannot be pulled\: its containers wait in ErrImagePull and ImagePullBackOff]:IMAGE:_default' \
'(--replay)-n+[Namespace of objects that name none]:NAME:_default' \
'(--replay)--namespace=[Namespace of objects that name none]:NAME:_default' \
'(--replay)--logs=[Write what containers print to files POD-CONTAINER.log in this directory, instead of showing it]:DIR:_files' \
'(--replay)--kubernetes-version=[The Kubernetes version whose kubelet is followed]:VERSION:_default' \
'(--replay)--seed=[Seed of what the kubelet leaves to chance \[default\: another one each time\]]:NUMBER:_default' \
'--replay=[Recording to replay instead\: watch frames and steps as JSON lines]:RECORDING:_files' \
'(-f --filename)--speed=[How many times faster than it was recorded]:X:_default' \
'(-f --filename)--from=[Begin at this second of the recording]:SECONDS:_default' \
'--listen=[Address to listen on; port 0 picks a free one]:ADDR:_default' \
'--kubeconfig-out=[Write a kubeconfig for this server to a file]:FILE:_files' \
'(--replay)--for=[End after this long, with a unit \[default\: only when told to, or with Ctrl-C\]]:TIME:_default' \
'(--replay)--output=[How to show what happens\: live, plain (a line for each thing that matters) or json (an object for each thing that happens) \[default\: live on a terminal, else plain; text means the same\]]:FORMAT:_default' \
'(--replay)*--expect=[Expect this in the end, or exit with 1\: \[SCOPE\:\]METRIC OP VALUE, such as "deployment/web\:ready <= 30s"; may be repeated, and hold several with commas]:EXPECTATION:_default' \
'(--replay)--junit=[Write the verdicts as JUnit XML to a file, for CI systems]:FILE:_files' \
'(--replay)--timeline=[Draw what happened into a file\: .svg, or .html with the summary beside it]:FILE:_default' \
'(-f --filename)--keep-times[Keep the times in the objects as they were recorded, instead of moving them to now]' \
'(-q --quiet --replay)-v[Show each probe and each Event, not only what matters]' \
'(-q --quiet --replay)--verbose[Show each probe and each Event, not only what matters]' \
'(--replay)-q[Show only the summary and the verdicts]' \
'(--replay)--quiet[Show only the summary and the verdicts]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(predict)
_arguments "${_arguments_options[@]}" : \
'*-f+[Manifest to predict from\: YAML or JSON, a directory, or - for the standard input; may be repeated]:FILE:_files' \
'*--filename=[Manifest to predict from\: YAML or JSON, a directory, or - for the standard input; may be repeated]:FILE:_files' \
'*--failure-rate=[Share of the probes that fail, each for itself; of one kind\: readiness=5%]:[KIND=]PERCENT:_default' \
'*--latency=[How long answers take; of one kind\: liveness=p50=20ms,p99=900ms]:[KIND=]LATENCY:_default' \
'--startup-time=[How long nothing answers after each start]:LATENCY:_default' \
'(--failure-rate --latency --startup-time)--config=[Take every container for the simulator, with the faults of this file]:FILE:_files' \
'(--failure-rate --latency --startup-time)--faults=[Take every container for the simulator, with these faults\: a YAML list, such as \`\[{on\: readiness, rate\: 20%}\]\`]:YAML:_default' \
'--replicas=[Pods of each workload, instead of what the manifest says]:NUMBER:_default' \
'--outage=[An outage of this length at a random moment\: what comes of it]:TIME:_default' \
'--rollout=[The time of a rollout, in which no new pod is to be disturbed \[default\: progressDeadlineSeconds\]]:TIME:_default' \
'--kubernetes-version=[Kubelet to model]:VERSION:_default' \
'--for=[The time of one sample \[default\: so that it takes about a second; of planned faults 24h\]]:TIME:_default' \
'--samples=[How many samples to simulate \[default\: 20; of planned faults so that it takes about a second\]]:NUMBER:_default' \
'--seed=[Seed of the simulation]:NUMBER:_default' \
'(-f --filename)--period=[periodSeconds \[default\: 10s\]]:TIME:_default' \
'(-f --filename)--threshold=[failureThreshold \[default\: 3\]]:NUMBER:_default' \
'(-f --filename)--timeout=[timeoutSeconds \[default\: 1s\]]:TIME:_default' \
'(-f --filename)--success-threshold=[successThreshold of readiness \[default\: 1\]]:NUMBER:_default' \
'--sweep=[A table over the values of one field\: periodSeconds, timeoutSeconds, failureThreshold, successThreshold, failure-rate or latency; of one kind\: liveness.failureThreshold=1..10, failure-rate=1%..20%\:1%]:[KIND.]FIELD=FROM..TO[:STEP]:_default' \
'--svg=[Write the plot to this file as SVG too]:FILE:_files' \
'--output=[How to print]:FORMAT:((text\:"Sentences"
json\:"One JSON object"))' \
'--outage-hangs[Nothing answers in that outage\: each probe takes its timeout]' \
'--plot[Plot the sweep; without one, what failure rates from 0.1 % to 50 % come to]' \
'--lint[Only the findings of the linter, no figures]' \
'--strict[Exit with 1 if the linter has findings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(check)
_arguments "${_arguments_options[@]}" : \
'-h[Print help]' \
'--help[Print help]' \
":: :_probesim__subcmd__check_commands" \
"*::: :->check" \
&& ret=0

    case $state in
    (check)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:probesim-check-command-$line[1]:"
        case $line[1] in
            (http)
_arguments "${_arguments_options[@]}" : \
'*--header=[Send this along; may be repeated]:NAME: VALUE:_default' \
'--timeout=[The longest time for all of it, with a unit]:TIME:_default' \
'-h[Print help]' \
'--help[Print help]' \
':address -- \[http\://|https\://\]HOST\:PORT\[/PATH\]:_default' \
&& ret=0
;;
(tcp)
_arguments "${_arguments_options[@]}" : \
'--timeout=[The longest time for all of it, with a unit]:TIME:_default' \
'-h[Print help]' \
'--help[Print help]' \
':address -- HOST\:PORT:_default' \
&& ret=0
;;
(grpc)
_arguments "${_arguments_options[@]}" : \
'--service=[The service to ask for; by default the server as a whole]:SERVICE:_default' \
'--timeout=[The longest time for all of it, with a unit]:TIME:_default' \
'-h[Print help]' \
'--help[Print help]' \
':address -- HOST\:PORT:_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_probesim__subcmd__check__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:probesim-check-help-command-$line[1]:"
        case $line[1] in
            (http)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(tcp)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(grpc)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(ctl)
_arguments "${_arguments_options[@]}" : \
'*--to=[Admin port of the server, or of all behind a name\: HOST\:PORT; several with commas, or given again]:HOST:PORT:_default' \
'(--share)--count=[Tell only so many of the replicas, the first by address]:N:_default' \
'--share=[Tell only this share of the replicas, rounded up]:PERCENT:_default' \
'--rolling=[One after the other, with this pause between them, and no further after a failure]:PAUSE:_default' \
'--timeout=[The longest time to find a name, and for one replica, with a unit]:TIME:_default' \
'-h[Print help]' \
'--help[Print help]' \
":: :_probesim__subcmd__ctl_commands" \
"*::: :->ctl" \
&& ret=0

    case $state in
    (ctl)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:probesim-ctl-command-$line[1]:"
        case $line[1] in
            (put)
_arguments "${_arguments_options[@]}" : \
'--on=[The endpoint, if the faults do not say]:ENDPOINT:_default' \
'*--to=[Admin port of the server, or of all behind a name\: HOST\:PORT; several with commas, or given again]:HOST:PORT:_default' \
'(--share)--count=[Tell only so many of the replicas, the first by address]:N:_default' \
'--share=[Tell only this share of the replicas, rounded up]:PERCENT:_default' \
'--rolling=[One after the other, with this pause between them, and no further after a failure]:PAUSE:_default' \
'--timeout=[The longest time to find a name, and for one replica, with a unit]:TIME:_default' \
'-h[Print help]' \
'--help[Print help]' \
':faults -- A fault or a list of them, as YAML or JSON, or @FILE:_default' \
&& ret=0
;;
(patch)
_arguments "${_arguments_options[@]}" : \
'--on=[The endpoint, if the faults do not say]:ENDPOINT:_default' \
'*--to=[Admin port of the server, or of all behind a name\: HOST\:PORT; several with commas, or given again]:HOST:PORT:_default' \
'(--share)--count=[Tell only so many of the replicas, the first by address]:N:_default' \
'--share=[Tell only this share of the replicas, rounded up]:PERCENT:_default' \
'--rolling=[One after the other, with this pause between them, and no further after a failure]:PAUSE:_default' \
'--timeout=[The longest time to find a name, and for one replica, with a unit]:TIME:_default' \
'-h[Print help]' \
'--help[Print help]' \
':faults -- A fault or a list of them, as YAML or JSON, or @FILE:_default' \
&& ret=0
;;
(delete)
_arguments "${_arguments_options[@]}" : \
'*--to=[Admin port of the server, or of all behind a name\: HOST\:PORT; several with commas, or given again]:HOST:PORT:_default' \
'(--share)--count=[Tell only so many of the replicas, the first by address]:N:_default' \
'--share=[Tell only this share of the replicas, rounded up]:PERCENT:_default' \
'--rolling=[One after the other, with this pause between them, and no further after a failure]:PAUSE:_default' \
'--timeout=[The longest time to find a name, and for one replica, with a unit]:TIME:_default' \
'-h[Print help]' \
'--help[Print help]' \
'::endpoint -- The endpoint; all, if there is none:_default' \
&& ret=0
;;
(reset)
_arguments "${_arguments_options[@]}" : \
'*--to=[Admin port of the server, or of all behind a name\: HOST\:PORT; several with commas, or given again]:HOST:PORT:_default' \
'(--share)--count=[Tell only so many of the replicas, the first by address]:N:_default' \
'--share=[Tell only this share of the replicas, rounded up]:PERCENT:_default' \
'--rolling=[One after the other, with this pause between them, and no further after a failure]:PAUSE:_default' \
'--timeout=[The longest time to find a name, and for one replica, with a unit]:TIME:_default' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(state)
_arguments "${_arguments_options[@]}" : \
'*--to=[Admin port of the server, or of all behind a name\: HOST\:PORT; several with commas, or given again]:HOST:PORT:_default' \
'(--share)--count=[Tell only so many of the replicas, the first by address]:N:_default' \
'--share=[Tell only this share of the replicas, rounded up]:PERCENT:_default' \
'--rolling=[One after the other, with this pause between them, and no further after a failure]:PAUSE:_default' \
'--timeout=[The longest time to find a name, and for one replica, with a unit]:TIME:_default' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(exit)
_arguments "${_arguments_options[@]}" : \
'*--to=[Admin port of the server, or of all behind a name\: HOST\:PORT; several with commas, or given again]:HOST:PORT:_default' \
'(--share)--count=[Tell only so many of the replicas, the first by address]:N:_default' \
'--share=[Tell only this share of the replicas, rounded up]:PERCENT:_default' \
'--rolling=[One after the other, with this pause between them, and no further after a failure]:PAUSE:_default' \
'--timeout=[The longest time to find a name, and for one replica, with a unit]:TIME:_default' \
'-h[Print help]' \
'--help[Print help]' \
'::code -- The exit code:_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_probesim__subcmd__ctl__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:probesim-ctl-help-command-$line[1]:"
        case $line[1] in
            (put)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(patch)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(delete)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(reset)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(state)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(exit)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_probesim__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:probesim-help-command-$line[1]:"
        case $line[1] in
            (serve)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(lab)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(predict)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(check)
_arguments "${_arguments_options[@]}" : \
":: :_probesim__subcmd__help__subcmd__check_commands" \
"*::: :->check" \
&& ret=0

    case $state in
    (check)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:probesim-help-check-command-$line[1]:"
        case $line[1] in
            (http)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(tcp)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(grpc)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(ctl)
_arguments "${_arguments_options[@]}" : \
":: :_probesim__subcmd__help__subcmd__ctl_commands" \
"*::: :->ctl" \
&& ret=0

    case $state in
    (ctl)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:probesim-help-ctl-command-$line[1]:"
        case $line[1] in
            (put)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(patch)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(delete)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(reset)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(state)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(exit)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
}

(( $+functions[_probesim_commands] )) ||
_probesim_commands() {
    local commands; commands=(
'serve:Serve /liveness, /readiness, /startup and /dependency\: the default' \
'lab:Run manifests, or replay the recording of a cluster, behind a Kubernetes API on loopback' \
'predict:Say what the probes of a manifest will come to\: restarts a day, unready share, time to detect, findings' \
'check:Probe a server once, as an exec probe in an image without a shell\: exit code 0 or 1' \
'ctl:Change the faults of running servers\: of one, or of all behind a name' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'probesim commands' commands "$@"
}
(( $+functions[_probesim__subcmd__check_commands] )) ||
_probesim__subcmd__check_commands() {
    local commands; commands=(
'http:GET a path as a kubelet does\: 200 to 399 is a success, also after redirects on the same host; of https no certificate is checked' \
'tcp:Connect' \
'grpc:Ask for health over gRPC\: SERVING is a success' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'probesim check commands' commands "$@"
}
(( $+functions[_probesim__subcmd__check__subcmd__grpc_commands] )) ||
_probesim__subcmd__check__subcmd__grpc_commands() {
    local commands; commands=()
    _describe -t commands 'probesim check grpc commands' commands "$@"
}
(( $+functions[_probesim__subcmd__check__subcmd__help_commands] )) ||
_probesim__subcmd__check__subcmd__help_commands() {
    local commands; commands=(
'http:GET a path as a kubelet does\: 200 to 399 is a success, also after redirects on the same host; of https no certificate is checked' \
'tcp:Connect' \
'grpc:Ask for health over gRPC\: SERVING is a success' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'probesim check help commands' commands "$@"
}
(( $+functions[_probesim__subcmd__check__subcmd__help__subcmd__grpc_commands] )) ||
_probesim__subcmd__check__subcmd__help__subcmd__grpc_commands() {
    local commands; commands=()
    _describe -t commands 'probesim check help grpc commands' commands "$@"
}
(( $+functions[_probesim__subcmd__check__subcmd__help__subcmd__help_commands] )) ||
_probesim__subcmd__check__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'probesim check help help commands' commands "$@"
}
(( $+functions[_probesim__subcmd__check__subcmd__help__subcmd__http_commands] )) ||
_probesim__subcmd__check__subcmd__help__subcmd__http_commands() {
    local commands; commands=()
    _describe -t commands 'probesim check help http commands' commands "$@"
}
(( $+functions[_probesim__subcmd__check__subcmd__help__subcmd__tcp_commands] )) ||
_probesim__subcmd__check__subcmd__help__subcmd__tcp_commands() {
    local commands; commands=()
    _describe -t commands 'probesim check help tcp commands' commands "$@"
}
(( $+functions[_probesim__subcmd__check__subcmd__http_commands] )) ||
_probesim__subcmd__check__subcmd__http_commands() {
    local commands; commands=()
    _describe -t commands 'probesim check http commands' commands "$@"
}
(( $+functions[_probesim__subcmd__check__subcmd__tcp_commands] )) ||
_probesim__subcmd__check__subcmd__tcp_commands() {
    local commands; commands=()
    _describe -t commands 'probesim check tcp commands' commands "$@"
}
(( $+functions[_probesim__subcmd__ctl_commands] )) ||
_probesim__subcmd__ctl_commands() {
    local commands; commands=(
'put:Replace the live faults, or those of one endpoint' \
'patch:Add to the live faults' \
'delete:Take the live faults away, or those of one endpoint' \
'reset:Take all live faults away' \
'state:Print the state of each replica as JSON' \
'exit:End the process, as a crash does' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'probesim ctl commands' commands "$@"
}
(( $+functions[_probesim__subcmd__ctl__subcmd__delete_commands] )) ||
_probesim__subcmd__ctl__subcmd__delete_commands() {
    local commands; commands=()
    _describe -t commands 'probesim ctl delete commands' commands "$@"
}
(( $+functions[_probesim__subcmd__ctl__subcmd__exit_commands] )) ||
_probesim__subcmd__ctl__subcmd__exit_commands() {
    local commands; commands=()
    _describe -t commands 'probesim ctl exit commands' commands "$@"
}
(( $+functions[_probesim__subcmd__ctl__subcmd__help_commands] )) ||
_probesim__subcmd__ctl__subcmd__help_commands() {
    local commands; commands=(
'put:Replace the live faults, or those of one endpoint' \
'patch:Add to the live faults' \
'delete:Take the live faults away, or those of one endpoint' \
'reset:Take all live faults away' \
'state:Print the state of each replica as JSON' \
'exit:End the process, as a crash does' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'probesim ctl help commands' commands "$@"
}
(( $+functions[_probesim__subcmd__ctl__subcmd__help__subcmd__delete_commands] )) ||
_probesim__subcmd__ctl__subcmd__help__subcmd__delete_commands() {
    local commands; commands=()
    _describe -t commands 'probesim ctl help delete commands' commands "$@"
}
(( $+functions[_probesim__subcmd__ctl__subcmd__help__subcmd__exit_commands] )) ||
_probesim__subcmd__ctl__subcmd__help__subcmd__exit_commands() {
    local commands; commands=()
    _describe -t commands 'probesim ctl help exit commands' commands "$@"
}
(( $+functions[_probesim__subcmd__ctl__subcmd__help__subcmd__help_commands] )) ||
_probesim__subcmd__ctl__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'probesim ctl help help commands' commands "$@"
}
(( $+functions[_probesim__subcmd__ctl__subcmd__help__subcmd__patch_commands] )) ||
_probesim__subcmd__ctl__subcmd__help__subcmd__patch_commands() {
    local commands; commands=()
    _describe -t commands 'probesim ctl help patch commands' commands "$@"
}
(( $+functions[_probesim__subcmd__ctl__subcmd__help__subcmd__put_commands] )) ||
_probesim__subcmd__ctl__subcmd__help__subcmd__put_commands() {
    local commands; commands=()
    _describe -t commands 'probesim ctl help put commands' commands "$@"
}
(( $+functions[_probesim__subcmd__ctl__subcmd__help__subcmd__reset_commands] )) ||
_probesim__subcmd__ctl__subcmd__help__subcmd__reset_commands() {
    local commands; commands=()
    _describe -t commands 'probesim ctl help reset commands' commands "$@"
}
(( $+functions[_probesim__subcmd__ctl__subcmd__help__subcmd__state_commands] )) ||
_probesim__subcmd__ctl__subcmd__help__subcmd__state_commands() {
    local commands; commands=()
    _describe -t commands 'probesim ctl help state commands' commands "$@"
}
(( $+functions[_probesim__subcmd__ctl__subcmd__patch_commands] )) ||
_probesim__subcmd__ctl__subcmd__patch_commands() {
    local commands; commands=()
    _describe -t commands 'probesim ctl patch commands' commands "$@"
}
(( $+functions[_probesim__subcmd__ctl__subcmd__put_commands] )) ||
_probesim__subcmd__ctl__subcmd__put_commands() {
    local commands; commands=()
    _describe -t commands 'probesim ctl put commands' commands "$@"
}
(( $+functions[_probesim__subcmd__ctl__subcmd__reset_commands] )) ||
_probesim__subcmd__ctl__subcmd__reset_commands() {
    local commands; commands=()
    _describe -t commands 'probesim ctl reset commands' commands "$@"
}
(( $+functions[_probesim__subcmd__ctl__subcmd__state_commands] )) ||
_probesim__subcmd__ctl__subcmd__state_commands() {
    local commands; commands=()
    _describe -t commands 'probesim ctl state commands' commands "$@"
}
(( $+functions[_probesim__subcmd__help_commands] )) ||
_probesim__subcmd__help_commands() {
    local commands; commands=(
'serve:Serve /liveness, /readiness, /startup and /dependency\: the default' \
'lab:Run manifests, or replay the recording of a cluster, behind a Kubernetes API on loopback' \
'predict:Say what the probes of a manifest will come to\: restarts a day, unready share, time to detect, findings' \
'check:Probe a server once, as an exec probe in an image without a shell\: exit code 0 or 1' \
'ctl:Change the faults of running servers\: of one, or of all behind a name' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'probesim help commands' commands "$@"
}
(( $+functions[_probesim__subcmd__help__subcmd__check_commands] )) ||
_probesim__subcmd__help__subcmd__check_commands() {
    local commands; commands=(
'http:GET a path as a kubelet does\: 200 to 399 is a success, also after redirects on the same host; of https no certificate is checked' \
'tcp:Connect' \
'grpc:Ask for health over gRPC\: SERVING is a success' \
    )
    _describe -t commands 'probesim help check commands' commands "$@"
}
(( $+functions[_probesim__subcmd__help__subcmd__check__subcmd__grpc_commands] )) ||
_probesim__subcmd__help__subcmd__check__subcmd__grpc_commands() {
    local commands; commands=()
    _describe -t commands 'probesim help check grpc commands' commands "$@"
}
(( $+functions[_probesim__subcmd__help__subcmd__check__subcmd__http_commands] )) ||
_probesim__subcmd__help__subcmd__check__subcmd__http_commands() {
    local commands; commands=()
    _describe -t commands 'probesim help check http commands' commands "$@"
}
(( $+functions[_probesim__subcmd__help__subcmd__check__subcmd__tcp_commands] )) ||
_probesim__subcmd__help__subcmd__check__subcmd__tcp_commands() {
    local commands; commands=()
    _describe -t commands 'probesim help check tcp commands' commands "$@"
}
(( $+functions[_probesim__subcmd__help__subcmd__ctl_commands] )) ||
_probesim__subcmd__help__subcmd__ctl_commands() {
    local commands; commands=(
'put:Replace the live faults, or those of one endpoint' \
'patch:Add to the live faults' \
'delete:Take the live faults away, or those of one endpoint' \
'reset:Take all live faults away' \
'state:Print the state of each replica as JSON' \
'exit:End the process, as a crash does' \
    )
    _describe -t commands 'probesim help ctl commands' commands "$@"
}
(( $+functions[_probesim__subcmd__help__subcmd__ctl__subcmd__delete_commands] )) ||
_probesim__subcmd__help__subcmd__ctl__subcmd__delete_commands() {
    local commands; commands=()
    _describe -t commands 'probesim help ctl delete commands' commands "$@"
}
(( $+functions[_probesim__subcmd__help__subcmd__ctl__subcmd__exit_commands] )) ||
_probesim__subcmd__help__subcmd__ctl__subcmd__exit_commands() {
    local commands; commands=()
    _describe -t commands 'probesim help ctl exit commands' commands "$@"
}
(( $+functions[_probesim__subcmd__help__subcmd__ctl__subcmd__patch_commands] )) ||
_probesim__subcmd__help__subcmd__ctl__subcmd__patch_commands() {
    local commands; commands=()
    _describe -t commands 'probesim help ctl patch commands' commands "$@"
}
(( $+functions[_probesim__subcmd__help__subcmd__ctl__subcmd__put_commands] )) ||
_probesim__subcmd__help__subcmd__ctl__subcmd__put_commands() {
    local commands; commands=()
    _describe -t commands 'probesim help ctl put commands' commands "$@"
}
(( $+functions[_probesim__subcmd__help__subcmd__ctl__subcmd__reset_commands] )) ||
_probesim__subcmd__help__subcmd__ctl__subcmd__reset_commands() {
    local commands; commands=()
    _describe -t commands 'probesim help ctl reset commands' commands "$@"
}
(( $+functions[_probesim__subcmd__help__subcmd__ctl__subcmd__state_commands] )) ||
_probesim__subcmd__help__subcmd__ctl__subcmd__state_commands() {
    local commands; commands=()
    _describe -t commands 'probesim help ctl state commands' commands "$@"
}
(( $+functions[_probesim__subcmd__help__subcmd__help_commands] )) ||
_probesim__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'probesim help help commands' commands "$@"
}
(( $+functions[_probesim__subcmd__help__subcmd__lab_commands] )) ||
_probesim__subcmd__help__subcmd__lab_commands() {
    local commands; commands=()
    _describe -t commands 'probesim help lab commands' commands "$@"
}
(( $+functions[_probesim__subcmd__help__subcmd__predict_commands] )) ||
_probesim__subcmd__help__subcmd__predict_commands() {
    local commands; commands=()
    _describe -t commands 'probesim help predict commands' commands "$@"
}
(( $+functions[_probesim__subcmd__help__subcmd__serve_commands] )) ||
_probesim__subcmd__help__subcmd__serve_commands() {
    local commands; commands=()
    _describe -t commands 'probesim help serve commands' commands "$@"
}
(( $+functions[_probesim__subcmd__lab_commands] )) ||
_probesim__subcmd__lab_commands() {
    local commands; commands=()
    _describe -t commands 'probesim lab commands' commands "$@"
}
(( $+functions[_probesim__subcmd__predict_commands] )) ||
_probesim__subcmd__predict_commands() {
    local commands; commands=()
    _describe -t commands 'probesim predict commands' commands "$@"
}
(( $+functions[_probesim__subcmd__serve_commands] )) ||
_probesim__subcmd__serve_commands() {
    local commands; commands=()
    _describe -t commands 'probesim serve commands' commands "$@"
}

if [ "$funcstack[1]" = "_probesim" ]; then
    _probesim "$@"
else
    compdef _probesim probesim
fi
