#!/bin/sh
# Puts Godot 4 with software drawing into one folder, and leaves the rest of the system as it is.
#
#   sh tools/get-godot.sh FOLDER      prints one line: the launcher, FOLDER/bin/godot4
#
# Beside it: FOLDER/bin/godot4-xvfb (in a virtual screen; needs Xvfb, which is installed here when we are root) and
# FOLDER/templates/linux_{debug,release} (export templates).
#
# The packages come from the Debian mirror of this machine's own apt, of a suite new enough for Godot 4, checked by
# Debian's keyring; no maintainer script runs. A second run answers at once. Exit code 77: this machine cannot have it,
# and the last line on stderr says why.
#
#   SUITE="forky sid"   suites to try in turn       MIRROR=URL   another mirror
#   FORCE=1             fetch and unpack again
set -eu

name=get-godot
# shellcheck source=tools/private-apt.sh
. "$(dirname "$0")/private-apt.sh"

[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
home_folder "$1"
launcher=$home/bin/godot4
wanted="godot godot-template-release godot-template-debug patchelf libgl1 libglx-mesa0 libegl1 libegl-mesa0 libgl1-mesa-dri"

need_tools() {
  find_mirror
  architecture=$(dpkg --print-architecture)
  case $architecture in
    amd64) triple=x86_64-linux-gnu; loader=ld-linux-x86-64.so.2 ;;
    arm64) triple=aarch64-linux-gnu; loader=ld-linux-aarch64.so.1 ;;
    *) cannot "no packages for the architecture $architecture" ;;
  esac
}

# Godot needs no virtual screen for tests, only for pictures: a failure here is told, not fatal.
install_xvfb() {
  command -v xvfb-run >/dev/null && command -v xauth >/dev/null && return 0
  [ "$(id -u)" = 0 ] || { say "pictures need Xvfb: apt-get install xvfb xauth (as root)"; return 0; }
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends xvfb xauth >&2 ||
    { apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends xvfb xauth >&2; } ||
    say "Xvfb could not be installed: no pictures on this machine"
}

# The word list of packages is split on purpose.
# shellcheck disable=SC2086
fetch() { # $1 = suite
  configure_apt "$1" "$architecture"
  $private_apt update >&2 || return 1
  $private_apt -o Dir::Cache::archives="$apt/none" -y --print-uris install $wanted >"$apt/uris" || return 1
  [ -s "$apt/uris" ] || return 1
  $private_apt -y --download-only install $wanted >&2
}

fetch_any() {
  for suite in ${SUITE:-forky sid}; do
    if fetch "$suite"; then say "packages from $suite"; return 0; fi
  done
  return 1
}

unpack_all() {
  rm -f "$home/.complete"
  fresh_root
  sed -n "s/^'[^']*' \([^ ]*\) .*/\1/p" "$apt/uris" >"$apt/packages"
  while read -r package; do
    unpack "$apt/archives/$package"
  done <"$apt/packages"
}

# The programs get the folder's own loader and library path (DT_RPATH: it also serves dlopen, and children do not
# inherit it). A library with a RUNPATH of its own would ignore that and find this system's libraries: cleared.
bind_to_own_libraries() {
  libraries=$root/usr/lib/$triple
  path=$libraries:$libraries/pulseaudio
  own_patchelf() { "$libraries/$loader" --library-path "$path" "$root/usr/bin/patchelf" "$@"; }
  for program in "$root"/usr/bin/godot "$root"/usr/bin/godot-template-*; do
    [ ! -x "$program" ] ||
      own_patchelf --set-interpreter "$libraries/$loader" --force-rpath --set-rpath "$path" "$program"
  done
  find "$libraries" -maxdepth 2 -type f -name 'lib*.so*' >"$apt/libraries"
  while read -r library; do
    old=$(own_patchelf --print-rpath "$library" 2>/dev/null) || continue
    [ -z "$old" ] || own_patchelf --remove-rpath "$library"
  done <"$apt/libraries"
}

write_launchers() {
  mkdir -p "$home/bin" "$home/templates"
  for kind in debug release; do
    [ ! -x "$root/usr/bin/godot-template-$kind" ] ||
      ln -sfn "$root/usr/bin/godot-template-$kind" "$home/templates/linux_$kind"
  done
  cat >"$launcher" <<END
#!/bin/sh
export FONTCONFIG_FILE=$root/etc/fonts/fonts.conf FONTCONFIG_SYSROOT=$root
export XKB_CONFIG_ROOT=$root/usr/share/X11/xkb XLOCALEDIR=$root/usr/share/X11/locale
export LIBGL_DRIVERS_PATH=$libraries/dri GBM_BACKENDS_PATH=$libraries/gbm DRIRC_CONFIGDIR=$root/usr/share/drirc.d
export __EGL_VENDOR_LIBRARY_DIRS=$root/usr/share/glvnd/egl_vendor.d
exec $root/usr/bin/godot "\$@"
END
  cat >"$launcher-xvfb" <<END
#!/bin/sh
command -v xvfb-run >/dev/null || { echo "pictures need Xvfb: apt-get install xvfb xauth" >&2; exit 77; }
export LIBGL_ALWAYS_SOFTWARE=1
exec xvfb-run -a -s "-screen 0 \${XVFB_SCREEN:-1920x1080x24}" $launcher --audio-driver Dummy "\$@"
END
  chmod 755 "$launcher" "$launcher-xvfb"
}

install_xvfb
if [ -z "${FORCE:-}" ] && [ "$(cat "$home/.complete" 2>/dev/null)" = "$wanted" ] &&
  "$launcher" --headless --version >/dev/null 2>&1; then
  echo "$launcher"
  exit 0
fi
need_tools
fetch_any || cannot "no suite of $mirror offers: $wanted"
unpack_all
bind_to_own_libraries
write_launchers
"$launcher" --headless --version >&2 || cannot "the unpacked Godot does not start"
printf '%s' "$wanted" >"$home/.complete"
echo "$launcher"
