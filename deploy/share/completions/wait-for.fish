complete -c wait-for -s n -l namespace -d 'Namespace of targets that name none [env: WAIT_FOR_NAMESPACE] [default: the pod\'s own, or the context\'s]' -r
complete -c wait-for -l timeout -d 'Give up after this time, with a unit: 90s, 5m; 0 is never [env: WAIT_FOR_TIMEOUT] [default: 0]' -r
complete -c wait-for -l on-timeout -d 'When the time is over: fail, or continue as if the gate were open [env: WAIT_FOR_ON_TIMEOUT] [default: fail]' -r
complete -c wait-for -l stable-for -d 'A met condition must hold this long [env: WAIT_FOR_STABLE_FOR] [default: 0s]' -r
complete -c wait-for -l fail-fast -d 'When waiting is hopeless: certain, likely or off [env: WAIT_FOR_FAIL_FAST] [default: certain]' -r
complete -c wait-for -l newer-than -d 'Objects older than this time, or than our own pod (self), do not count [env: WAIT_FOR_NEWER_THAN]' -r
complete -c wait-for -l missing -d 'What it means that an object does not exist: wait, fail or ok [env: WAIT_FOR_MISSING] [default: wait]' -r
complete -c wait-for -l config -d 'Targets and settings as YAML [env: WAIT_FOR_CONFIG]' -r
complete -c wait-for -l output -d 'text, or json: one object a line on stdout [env: WAIT_FOR_OUTPUT] [default: text]' -r
complete -c wait-for -l print -d 'Print the least rights for the targets, or the initContainer, and end' -r
complete -c wait-for -l print-name -d 'What is printed is called this [default: after the targets]' -r
complete -c wait-for -l interval -d 'Time between looks where watching is forbidden [env: WAIT_FOR_INTERVAL] [default: 2s]' -r
complete -c wait-for -l kubeconfig -d 'Kubeconfig to use [env: WAIT_FOR_KUBECONFIG, KUBECONFIG] [default: ~/.kube/config, else the pod\'s account]' -r
complete -c wait-for -l context -d 'Context of the kubeconfig [env: WAIT_FOR_CONTEXT] [default: its current one]' -r
complete -c wait-for -l termination-log -d 'File for the last reason, if it exists [env: WAIT_FOR_TERMINATION_LOG] [default: /dev/termination-log]' -r
complete -c wait-for -l resource -d 'Kind of the one target that is spelt out' -r
complete -c wait-for -l name -d 'Its name' -r
complete -c wait-for -s l -l selector -d 'Labels, instead of a name' -r
complete -c wait-for -l condition -d 'Its condition' -r
complete -c wait-for -l resource-type -d 'A kind; with it, no --namespace is all, a bare --timeout is minutes [env: RESOURCE_TYPE]' -r
complete -c wait-for -l label-selector -d 'Labels; none means all objects of the kind [env: LABEL_SELECTOR]' -r
complete -c wait-for -l any -d 'Open when one target is met [env: WAIT_FOR_ANY=true]'
complete -c wait-for -l all -d 'Open when all targets are met, which is the default'
complete -c wait-for -l once -d 'Look once, print every verdict, exit 0 (met), 3 (not yet) or 1 (never) [env: WAIT_FOR_ONCE=true]'
complete -c wait-for -s q -l quiet -d 'Log only what goes wrong; the result is printed all the same [env: WAIT_FOR_QUIET=true]'
complete -c wait-for -s v -l verbose -d 'Log requests and what ended a watch too [env: WAIT_FOR_VERBOSE=true]'
complete -c wait-for -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wait-for -s V -l version -d 'Print version'
