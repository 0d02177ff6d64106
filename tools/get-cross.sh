#!/bin/sh
# Puts what is needed to compile and run Rust programs for three other processors into one folder.
#
#   sh tools/get-cross.sh FOLDER      prints one line: FOLDER/cross.env, KEY=VALUE lines for the environment of cargo
#
# The processors: aarch64 (NEON), s390x (big-endian) and wasm32 (WASI). Compilers and system libraries of the first two
# and the emulator qemu come from this machine's own apt; the wasm runtime from PyPI. The standard libraries come
# from rustup where it can add targets (the same compiler as for the native build then), else, with a second compiler of
# their own, from a newer Debian suite, unpacked in FOLDER and checked by Debian's keyring: the system's Rust stays as it is.
# A second run answers at once. Exit code 77: this machine cannot have it, and the last line on stderr says why.
#
#   SUITE=sid      the Debian suite of the second compiler      MIRROR=URL   another mirror
#   ROUTE=debian   do not try rustup                            FORCE=1      everything again
set -eu

targets="aarch64-unknown-linux-gnu s390x-unknown-linux-gnu wasm32-wasip1"
packages="gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user-static"
simd="-C target-feature=+simd128"
name=get-cross
# shellcheck source=tools/private-apt.sh
. "$(dirname "$0")/private-apt.sh"

[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
home_folder "$1"
settings=$home/cross.env

# install PACKAGE ...: from this machine's apt, what is not there yet.
install() {
  missing=
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  # shellcheck disable=SC2086 # a list of words
  as_root apt-get install -y -qq --no-install-recommends $missing >&2 ||
    { as_root apt-get update -qq >&2 && as_root apt-get install -y -qq --no-install-recommends $missing >&2; } ||
    cannot "apt could not install:$missing (it takes root, or sudo without a password)"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then DEBIAN_FRONTEND=noninteractive "$@"; else sudo -n DEBIAN_FRONTEND=noninteractive "$@"; fi
}

wasm_runtime() {
  [ -x "$home/python/bin/python3" ] && "$home/python/bin/python3" -c 'import wasmtime' 2>/dev/null && return 0
  rm -rf "$home/python"
  python3 -m venv "$home/python" >&2 || cannot "python3 cannot make a virtual environment (install python3-venv)"
  "$home/python/bin/pip" install --quiet --disable-pip-version-check wasmtime >&2 || cannot "pip could not install wasmtime"
}

by_rustup() {
  [ "${ROUTE:-rustup}" = rustup ] && command -v rustup >/dev/null || return 1
  # shellcheck disable=SC2086
  timeout 300 rustup --quiet target add $targets >&2
}

# The compiler of a newer Debian, with the standard libraries built for the other processors, bound to its own loader.
by_debian() {
  [ "$(dpkg --print-architecture)" = amd64 ] || cannot "no rustup that can add targets, and Debian's way is for amd64 only"
  find_mirror
  install patchelf lld-16
  configure_apt "${SUITE:-sid}" amd64,arm64,s390x
  say "fetching a compiler with its libraries from Debian ${SUITE:-sid}"
  $private_apt update >&2 || cannot "the package lists of ${SUITE:-sid} cannot be had from the mirror"
  $private_apt -y --download-only install rustc libstd-rust-dev-wasm32 wasi-libc >&2 ||
    cannot "the compiler could not be fetched"
  (cd "$apt/archives" &&
    $private_apt download libstd-rust-dev:arm64 libstd-rust-dev:s390x >&2) ||
    cannot "the standard libraries could not be fetched"
  fresh_root
  for package in "$apt"/archives/*.deb; do
    unpack "$package"
  done
  bind_to_own_loader
}

# A library with a search path of its own would fall back on the host's libraries.
bind_to_own_loader() {
  libraries=$root/usr/lib/x86_64-linux-gnu
  find "$libraries" -type f -name 'lib*.so*' | while read -r file; do
    path=$(patchelf --print-rpath "$file" 2>/dev/null) || continue
    [ -z "$path" ] || patchelf --remove-rpath "$file"
  done
  for program in rustc rustdoc; do
    file=$(readlink -f "$root/usr/bin/$program")
    patchelf --set-interpreter "$libraries/ld-linux-x86-64.so.2" --force-rpath --set-rpath "$libraries" "$file"
  done
  "$root/usr/bin/rustc" --version >&2 || cannot "the unpacked compiler does not start"
}

write_settings() {
  {
    if [ "$1" = debian ]; then
      echo "RUSTC=$root/usr/bin/rustc"
      echo "RUSTDOC=$root/usr/bin/rustdoc"
      echo "CARGO_TARGET_WASM32_WASIP1_LINKER=wasm-ld-16"
      echo "CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS=$simd -C linker-flavor=wasm-ld"
    else
      echo "CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS=$simd"
    fi
    echo "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc"
    echo "CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_LINKER=s390x-linux-gnu-gcc"
    echo "RUN_AARCH64_UNKNOWN_LINUX_GNU=qemu-aarch64-static -L /usr/aarch64-linux-gnu"
    echo "RUN_S390X_UNKNOWN_LINUX_GNU=qemu-s390x-static -L /usr/s390x-linux-gnu"
    echo "RUN_WASM32_WASIP1=$home/python/bin/python3 tools/run-wasm.py"
  } >"$settings.new"
  mv "$settings.new" "$settings"
}

if [ -z "${FORCE:-}" ] && [ -s "$settings" ]; then
  echo "$settings"
  exit 0
fi
command -v apt-get >/dev/null || cannot "no apt-get here: the cross compilers and qemu are taken from Debian packages"
# shellcheck disable=SC2086
install $packages
wasm_runtime
if by_rustup; then
  say "the standard libraries come from rustup"
  write_settings rustup
else
  by_debian
  write_settings debian
fi
echo "$settings"
