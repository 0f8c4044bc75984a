# The rest of this script is the same for every finding, up to the steps at its end.
set -u
here=$(cd "$(dirname "$0")" && pwd)

# Namespaces of its own: whatever a runtime leaves running or mounted ends with this script.  One script at a time, since
# all of them name their cgroups alike.
if [ -z "${SEATRIAL_APART:-}" ] && unshare --mount --uts --pid --fork true 2>/dev/null; then
    export SEATRIAL_APART=1
    exec flock --close /sys/fs/cgroup unshare --mount --uts --pid --fork --kill-child --mount-proc sh "$0"
fi

# The name that the host had where the violation was found.
[ -n "${SEATRIAL_APART:-}" ] && echo seatrial >/proc/sys/kernel/hostname

work=$(mktemp -d /tmp/seatrial.XXXXXX) || exit 2
export work STATE="$work/state"
trap clean EXIT
status=0

# The bundles lay on a filesystem of their own there, too.
chmod 755 "$work"
[ -n "${SEATRIAL_APART:-}" ] && mount -t tmpfs -o mode=755 seatrial "$work"

# Some runtimes refuse a host with cgroup v1 that leaves controllers to v2: give these to v1 while this runs.
v2=/sys/fs/cgroup/unified/cgroup.controllers
if [ -n "${SEATRIAL_APART:-}" ] && [ -e "$v2" ]; then
    for controller in $(cat "$v2"); do
        mkdir -p "$work/cgroup-$controller"
        mount -t cgroup -o "$controller" cgroup "$work/cgroup-$controller" 2>/dev/null
    done
fi

# runtime ARGUMENT...: the runtime, called by a shell that the commands in $under have changed first; what hangs is
# killed after a minute.
before=
under=
limit=$(command -v timeout >/dev/null && echo timeout --foreground -s KILL "${SEATRIAL_TIMEOUT:-60}")
runtime() {
    sh -euc "$before$under
        exec $limit \"\$@\"" sh ${RUNTIME:-$default} --root "$work/state" "$@"
}

clean() {
    for name in $containers; do runtime delete --force "$name" >/dev/null 2>&1; done
    for name in $cgroups; do
        for folder in /sys/fs/cgroup/"$name" /sys/fs/cgroup/*/"$name" "$work"/cgroup-*/"$name"; do
            [ -d "$folder" ] && find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null
        done
    done
    awk -v work="$work/" 'index($5 "/", work) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
        while read -r point; do umount -l "$point"; done
    rm -rf --one-file-system "$work"
}

# bundle NUMBER: lay out a bundle.
bundle() {
    for folder in $folders; do mkdir -p "$work/$1/rootfs$folder"; done
    cp "$here/probe" "$work/$1/rootfs/probe" && chmod 755 "$work/$1/rootfs/probe"
    sed "s|@WORK@|$work|g" "$here/config-$1.json" >"$work/$1/config.json"
}

# call NAME ARGUMENT...: one operation of the runtime; its status is kept, its output shown and kept.
call() {
    echo "+ $*"
    runtime "$@" >"$work/output" 2>&1 </dev/null
    status=$?
    cat "$work/output"
    echo "  exit status $status"
    under=
}

# create NUMBER ARGUMENT...: as call; what the program prints goes to files of its own.
create() {
    n=$1
    shift
    echo "+ create $*"
    runtime create --pid-file "$work/$n.pid" "$@" >"$work/$n.stdout" 2>"$work/$n.stderr" </dev/null
    status=$?
    cat "$work/$n.stderr"
    echo "  exit status $status"
    under=
}

# begin call|create ARGUMENT...: begin one of several operations at once.
pids=
begin() {
    rm -f "$work/running"
    (limit= before='echo $$ >"$work/running"; ' && "$@"; exit "$status") &
    pids="$pids $!"
    under=
}

# awaited: wait for all operations that were begun, and count those that were accepted.
awaited() {
    accepted=0
    for pid in $pids; do
        wait "$pid"
        status=$?
        [ "$status" -ne 0 ] || accepted=$((accepted + 1))
    done
    pids=
    echo "  accepted: $accepted"
}

# strike SIGNAL CONDITION: send a signal to the runtime that was begun last, as soon as a shell command succeeds.
strike() {
    until [ -s "$work/running" ]; do :; done
    pid=$(cat "$work/running")
    until eval "$2" || ! kill -s 0 "$pid" 2>/dev/null; do :; done
    echo "+ kill -$1 the runtime as soon as: $2"
    kill -s "$1" "$pid" 2>/dev/null
}

