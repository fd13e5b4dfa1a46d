# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_probesim_global_optspecs
    string join \n port= listen= failure-rate= latency= liveness-fail-after-time= readiness-fail-after-time= disconnect-after= reconnect-after= fail-dependency= fail-count= recovery-period= startup-delay= seed= drain-delay= grace= log-level= h/help V/version
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
complete -c probesim -n "__fish_probesim_needs_command" -l log-level -d 'error, warn, info, or debug, which shows each decision [env: LOG_LEVEL] [default: info]' -r
complete -c probesim -n "__fish_probesim_needs_command" -s h -l help -d 'Print help'
complete -c probesim -n "__fish_probesim_needs_command" -s V -l version -d 'Print version'
complete -c probesim -n "__fish_probesim_needs_command" -f -a "serve" -d 'Serve /liveness, /readiness, /startup and /dependency: the default'
complete -c probesim -n "__fish_probesim_needs_command" -f -a "lab" -d 'Replay the recording of a cluster as a Kubernetes API on loopback'
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
complete -c probesim -n "__fish_probesim_using_subcommand serve" -l log-level -d 'error, warn, info, or debug, which shows each decision [env: LOG_LEVEL] [default: info]' -r
complete -c probesim -n "__fish_probesim_using_subcommand serve" -s h -l help -d 'Print help'
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l replay -d 'Recording to replay: watch frames and steps as JSON lines' -r -F
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l speed -d 'How many times faster than it was recorded' -r
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l from -d 'Begin at this second of the recording' -r
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l listen -d 'Address to listen on; port 0 picks a free one' -r
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l kubeconfig-out -d 'Write a kubeconfig for this server to a file' -r -F
complete -c probesim -n "__fish_probesim_using_subcommand lab" -l keep-times -d 'Keep the times in the objects as they were recorded, instead of moving them to now'
complete -c probesim -n "__fish_probesim_using_subcommand lab" -s h -l help -d 'Print help'
complete -c probesim -n "__fish_probesim_using_subcommand help; and not __fish_seen_subcommand_from serve lab help" -f -a "serve" -d 'Serve /liveness, /readiness, /startup and /dependency: the default'
complete -c probesim -n "__fish_probesim_using_subcommand help; and not __fish_seen_subcommand_from serve lab help" -f -a "lab" -d 'Replay the recording of a cluster as a Kubernetes API on loopback'
complete -c probesim -n "__fish_probesim_using_subcommand help; and not __fish_seen_subcommand_from serve lab help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
