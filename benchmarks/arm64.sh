#!/usr/bin/env bash
# Runs a .tflite lifter on 64-bit Arm, emulated, and compares its poses with this machine's.
#
#   benchmarks/arm64.sh LIFTER.tflite [FOLDER]
#
# Makes an environment in FOLDER (default: build/arm64), once: Debian's arm64 Python, unpacked and
# not installed, and the aarch64 wheels of NumPy and ai-edge-litert. The system's own packages and
# sources stay as they are. Needs Debian or Ubuntu on x86-64, qemu-user-static (apt-get install),
# and this package with its extra `export` in the Python that $PYTHON names (default: python3).
# An emulator's speed says nothing of a phone's.
set -euo pipefail

if [ $# -lt 1 ]; then
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
    exit 2
fi
lifter=$(realpath "$1")
folder=$(realpath -m "${2:-build/arm64}")
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
PYTHON=${PYTHON:-python3}
root=$folder/root
wheels=$folder/wheels

command -v qemu-aarch64-static >/dev/null || {
    echo "error: qemu-aarch64-static is missing: apt-get install qemu-user-static" >&2
    exit 1
}

unpack_python() {
    # An apt of its own: this system's sources, but another architecture and no package installed.
    local apt=$folder/apt
    mkdir -p "$apt"/{lists/partial,cache/archives/partial} "$root.partial"
    : >"$apt/status"
    local options=(
        -qq
        -o APT::Architecture=arm64 -o APT::Architectures=arm64
        -o Dir::State::Lists="$apt/lists" -o Dir::State::Status="$apt/status"
        -o Dir::Cache="$apt/cache" -o Dir::Cache::Archives="$apt/cache/archives"
        -o APT::Install-Recommends=false -o APT::Sandbox::User=
        -o pkgCacheGen::Essential=none -o Debug::NoLocking=true
    )
    apt-get "${options[@]}" update
    apt-get "${options[@]}" install --download-only --yes python3 libstdc++6
    local package
    for package in "$apt"/cache/archives/*.deb; do
        dpkg-deb -x "$package" "$root.partial"
    done
    describe_processor "$root.partial"
    mv "$root.partial" "$root"
}

describe_processor() {
    # LiteRT chooses its kernels by these files; those of this machine describe no Arm, and an
    # emulated program that reads them crashes. A core of phones since 2018, alone.
    local cpu=$1/sys/devices/system/cpu file
    mkdir -p "$1/proc" "$cpu"
    for file in possible present kernel_max; do echo 0 >"$cpu/$file"; done
    cat >"$1/proc/cpuinfo" <<'TEXT'
processor	: 0
Features	: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x1
CPU part	: 0xd0b
CPU revision	: 0
TEXT
}

arm() {
    qemu-aarch64-static -cpu cortex-a76 -L "$root" -E PYTHONHOME="$root/usr" -E PYTHONPATH="$wheels" \
        -E PYTHONDONTWRITEBYTECODE=1 -U LD_PRELOAD "$root/usr/bin/python3" "$@"
}

[ -d "$root" ] || unpack_python
if [ ! -d "$wheels" ]; then
    version=$(arm -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    "$PYTHON" -m pip install --quiet --no-warn-conflicts --target "$wheels.partial" --only-binary=:all: \
        --python-version "$version" --implementation cp \
        --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 \
        --platform manylinux2014_aarch64 numpy ai-edge-litert
    mv "$wheels.partial" "$wheels"
fi

"$PYTHON" "$here/arm64.py" poses "$folder/poses.npz"
"$PYTHON" "$here/arm64.py" lift "$lifter" "$folder/poses.npz" "$folder/here.npz"
arm "$here/arm64.py" lift "$lifter" "$folder/poses.npz" "$folder/arm64.npz"
"$PYTHON" "$here/arm64.py" compare "$folder/here.npz" "$folder/arm64.npz"
