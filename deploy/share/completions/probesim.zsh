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
'--log-level=[error, warn, info, or debug, which shows each decision \[env\: LOG_LEVEL\] \[default\: info\]]:LEVEL:_default' \
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
'--log-level=[error, warn, info, or debug, which shows each decision \[env\: LOG_LEVEL\] \[default\: info\]]:LEVEL:_default' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(lab)
_arguments "${_arguments_options[@]}" : \
'--replay=[Recording to replay\: watch frames and steps as JSON lines]:RECORDING:_files' \
'--speed=[How many times faster than it was recorded]:X:_default' \
'--from=[Begin at this second of the recording]:SECONDS:_default' \
'--listen=[Address to listen on; port 0 picks a free one]:ADDR:_default' \
'--kubeconfig-out=[Write a kubeconfig for this server to a file]:FILE:_files' \
'--keep-times[Keep the times in the objects as they were recorded, instead of moving them to now]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
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
'lab:Replay the recording of a cluster as a Kubernetes API on loopback' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'probesim commands' commands "$@"
}
(( $+functions[_probesim__subcmd__help_commands] )) ||
_probesim__subcmd__help_commands() {
    local commands; commands=(
'serve:Serve /liveness, /readiness, /startup and /dependency\: the default' \
'lab:Replay the recording of a cluster as a Kubernetes API on loopback' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'probesim help commands' commands "$@"
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