# signal SIGNAL NUMBER: send a signal to the container's process.
signal() {
    echo "+ kill -$1 the process of container $2"
    kill -s "$1" "$(cat "$work/$2.pid")"
}

# alive TEXT: whether there is a process whose command line has a text in it.
alive() {
    for file in /proc/[0-9]*/cmdline; do
        case $(tr '\0' ' ' <"$file" 2>/dev/null) in *"$1"*) return 0 ;; esac
    done
    return 1
}

# ended NUMBER: wait until the program is gone.
ended() {
    pid=$(cat "$work/$1.pid" 2>/dev/null)
    while [ -n "$pid" ] && grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$pid/status"; do sleep 0.01; done
}

# printed NUMBER TEXT: wait until the program has printed a text, for ten seconds at most.
printed() {
    turns=0
    until grep -qF -e "$2" "$work/$1.stdout" 2>/dev/null || [ "$turns" -gt 1000 ]; do
        turns=$((turns + 1))
        sleep 0.01
    done
}

# told: a text without what is another one each time: white space, places, numbers of processes, mounts and devices.
told() {
    sed -E "s|$work/[0-9]+|BUNDLE|g; s|/run/seatrial/[^/]+/bundles/[0-9]+|BUNDLE|g" | tr -d ' \n\t' | sed -E '
        s/"id":[0-9]+,"parent":[0-9]+,"device":"[^"]*","root":"[^"]*",//g
        s/("point":"\/","options":\[[^]]*\],"propagation":\[[^]]*\]),"type":"[^"]*","source":"[^"]*","super_options":\[[^]]*\]/\1/g
        s/("type":"sysfs","source":"[^"]*","super_options":)\[[^]]*\]/\1/g
        s/"(shared|master|propagate_from):[0-9]+"/"\1"/g
        s/("verb":"stdin","args":\[\],"result":)[0-9]+/\1/g
        s/(pid\\?":)[0-9]{2,}/\1/g
        s/"(cpu_ms|wall_ms|inode|accessed|modified)":[0-9]+/"\1":/g
        s/"device":"[^"]*"//g'
}

# judge FOUND FILE: still there (1) if the text that was found is in the file again; else gone (0).
judge() {
    echo "When the violation was found, this was seen: $1"
    told <"$2" | grep -qF -e "$(printf %s "$1" | told)" && exit 1
    exit 0
}

# judge_namespace FOUND KIND: still there (1) if the program's namespace is new, or inherited, as it was; else gone (0).
judge_namespace() {
    found=$(part '"namespaces":{' '}' "$work/$n.stdout" | sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p")
    [ "$found" = "$(stat -L -c %i "/proc/self/ns/$2")" ] && now=inherited || now=new
    echo "When the violation was found, the $2 namespace was $1; now it is $now."
    [ -n "$found" ] && [ "$now" = "$1" ] && exit 1
    exit 0
}

# judge_lacking WANTED: still there (1) if a text is missing in what the last call has printed; else gone (0).
judge_lacking() {
    told <"$work/output" | grep -qF -e "$(printf %s "$1" | told)" && exit 0
    echo "The runtime did not say: $1"
    exit 1
}

# judge_silent: still there (1) if the program did not report; else gone (0).
judge_silent() {
    grep -q '^{"report":' "$work/$n.stdout" && exit 0
    echo "The program did not report."
    exit 1
}

# judge_unequal END BEGINNING: still there (1) if the programs of the first two containers differ in a part of what they
# have reported; else gone (0).
judge_unequal() {
    one=$(part "$2" "$1" "$work/1.stdout" | told)
    other=$(part "$2" "$1" "$work/2.stdout" | told)
    printf '%s\n' 'These two must not differ:' "$one" "$other"
    [ "$one" != "$other" ] && exit 1
    exit 0
}

# part BEGINNING END FILE: a part of the report in a file; without an end the lines that begin so.
part() {
    awk -v a="$1" -v b="$2" '
        b == "" && index($0, a) == 1 { print }
        b != "" && index($0, "{\"report\":") == 1 {
            rest = substr($0, index($0, a))
            print substr(rest, 1, index(rest, b) - 1)
            exit
        }' "$3"
}

# judge_tags FOUND FILE: still there (1) if the same words were said in the same order; else gone (0).
judge_tags() {
    printf '%s\n%s\n%s\n' 'When the violation was found, this was said:' "$1" 'And now:'
    grep '^{"tag":' "$2"
    [ "$(grep '^{"tag":' "$2")" = "$1" ] && exit 1
    exit 0
}

