#!/bin/sh
# Guess:    getaddrinfo of musl and of glibc read the same names from the same resolv.conf, whatever the length of its
#           `search` line; a Kubernetes pod may have one of 2048 characters (32 domains).
# Instead:  musl passes over a line that does not fit its buffer of 256 bytes: a `search` line of 255 bytes or more is not
#           there at all, and each short name is looked up as it stands. No error tells it from a name that does not exist.
#           glibc (2.26 and later) follows lines of any length.
# Seen:     musl 1.2.3 (Debian 1.2.3-1, linked statically), glibc 2.36 (Debian 2.36-9+deb12u14), x86_64; the domain that has the
#           name `redis` is the last of each line
#             search line of 100 bytes, glibc: 10.0.0.7
#             search line of 100 bytes, musl: 10.0.0.7
#             search line of 254 bytes, glibc: 10.0.0.7
#             search line of 254 bytes, musl: 10.0.0.7
#             search line of 255 bytes, glibc: 10.0.0.7
#             search line of 255 bytes, musl: no such name
#             search line of 2048 bytes, glibc: 10.0.0.7
#             search line of 2048 bytes, musl: no such name
# Needs:    root (own mount and network namespace), gcc, musl-gcc (Debian: musl-tools), python3, unshare.
#           Exits 0 while this holds, 1 once it changes, 77 where it cannot run.
set -eu

if [ "${1-}" != inside ]; then
    [ "$(id -u)" = 0 ] || { echo "skipped: needs root for a mount namespace"; exit 77; }
    for tool in gcc musl-gcc python3 unshare; do
        command -v "$tool" >/dev/null || { echo "skipped: needs $tool"; exit 77; }
    done
    unshare --mount --net true 2>/dev/null || { echo "skipped: may not make namespaces here"; exit 77; }
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
    unshare --mount --net -- sh "$0" inside "$dir"
    exit
fi
dir=$2

cat >"$dir/resolve.c" <<'C'
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char **argv) {
    struct addrinfo hints, *found;
    char text[INET_ADDRSTRLEN];
    int error;
    if (argc != 2) return 2;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    error = getaddrinfo(argv[1], NULL, &hints, &found);
    if (error == EAI_NONAME) { puts("no such name"); return 0; }
    if (error) { puts(gai_strerror(error)); return 0; }
    puts(inet_ntop(AF_INET, &((struct sockaddr_in *)found->ai_addr)->sin_addr, text, sizeof text));
    return 0;
}
C

# Knows one name, redis.shop.test, and only its A record; says on stdout when it listens.
cat >"$dir/dns.py" <<'PY'
import fcntl, socket, struct

KNOWN, ADDRESS = b"redis.shop.test", "10.0.0.7"
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
# A new network namespace has its loopback down.
flags = struct.unpack("16sH14x", fcntl.ioctl(server, SIOCGIFFLAGS, struct.pack("16sH14x", b"lo", 0)))[1]
fcntl.ioctl(server, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))
server.bind(("127.0.0.1", 53))
print("listening", flush=True)
while True:
    query, client = server.recvfrom(512)
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].lower())
        at += 1 + query[at]
    question = query[12 : at + 5]
    known = b".".join(labels) == KNOWN
    answer = b""
    if known and question[-4:-2] == b"\0\1":
        answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 5, 4) + socket.inet_aton(ADDRESS)
    flags = 0x8580 if known else 0x8583
    server.sendto(query[:2] + struct.pack("!5H", flags, 1, bool(answer), 0, 0) + question + answer, client)
PY

# A search line of $1 bytes: the domain of redis last, before it others that fill the line (32 in all for 2048 bytes).
search() {
    python3 - "$1" <<'PY'
import sys
line, last = "search", " shop.test"
room = int(sys.argv[1]) - len(line) - len(last)
while room:
    # From " x.test" to a label of 63 bytes; no rest may be shorter than that.
    size = room if room <= 69 else min(66, room - 10)
    line += " " + "x" * (size - len(" .test")) + ".test"
    room -= size
line += last
assert len(line) == int(sys.argv[1]) and len(line.split()) <= 1 + 32
print(line)
PY
}

gcc -o "$dir/glibc" "$dir/resolve.c"
musl-gcc -static -o "$dir/musl" "$dir/resolve.c"
ldd --version | head -n 1
# The loader of musl says its version when run without a program, and fails.
for loader in /lib/ld-musl-*.so.1; do
    "$loader" 2>&1 | sed -n '1,2p' | paste -s -d ' '
done

mkfifo "$dir/ready"
python3 "$dir/dns.py" >"$dir/ready" &
server=$!
trap 'kill "$server"' EXIT
read -r _ <"$dir/ready"

: >"$dir/resolv.conf"
echo "hosts: files dns" >"$dir/nsswitch.conf"
mount --bind "$dir/resolv.conf" /etc/resolv.conf
mount --bind "$dir/nsswitch.conf" /etc/nsswitch.conf
for bytes in 100 254 255 2048; do
    { echo "nameserver 127.0.0.1"; search "$bytes"; } >"$dir/resolv.conf"
    for libc in glibc musl; do
        echo "search line of $bytes bytes, $libc: $("$dir/$libc" redis)"
    done
done | tee "$dir/seen"

cat >"$dir/expected" <<'TEXT'
search line of 100 bytes, glibc: 10.0.0.7
search line of 100 bytes, musl: 10.0.0.7
search line of 254 bytes, glibc: 10.0.0.7
search line of 254 bytes, musl: 10.0.0.7
search line of 255 bytes, glibc: 10.0.0.7
search line of 255 bytes, musl: no such name
search line of 2048 bytes, glibc: 10.0.0.7
search line of 2048 bytes, musl: no such name
TEXT
cmp -s "$dir/expected" "$dir/seen" || { echo "changed: expected"; cat "$dir/expected"; exit 1; }
