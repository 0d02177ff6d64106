#!/bin/sh
# Tests the add-on in the real engine: builds the extension, starts a host with bots, runs godot-project/tests without a
# screen, then takes a picture of the demo under Xvfb.
#
#   sh tools/godot-test.sh              tests and picture (to the build folder)
#   sh tools/godot-test.sh --picture    writes the picture to docs/pictures/godot-crowd.png
#
#   GODOT_PREFIX=FOLDER   where Godot is or is to be put      GODOT=PROGRAM   another Godot, 4.5 or later
#   GODOT_TEST_HOST=PROGRAM          a host that is built already
# Exit code 77: something that the tests need is not to be had here; the last line on stderr names it.
set -eu
cd "$(dirname "$0")/.."
repository=$PWD
target=${CARGO_TARGET_DIR:-$repository/target}
work=$target/godot-test
bots=${GODOT_TEST_BOTS:-100}
scenery=fort
mkdir -p "$work"

cannot() { echo "godot-test: $*" >&2; exit 77; }

started=
cleanup() {
  for process in $started; do kill "$process" 2>/dev/null || true; done
  for process in $started; do wait "$process" 2>/dev/null || true; done
}
trap cleanup EXIT
trap 'exit 130' INT TERM

find_godot() {
  if [ -n "${GODOT:-}" ]; then echo "$GODOT"; return; fi
  prefix=${GODOT_PREFIX:-${XDG_CACHE_HOME:-$HOME/.cache}/shieldwall/godot}
  sh tools/get-godot.sh "$prefix"
}

build() {
  cargo build --quiet -p shieldwall-godot
  # A new file, never written over: an editor may have the old one open.
  mkdir -p godot-project/addons/shieldwall/bin
  library=godot-project/addons/shieldwall/bin/libshieldwall.linux.debug.$(uname -m).so
  cp --remove-destination "$target/debug/libshieldwall_godot.so" "$library"
  host=${GODOT_TEST_HOST:-}
  if [ -z "$host" ]; then
    cargo build --quiet --release -p shieldwall-host
    host=$target/release/shieldwall
  fi
}

free_udp_port() {
  python3 -c 'import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Both end by themselves after some minutes, should this script be killed the hard way.
start_battle() {
  port=$(free_udp_port)
  "$host" serve --udp-port "$port" --no-http --scenery "$scenery" --seed 7 --duration-s 300 >"$work/serve.log" 2>&1 &
  started="$started $!"
  serve=$!
  sleep 1
  kill -0 "$serve" 2>/dev/null || { cat "$work/serve.log" >&2; echo "godot-test: the host ended at once" >&2; exit 1; }
  "$host" bots --server "127.0.0.1:$port" --bots "$bots" --scenery "$scenery" --seed 7 --duration-s 300 >"$work/bots.log" 2>&1 &
  started="$started $!"
}

run_tests() {
  golden=$(sed -n 's/^muster //p' tests/tests/goldens.txt)
  outpost=$(sed -n 's/^outpost //p' tests/tests/goldens.txt)
  status=0
  GODOT_TEST_PORT=$port GODOT_TEST_BOTS=$bots GODOT_TEST_SCENERY=$scenery \
    GODOT_TEST_MUSTER=$golden GODOT_TEST_OUTPOST=$outpost \
    timeout 240 "$godot" --headless --path godot-project --script res://tests/run.gd >"$work/tests.log" 2>&1 || status=$?
  cat "$work/tests.log"
  [ "$status" -eq 0 ] || { echo "godot-test: the tests ended with $status" >&2; exit 1; }
  # The engine's own complaints at exit come after the runner's verdict.
  if grep -E "leaked at exit|SCRIPT ERROR|panicked at" "$work/tests.log" >&2; then
    echo "godot-test: the engine complained, see above" >&2
    exit 1
  fi
}

take_picture() { # $1 = file
  command -v xvfb-run >/dev/null && command -v xauth >/dev/null || cannot "no Xvfb: apt-get install xvfb xauth"
  rm -f "$1"
  timeout 180 env LIBGL_ALWAYS_SOFTWARE=1 xvfb-run -a -s "-screen 0 1280x720x24" "$godot" --audio-driver Dummy \
    --rendering-method gl_compatibility --resolution 1280x720 --path godot-project \
    --script res://tests/picture.gd -- --port "$port" --out "$1" >"$work/picture.log" 2>&1 ||
    { cat "$work/picture.log" >&2; echo "godot-test: no picture" >&2; exit 1; }
  grep "^picture" "$work/picture.log"
  [ "$(wc -c <"$1")" -gt 100000 ] || { echo "godot-test: the picture shows next to nothing" >&2; exit 1; }
}

picture=$work/godot-crowd.png
case ${1:-} in
  --picture) mkdir -p docs/pictures; picture=$repository/docs/pictures/godot-crowd.png ;;
  "") ;;
  *) echo "usage: $0 [--picture]" >&2; exit 2 ;;
esac
command -v python3 >/dev/null || cannot "no python3"
status=0
godot=$(find_godot) || status=$?
[ "$status" -eq 0 ] || exit "$status"
build
start_battle
run_tests
take_picture "$picture"
