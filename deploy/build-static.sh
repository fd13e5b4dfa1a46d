#!/usr/bin/env bash
# Builds the static binaries: deploy/build-static.sh OUTDIR makes OUTDIR/wait-for, OUTDIR/probesim, and
# OUTDIR/probesim-serve, which is probesim without its lab and predictions: what the image for pods holds.
#
# The musl target makes the smaller binaries; where it cannot be installed, glibc is linked statically.
set -euo pipefail

out=${1:?usage: deploy/build-static.sh OUTDIR}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$(dirname "$0")/.."

machine=$(uname -m)
target="$machine-unknown-linux-musl"
if command -v rustup >/dev/null && ! rustup target list --installed | grep -qx "$target"; then
    rustup target add "$target" || true
fi

# Relative relocations in the compact form: position-independent, about 100 kB smaller.
# Panic messages name files as their crates do, not where they lie on the machine that builds.
flags="-C link-arg=-Wl,-z,pack-relative-relocs"
flags="$flags --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src/= --remap-path-prefix=$PWD/="
sysroot=$(rustc --print sysroot)
if [ -d "$sysroot/lib/rustlib/$target/lib" ] && command -v musl-gcc >/dev/null; then
    echo "building for $target"
    flags="$flags -C link-arg=-Wl,--no-eh-frame-hdr -C link-arg=-Wl,-T,$PWD/deploy/no-unwind-tables.ld"
    objects="$(realpath -m "${CARGO_TARGET_DIR:-target}")/no-unwind"
    mkdir -p "$objects"
    # Found before the one that comes with the toolchain.
    musl-gcc -Os -c deploy/no-unwind.c -o "$objects/no-unwind.o"
    ar rcs "$objects/libunwind.a" "$objects/no-unwind.o"
    flags="$flags -L native=$objects"
else
    target="$machine-unknown-linux-gnu"
    flags="$flags -C target-feature=+crt-static"
    echo "no musl target or no musl-gcc (Debian: musl-tools): building for $target with glibc linked in"
fi

# One package at a time, so that the features of one do not reach the other.
build() { # NAME PACKAGE PROFILE [OPTION]...
    RUSTFLAGS="${RUSTFLAGS:-} $flags" cargo build --locked --profile "$3" --target "$target" -p "$2" "${@:4}"
    install -m 755 "${CARGO_TARGET_DIR:-target}/$target/$3/$2" "$out/$1"
}
build wait-for wait-for release
build probesim probesim lab
build probesim-serve probesim server --no-default-features

for binary in wait-for probesim probesim-serve; do
    if ldd "$out/$binary" 2>&1 | grep -q '=>'; then
        echo "$out/$binary is not static" >&2
        exit 1
    fi
    printf '%9d bytes  %s\n' "$(stat -c %s "$out/$binary")" "$out/$binary"
done
