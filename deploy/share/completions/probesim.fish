# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_probesim_global_optspecs
    string join \n port= listen= failure-rate= latency= liveness-fail-after-time= readiness-fail-after-time= disconnect-after= reconnect-after= fail-dependency= fail-count= recovery-period= startup-delay= seed= drain-delay= grace= config= faults= partition= starts-file= admin-port= admin-listen= admin-token= admin-token-file= grpc-port= grpc-services= tcp-port= exit-after= exit-code= ignore-sigterm= exit-delay= memory-load= cpu-load= load-for= memory-load-limit= cpu-load-limit= record= replay= log-level= check reference h/help V/version
end

function __fish_probesim_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_probesim_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_probesim_using_subcommand
    set -l cmd (__fish_probesim_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c probesim -n "__fish_probesim_needs_command" -l port -d 'Port to listen on; 0 lets the system choose [env: PORT] [default: 8080]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l listen -d 'Address to listen on; its port, if it has one, wins over --port [env: LISTEN] [default: all, IPv6 and IPv4]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l failure-rate -d 'Liveness and readiness: fail this share of the requests at random, at once (20, 20%, 0.5%) [env: FAILURE_RATE]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l latency -d 'Liveness and readiness: wait before an answer that is not a random failure; bare: milliseconds [env: LATENCY]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l liveness-fail-after-time -d 'Liveness: fail from this uptime on; bare: seconds, 0: never [env: LIVENESS_FAIL_AFTER_TIME]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l readiness-fail-after-time -d 'Readiness: fail from this uptime on; bare: seconds, 0: never [env: READINESS_FAIL_AFTER_TIME]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l disconnect-after -d 'Readiness: a simulated network partition from this uptime on; bare: minutes, 0: never [env: DISCONNECT_AFTER]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l reconnect-after -d 'How long the partition lasts; bare: minutes, 0: no partition [env: RECONNECT_AFTER] [default: until restart]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l fail-dependency -d 'Fail /dependency, and with it readiness [env: FAIL_DEPENDENCY]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l fail-count -d 'Liveness and readiness, each by its own count: pass this many requests before --recovery-period of them fail; a negative count shortens that period [env: FAIL_COUNT] [default: 0]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l recovery-period -d 'Fail this many requests after --fail-count, then pass for ever [env: RECOVERY_PERIOD] [default: 0]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l startup-delay -d 'Startup: fail until this uptime, with a unit [env: STARTUP_DELAY] [default: 0]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l seed -d 'The same seed gives the same failures, request by request [env: SEED] [default: random, logged at start]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l drain-delay -d 'After SIGTERM or SIGINT: readiness fails, all else is served as before, for this long, with a unit [env: DRAIN_DELAY] [default: 3s]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l grace -d 'After the drain delay: requests under way get this long to finish, with a unit [env: GRACE] [default: 10s]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l config -d 'Faults, a scenario and settings as YAML; its faults are read again when it changes [env: CONFIG]' -r -F
complete -c probesim -n "__fish_probesim_needs_command" -l faults -d 'More faults, as in the file: a YAML list, such as `[{on: readiness, rate: 20%}]` [env: FAULTS]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l partition -d 'What DISCONNECT_AFTER does: http (a 500 of readiness), or for the whole port refuse, reset, hang or blackhole [env: PARTITION] [default: http]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l starts-file -d 'Counts the starts of the container in this file, for faults with `starts`; in an emptyDir it outlives the container [env: STARTS_FILE]' -r -F
complete -c probesim -n "__fish_probesim_needs_command" -l admin-port -d 'Port of metrics, state and control; 0 lets the system choose [env: ADMIN_PORT] [default: 8081, or none if that is taken]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l admin-listen -d 'Address of the admin port; on any but loopback, changes need a token [env: ADMIN_LISTEN] [default: 127.0.0.1]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l admin-token -d 'The bearer token for changes; better in the environment, or in a file [env: ADMIN_TOKEN]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l admin-token-file -d 'A file with the bearer token, read at each use [env: ADMIN_TOKEN_FILE]' -r -F
complete -c probesim -n "__fish_probesim_needs_command" -l grpc-port -d 'Port of gRPC health (grpc.health.v1, plain HTTP/2); 0 lets the system choose [env: GRPC_PORT] [default: none]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l grpc-services -d 'The gRPC services that have a health of their own, besides the server\'s: names with commas [env: GRPC_SERVICES]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l tcp-port -d 'Port that accepts plain TCP; 0 lets the system choose [env: TCP_PORT] [default: none]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l exit-after -d 'Process: end at this uptime, at once, as a crash does, with a unit [env: EXIT_AFTER] [default: never]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l exit-code -d 'Process: the exit code of --exit-after, and of a POST to /exit that names none [env: EXIT_CODE] [default: 1]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l ignore-sigterm -d 'Process: take no notice of SIGTERM, so that only SIGKILL at the end of the grace period ends it [env: IGNORE_SIGTERM]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l exit-delay -d 'Process: exit so much later than the drain is over, with a unit [env: EXIT_DELAY] [default: 0]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l memory-load -d 'Process: hold so much memory, such as 64Mi [env: MEMORY_LOAD] [default: none]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l cpu-load -d 'Process: take so much of a core, 50%, 500m or 0.5 [env: CPU_LOAD] [default: none]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l load-for -d 'Process: how long --memory-load and --cpu-load last, with a unit [env: LOAD_FOR] [default: to the end]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l memory-load-limit -d 'The most memory that any fault may hold [env: MEMORY_LOAD_LIMIT] [default: 1Gi, or the container\'s memory limit if that is lower]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l cpu-load-limit -d 'The most processor time that any fault may take [env: CPU_LOAD_LIMIT] [default: 1000m, one core]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l record -d 'Write every decision to this file, as JSON lines; one of an earlier run is kept as FILE.old [env: RECORD]' -r -F
complete -c probesim -n "__fish_probesim_needs_command" -l replay -d 'Answer as this record says, request by request; past its end, by plan and with its seed [env: REPLAY]' -r -F
complete -c probesim -n "__fish_probesim_needs_command" -l log-level -d 'error, warn, info, or debug, which shows each decision [env: LOG_LEVEL] [default: info]' -r
complete -c probesim -n "__fish_probesim_needs_command" -l check -d 'Check all settings and the file, print the plan that they make, and serve nothing'
complete -c probesim -n "__fish_probesim_needs_command" -l reference -d 'Print the reference of settings, file and faults as Markdown, and serve nothing'
complete -c probesim -n "__fish_probesim_needs_command" -s h -l help -d 'Print help'
complete -c probesim -n "__fish_probesim_needs_command" -s V -l version -d 'Print version'
complete -c probesim -n "__fish_probesim_needs_command" -f -a "serve" -d 'Serve /liveness, /readiness, /startup and /dependency: the default'
complete -c probesim -n "__fish_probesim_needs_command" -f -a "lab" -d 'Run manifests, or replay the recording of a cluster, behind a Kubernetes API on loopback'
complete -c probesim -n "__fish_probesim_needs_command" -f -a "predict" -d 'Say what the probes of a manifest will come to: restarts a day, unready share, time to detect, findings'
complete -c probesim -n "__fish_probesim_needs_command" -f -a "check" -d 'Probe a server once, as an exec probe in an image without a shell: exit code 0 or 1'
complete -c probesim -n "__fish_probesim_needs_command" -f -a "ctl" -d 'Change the faults of running servers: of one, or of all behind a name'
complete -c probesim -n "__fish_probesim_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l port -d 'Port to listen on; 0 lets the system choose [env: PORT] [default: 8080]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l listen -d 'Address to listen on; its port, if it has one, wins over --port [env: LISTEN] [default: all, IPv6 and IPv4]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l failure-rate -d 'Liveness and readiness: fail this share of the requests at random, at once (20, 20%, 0.5%) [env: FAILURE_RATE]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l latency -d 'Liveness and readiness: wait before an answer that is not a random failure; bare: milliseconds [env: LATENCY]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l liveness-fail-after-time -d 'Liveness: fail from this uptime on; bare: seconds, 0: never [env: LIVENESS_FAIL_AFTER_TIME]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l readiness-fail-after-time -d 'Readiness: fail from this uptime on; bare: seconds, 0: never [env: READINESS_FAIL_AFTER_TIME]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l disconnect-after -d 'Readiness: a simulated network partition from this uptime on; bare: minutes, 0: never [env: DISCONNECT_AFTER]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l reconnect-after -d 'How long the partition lasts; bare: minutes, 0: no partition [env: RECONNECT_AFTER] [default: until restart]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l fail-dependency -d 'Fail /dependency, and with it readiness [env: FAIL_DEPENDENCY]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l fail-count -d 'Liveness and readiness, each by its own count: pass this many requests before --recovery-period of them fail; a negative count shortens that period [env: FAIL_COUNT] [default: 0]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l recovery-period -d 'Fail this many requests after --fail-count, then pass for ever [env: RECOVERY_PERIOD] [default: 0]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l startup-delay -d 'Startup: fail until this uptime, with a unit [env: STARTUP_DELAY] [default: 0]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l seed -d 'The same seed gives the same failures, request by request [env: SEED] [default: random, logged at start]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l drain-delay -d 'After SIGTERM or SIGINT: readiness fails, all else is served as before, for this long, with a unit [env: DRAIN_DELAY] [default: 3s]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l grace -d 'After the drain delay: requests under way get this long to finish, with a unit [env: GRACE] [default: 10s]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l config -d 'Faults, a scenario and settings as YAML; its faults are read again when it changes [env: CONFIG]' -r -F
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l faults -d 'More faults, as in the file: a YAML list, such as `[{on: readiness, rate: 20%}]` [env: FAULTS]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l partition -d 'What DISCONNECT_AFTER does: http (a 500 of readiness), or for the whole port refuse, reset, hang or blackhole [env: PARTITION] [default: http]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l starts-file -d 'Counts the starts of the container in this file, for faults with `starts`; in an emptyDir it outlives the container [env: STARTS_FILE]' -r -F
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l admin-port -d 'Port of metrics, state and control; 0 lets the system choose [env: ADMIN_PORT] [default: 8081, or none if that is taken]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l admin-listen -d 'Address of the admin port; on any but loopback, changes need a token [env: ADMIN_LISTEN] [default: 127.0.0.1]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l admin-token -d 'The bearer token for changes; better in the environment, or in a file [env: ADMIN_TOKEN]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l admin-token-file -d 'A file with the bearer token, read at each use [env: ADMIN_TOKEN_FILE]' -r -F
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l grpc-port -d 'Port of gRPC health (grpc.health.v1, plain HTTP/2); 0 lets the system choose [env: GRPC_PORT] [default: none]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l grpc-services -d 'The gRPC services that have a health of their own, besides the server\'s: names with commas [env: GRPC_SERVICES]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l tcp-port -d 'Port that accepts plain TCP; 0 lets the system choose [env: TCP_PORT] [default: none]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l exit-after -d 'Process: end at this uptime, at once, as a crash does, with a unit [env: EXIT_AFTER] [default: never]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l exit-code -d 'Process: the exit code of --exit-after, and of a POST to /exit that names none [env: EXIT_CODE] [default: 1]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l ignore-sigterm -d 'Process: take no notice of SIGTERM, so that only SIGKILL at the end of the grace period ends it [env: IGNORE_SIGTERM]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l exit-delay -d 'Process: exit so much later than the drain is over, with a unit [env: EXIT_DELAY] [default: 0]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l memory-load -d 'Process: hold so much memory, such as 64Mi [env: MEMORY_LOAD] [default: none]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l cpu-load -d 'Process: take so much of a core, 50%, 500m or 0.5 [env: CPU_LOAD] [default: none]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l load-for -d 'Process: how long --memory-load and --cpu-load last, with a unit [env: LOAD_FOR] [default: to the end]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l memory-load-limit -d 'The most memory that any fault may hold [env: MEMORY_LOAD_LIMIT] [default: 1Gi, or the container\'s memory limit if that is lower]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l cpu-load-limit -d 'The most processor time that any fault may take [env: CPU_LOAD_LIMIT] [default: 1000m, one core]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l record -d 'Write every decision to this file, as JSON lines; one of an earlier run is kept as FILE.old [env: RECORD]' -r -F
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l replay -d 'Answer as this record says, request by request; past its end, by plan and with its seed [env: REPLAY]' -r -F
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l log-level -d 'error, warn, info, or debug, which shows each decision [env: LOG_LEVEL] [default: info]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l check -d 'Check all settings and the file, print the plan that they make, and serve nothing'
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l reference -d 'Print the reference of settings, file and faults as Markdown, and serve nothing'
complete -c probesim -n "__fish_probesim_using_subcommand serve" -s h -l help -d 'Print help'
complete -c probesim -n "__fish_probesim_using_subcommand lab" -s f -l filename -d 'Manifests to run: YAML or JSON files, directories, or - for the standard input' -r -F
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l run -d 'What runs for an image: a command of this machine, with the manifest\'s args after it; nothing after the = stands for the manifest\'s own command. The images of probesim and wait-for need none' -r
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l target -d 'What stands for a container and runs already; POD/CONTAINER or WORKLOAD/CONTAINER for one of several' -r
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l image-fails -d 'An image that cannot be pulled: its containers wait in ErrImagePull and ImagePullBackOff' -r
complete -c probesim -n "__fish_probesim_using_subcommand lab" -s n -l namespace -d 'Namespace of objects that name none' -r
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l logs -d 'Write what containers print to files POD-CONTAINER.log in this directory, instead of showing it' -r -F
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l kubernetes-version -d 'The Kubernetes version whose kubelet is followed' -r
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l seed -d 'Seed of what the kubelet leaves to chance [default: another one each time]' -r
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l replay -d 'Recording to replay instead: watch frames and steps as JSON lines' -r -F
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l speed -d 'How many times faster than it was recorded' -r
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l from -d 'Begin at this second of the recording' -r
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l listen -d 'Address to listen on; port 0 picks a free one' -r
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l kubeconfig-out -d 'Write a kubeconfig for this server to a file' -r -F
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l for -d 'End after this long, with a unit [default: only when told to, or with Ctrl-C]' -r
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l output -d 'How to show what happens: live, plain (a line for each thing that matters) or json (an object for each thing that happens) [default: live on a terminal, else plain; text means the same]' -r
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l expect -d 'Expect this in the end, or exit with 1: [SCOPE:]METRIC OP VALUE, such as "deployment/web:ready <= 30s"; may be repeated, and hold several with commas' -r
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l junit -d 'Write the verdicts as JUnit XML to a file, for CI systems' -r -F
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l timeline -d 'Draw what happened into a file: .svg, or .html with the summary beside it' -r
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l keep-times -d 'Keep the times in the objects as they were recorded, instead of moving them to now'
complete -c probesim -n "__fish_probesim_using_subcommand lab" -s v -l verbose -d 'Show each probe and each Event, not only what matters'
complete -c probesim -n "__fish_probesim_using_subcommand lab" -s q -l quiet -d 'Show only the summary and the verdicts'
complete -c probesim -n "__fish_probesim_using_subcommand lab" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c probesim -n "__fish_probesim_using_subcommand predict" -s f -l filename -d 'Manifest to predict from: YAML or JSON, a directory, or - for the standard input; may be repeated' -r -F
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l failure-rate -d 'Share of the probes that fail, each for itself; of one kind: readiness=5%' -r
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l latency -d 'How long answers take; of one kind: liveness=p50=20ms,p99=900ms' -r
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l startup-time -d 'How long nothing answers after each start' -r
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l config -d 'Take every container for the simulator, with the faults of this file' -r -F
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l faults -d 'Take every container for the simulator, with these faults: a YAML list, such as `[{on: readiness, rate: 20%}]`' -r
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l replicas -d 'Pods of each workload, instead of what the manifest says' -r
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l outage -d 'An outage of this length at a random moment: what comes of it' -r
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l rollout -d 'The time of a rollout, in which no new pod is to be disturbed [default: progressDeadlineSeconds]' -r
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l kubernetes-version -d 'Kubelet to model' -r
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l for -d 'The time of one sample [default: so that it takes about a second; of planned faults 24h]' -r
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l samples -d 'How many samples to simulate [default: 20; of planned faults so that it takes about a second]' -r
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l seed -d 'Seed of the simulation' -r
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l period -d 'periodSeconds [default: 10s]' -r
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l threshold -d 'failureThreshold [default: 3]' -r
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l timeout -d 'timeoutSeconds [default: 1s]' -r
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l success-threshold -d 'successThreshold of readiness [default: 1]' -r
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l sweep -d 'A table over the values of one field: periodSeconds, timeoutSeconds, failureThreshold, successThreshold, failure-rate or latency; of one kind: liveness.failureThreshold=1..10, failure-rate=1%..20%:1%' -r
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l svg -d 'Write the plot to this file as SVG too' -r -F
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l output -d 'How to print' -r -f -a "text\t'Sentences'
json\t'One JSON object'"
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l outage-hangs -d 'Nothing answers in that outage: each probe takes its timeout'
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l plot -d 'Plot the sweep; without one, what failure rates from 0.1 % to 50 % come to'
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l lint -d 'Only the findings of the linter, no figures'
complete -c probesim -n "__fish_probesim_using_subcommand predict" -l strict -d 'Exit with 1 if the linter has findings'
complete -c probesim -n "__fish_probesim_using_subcommand predict" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c probesim -n "__fish_probesim_using_subcommand check; and not __fish_seen_subcommand_from http tcp grpc help" -s h -l help -d 'Print help'
complete -c probesim -n "__fish_probesim_using_subcommand check; and not __fish_seen_subcommand_from http tcp grpc help" -f -a "http" -d 'GET a path as a kubelet does: 200 to 399 is a success, also after redirects on the same host; of https no certificate is checked'
complete -c probesim -n "__fish_probesim_using_subcommand check; and not __fish_seen_subcommand_from http tcp grpc help" -f -a "tcp" -d 'Connect'
complete -c probesim -n "__fish_probesim_using_subcommand check; and not __fish_seen_subcommand_from http tcp grpc help" -f -a "grpc" -d 'Ask for health over gRPC: SERVING is a success'
complete -c probesim -n "__fish_probesim_using_subcommand check; and not __fish_seen_subcommand_from http tcp grpc help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c probesim -n "__fish_probesim_using_subcommand check; and __fish_seen_subcommand_from http" -l header -d 'Send this along; may be repeated' -r
complete -c probesim -n "__fish_probesim_using_subcommand check; and __fish_seen_subcommand_from http" -l timeout -d 'The longest time for all of it, with a unit' -r
complete -c probesim -n "__fish_probesim_using_subcommand check; and __fish_seen_subcommand_from http" -s h -l help -d 'Print help'
complete -c probesim -n "__fish_probesim_using_subcommand check; and __fish_seen_subcommand_from tcp" -l timeout -d 'The longest time for all of it, with a unit' -r
complete -c probesim -n "__fish_probesim_using_subcommand check; and __fish_seen_subcommand_from tcp" -s h -l help -d 'Print help'
complete -c probesim -n "__fish_probesim_using_subcommand check; and __fish_seen_subcommand_from grpc" -l service -d 'The service to ask for; by default the server as a whole' -r
complete -c probesim -n "__fish_probesim_using_subcommand check; and __fish_seen_subcommand_from grpc" -l timeout -d 'The longest time for all of it, with a unit' -r
complete -c probesim -n "__fish_probesim_using_subcommand check; and __fish_seen_subcommand_from grpc" -s h -l help -d 'Print help'
complete -c probesim -n "__fish_probesim_using_subcommand check; and __fish_seen_subcommand_from help" -f -a "http" -d 'GET a path as a kubelet does: 200 to 399 is a success, also after redirects on the same host; of https no certificate is checked'
complete -c probesim -n "__fish_probesim_using_subcommand check; and __fish_seen_subcommand_from help" -f -a "tcp" -d 'Connect'
complete -c probesim -n "__fish_probesim_using_subcommand check; and __fish_seen_subcommand_from help" -f -a "grpc" -d 'Ask for health over gRPC: SERVING is a success'
complete -c probesim -n "__fish_probesim_using_subcommand check; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and not __fish_seen_subcommand_from put patch delete reset state exit help" -l to -d 'Admin port of the server, or of all behind a name: HOST:PORT; several with commas, or given again' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and not __fish_seen_subcommand_from put patch delete reset state exit help" -l count -d 'Tell only so many of the replicas, the first by address' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and not __fish_seen_subcommand_from put patch delete reset state exit help" -l share -d 'Tell only this share of the replicas, rounded up' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and not __fish_seen_subcommand_from put patch delete reset state exit help" -l rolling -d 'One after the other, with this pause between them, and no further after a failure' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and not __fish_seen_subcommand_from put patch delete reset state exit help" -l timeout -d 'The longest time to find a name, and for one replica, with a unit' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and not __fish_seen_subcommand_from put patch delete reset state exit help" -s h -l help -d 'Print help'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and not __fish_seen_subcommand_from put patch delete reset state exit help" -f -a "put" -d 'Replace the live faults, or those of one endpoint'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and not __fish_seen_subcommand_from put patch delete reset state exit help" -f -a "patch" -d 'Add to the live faults'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and not __fish_seen_subcommand_from put patch delete reset state exit help" -f -a "delete" -d 'Take the live faults away, or those of one endpoint'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and not __fish_seen_subcommand_from put patch delete reset state exit help" -f -a "reset" -d 'Take all live faults away'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and not __fish_seen_subcommand_from put patch delete reset state exit help" -f -a "state" -d 'Print the state of each replica as JSON'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and not __fish_seen_subcommand_from put patch delete reset state exit help" -f -a "exit" -d 'End the process, as a crash does'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and not __fish_seen_subcommand_from put patch delete reset state exit help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from put" -l on -d 'The endpoint, if the faults do not say' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from put" -l to -d 'Admin port of the server, or of all behind a name: HOST:PORT; several with commas, or given again' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from put" -l count -d 'Tell only so many of the replicas, the first by address' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from put" -l share -d 'Tell only this share of the replicas, rounded up' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from put" -l rolling -d 'One after the other, with this pause between them, and no further after a failure' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from put" -l timeout -d 'The longest time to find a name, and for one replica, with a unit' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from put" -s h -l help -d 'Print help'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from patch" -l on -d 'The endpoint, if the faults do not say' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from patch" -l to -d 'Admin port of the server, or of all behind a name: HOST:PORT; several with commas, or given again' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from patch" -l count -d 'Tell only so many of the replicas, the first by address' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from patch" -l share -d 'Tell only this share of the replicas, rounded up' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from patch" -l rolling -d 'One after the other, with this pause between them, and no further after a failure' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from patch" -l timeout -d 'The longest time to find a name, and for one replica, with a unit' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from patch" -s h -l help -d 'Print help'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from delete" -l to -d 'Admin port of the server, or of all behind a name: HOST:PORT; several with commas, or given again' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from delete" -l count -d 'Tell only so many of the replicas, the first by address' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from delete" -l share -d 'Tell only this share of the replicas, rounded up' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from delete" -l rolling -d 'One after the other, with this pause between them, and no further after a failure' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from delete" -l timeout -d 'The longest time to find a name, and for one replica, with a unit' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from reset" -l to -d 'Admin port of the server, or of all behind a name: HOST:PORT; several with commas, or given again' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from reset" -l count -d 'Tell only so many of the replicas, the first by address' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from reset" -l share -d 'Tell only this share of the replicas, rounded up' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from reset" -l rolling -d 'One after the other, with this pause between them, and no further after a failure' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from reset" -l timeout -d 'The longest time to find a name, and for one replica, with a unit' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from state" -l to -d 'Admin port of the server, or of all behind a name: HOST:PORT; several with commas, or given again' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from state" -l count -d 'Tell only so many of the replicas, the first by address' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from state" -l share -d 'Tell only this share of the replicas, rounded up' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from state" -l rolling -d 'One after the other, with this pause between them, and no further after a failure' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from state" -l timeout -d 'The longest time to find a name, and for one replica, with a unit' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from state" -s h -l help -d 'Print help'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from exit" -l to -d 'Admin port of the server, or of all behind a name: HOST:PORT; several with commas, or given again' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from exit" -l count -d 'Tell only so many of the replicas, the first by address' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from exit" -l share -d 'Tell only this share of the replicas, rounded up' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from exit" -l rolling -d 'One after the other, with this pause between them, and no further after a failure' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from exit" -l timeout -d 'The longest time to find a name, and for one replica, with a unit' -r
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from exit" -s h -l help -d 'Print help'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "put" -d 'Replace the live faults, or those of one endpoint'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "patch" -d 'Add to the live faults'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "delete" -d 'Take the live faults away, or those of one endpoint'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "reset" -d 'Take all live faults away'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "state" -d 'Print the state of each replica as JSON'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "exit" -d 'End the process, as a crash does'
complete -c probesim -n "__fish_probesim_using_subcommand ctl; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c probesim -n "__fish_probesim_using_subcommand help; and not __fish_seen_subcommand_from serve lab predict check ctl help" -f -a "serve" -d 'Serve /liveness, /readiness, /startup and /dependency: the default'
complete -c probesim -n "__fish_probesim_using_subcommand help; and not __fish_seen_subcommand_from serve lab predict check ctl help" -f -a "lab" -d 'Run manifests, or replay the recording of a cluster, behind a Kubernetes API on loopback'
complete -c probesim -n "__fish_probesim_using_subcommand help; and not __fish_seen_subcommand_from serve lab predict check ctl help" -f -a "predict" -d 'Say what the probes of a manifest will come to: restarts a day, unready share, time to detect, findings'
complete -c probesim -n "__fish_probesim_using_subcommand help; and not __fish_seen_subcommand_from serve lab predict check ctl help" -f -a "check" -d 'Probe a server once, as an exec probe in an image without a shell: exit code 0 or 1'
complete -c probesim -n "__fish_probesim_using_subcommand help; and not __fish_seen_subcommand_from serve lab predict check ctl help" -f -a "ctl" -d 'Change the faults of running servers: of one, or of all behind a name'
complete -c probesim -n "__fish_probesim_using_subcommand help; and not __fish_seen_subcommand_from serve lab predict check ctl help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c probesim -n "__fish_probesim_using_subcommand help; and __fish_seen_subcommand_from check" -f -a "http" -d 'GET a path as a kubelet does: 200 to 399 is a success, also after redirects on the same host; of https no certificate is checked'
complete -c probesim -n "__fish_probesim_using_subcommand help; and __fish_seen_subcommand_from check" -f -a "tcp" -d 'Connect'
complete -c probesim -n "__fish_probesim_using_subcommand help; and __fish_seen_subcommand_from check" -f -a "grpc" -d 'Ask for health over gRPC: SERVING is a success'
complete -c probesim -n "__fish_probesim_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "put" -d 'Replace the live faults, or those of one endpoint'
complete -c probesim -n "__fish_probesim_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "patch" -d 'Add to the live faults'
complete -c probesim -n "__fish_probesim_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "delete" -d 'Take the live faults away, or those of one endpoint'
complete -c probesim -n "__fish_probesim_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "reset" -d 'Take all live faults away'
complete -c probesim -n "__fish_probesim_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "state" -d 'Print the state of each replica as JSON'
complete -c probesim -n "__fish_probesim_using_subcommand help; and __fish_seen_subcommand_from ctl" -f -a "exit" -d 'End the process, as a crash does'
