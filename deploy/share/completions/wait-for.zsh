#compdef wait-for

autoload -U is-at-least

_wait-for() {
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
'-n+[Namespace of targets that name none \[env\: WAIT_FOR_NAMESPACE\] \[default\: the pod'\''s own, or the context'\''s\]]:NAME:_default' \
'--namespace=[Namespace of targets that name none \[env\: WAIT_FOR_NAMESPACE\] \[default\: the pod'\''s own, or the context'\''s\]]:NAME:_default' \
'--timeout=[Give up after this time, with a unit\: 90s, 5m; 0 is never \[env\: WAIT_FOR_TIMEOUT\] \[default\: 0\]]:DURATION:_default' \
'--on-timeout=[When the time is over\: fail, or continue as if the gate were open \[env\: WAIT_FOR_ON_TIMEOUT\] \[default\: fail\]]:fail|continue:_default' \
'--stable-for=[A met condition must hold this long \[env\: WAIT_FOR_STABLE_FOR\] \[default\: 0s\]]:DURATION:_default' \
'--fail-fast=[When waiting is hopeless\: certain, likely or off \[env\: WAIT_FOR_FAIL_FAST\] \[default\: certain\]]:certain|likely|off:_default' \
'--newer-than=[Objects older than this time, or than our own pod (self), do not count \[env\: WAIT_FOR_NEWER_THAN\]]:TIME|self:_default' \
'--missing=[What it means that an object does not exist\: wait, fail or ok \[env\: WAIT_FOR_MISSING\] \[default\: wait\]]:wait|fail|ok:_default' \
'--config=[Targets and settings as YAML \[env\: WAIT_FOR_CONFIG\]]:FILE:_default' \
'--output=[text, or json\: one object a line on stdout \[env\: WAIT_FOR_OUTPUT\] \[default\: text\]]:text|json:_default' \
'--print=[Print the least rights for the targets, or the initContainer, and end]:rbac|init-container:_default' \
'--print-name=[What is printed is called this \[default\: after the targets\]]:NAME:_default' \
'--interval=[Time between looks where watching is forbidden \[env\: WAIT_FOR_INTERVAL\] \[default\: 2s\]]:DURATION:_default' \
'--kubeconfig=[Kubeconfig to use \[env\: WAIT_FOR_KUBECONFIG, KUBECONFIG\] \[default\: ~/.kube/config, else the pod'\''s account\]]:FILE:_default' \
'--context=[Context of the kubeconfig \[env\: WAIT_FOR_CONTEXT\] \[default\: its current one\]]:NAME:_default' \
'--termination-log=[File for the last reason, if it exists \[env\: WAIT_FOR_TERMINATION_LOG\] \[default\: /dev/termination-log\]]:FILE:_default' \
'--resource=[Kind of the one target that is spelt out]:KIND:_default' \
'--name=[Its name]:NAME:_default' \
'-l+[Labels, instead of a name]:SELECTOR:_default' \
'--selector=[Labels, instead of a name]:SELECTOR:_default' \
'--condition=[Its condition]:CONDITION:_default' \
'--resource-type=[A kind; with it, no --namespace is all, a bare --timeout is minutes \[env\: RESOURCE_TYPE\]]:KIND:_default' \
'--label-selector=[Labels; none means all objects of the kind \[env\: LABEL_SELECTOR\]]:SELECTOR:_default' \
'--any[Open when one target is met \[env\: WAIT_FOR_ANY=true\]]' \
'--all[Open when all targets are met, which is the default]' \
'--once[Look once, print every verdict, exit 0 (met), 3 (not yet) or 1 (never) \[env\: WAIT_FOR_ONCE=true\]]' \
'-q[Log only what goes wrong; the result is printed all the same \[env\: WAIT_FOR_QUIET=true\]]' \
'--quiet[Log only what goes wrong; the result is printed all the same \[env\: WAIT_FOR_QUIET=true\]]' \
'-v[Log requests and what ended a watch too \[env\: WAIT_FOR_VERBOSE=true\]]' \
'--verbose[Log requests and what ended a watch too \[env\: WAIT_FOR_VERBOSE=true\]]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
'*::targets -- KIND/NAME\[@NAMESPACE\]\[\:CONDITION\], by label KIND/SELECTOR\[…\]\[…\],
tcp\://HOST\:PORT, http\[s\]\://…, grpc\://HOST\:PORT\[/SERVICE\] or dns\://NAME:_default' \
&& ret=0
}

(( $+functions[_wait-for_commands] )) ||
_wait-for_commands() {
    local commands; commands=()
    _describe -t commands 'wait-for commands' commands "$@"
}

if [ "$funcstack[1]" = "_wait-for" ]; then
    _wait-for "$@"
else
    compdef _wait-for wait-for
fi
