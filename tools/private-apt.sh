# An apt of its own in one folder, for get-godot.sh and get-cross.sh, which source this file. It believes that nothing is
# installed, asks the Debian mirror of this machine's own apt, checks with Debian's keyring, and runs no maintainer script;
# what it fetches is unpacked beside it. The rest of the system stays as it is.
#
# Before: `name`, the script's name for messages. Exit code 77: this machine cannot have it.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

cannot() { echo "$name: $*" >&2; exit 77; }
say() { echo "$name: $*" >&2; }

# home_folder FOLDER: makes it; sets home, root (what is unpacked) and apt (what apt needs).
home_folder() {
  mkdir -p "$1"
  home=$(cd "$1" && pwd)
  case $home in *[!A-Za-z0-9/._+-]*) echo "the folder must be a plain path: $home" >&2; exit 2 ;; esac
  root=$home/root
  apt=$home/apt
}

# Sets mirror, or ends: with the reason why packages cannot be had.
find_mirror() {
  for tool in apt-get dpkg-deb dpkg tar; do
    command -v "$tool" >/dev/null || cannot "no $tool here: it comes from Debian packages"
  done
  [ -r "$keyring" ] || cannot "no $keyring: packages could not be checked (install debian-archive-keyring)"
  mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -m 1 -E '/debian/?$' || true)}
  [ -n "$mirror" ] || cannot "no Debian mirror in this machine's apt sources (set MIRROR)"
}

# configure_apt SUITE ARCHITECTURE,...: the first is this machine's. Sets private_apt, the command.
configure_apt() {
  rm -rf "$apt/lists" "$apt/none"
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/none/partial" "$apt/no-parts"
  : >"$apt/status"
  echo "deb [arch=$2 signed-by=$keyring] $mirror $1 main" >"$apt/sources.list"
  cat >"$apt/apt.conf" <<END
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt";
Dir::Cache::archives "$apt/archives";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "$apt/no-parts";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$apt/no-parts";
Dir::Etc::trusted "/dev/null";
Dir::Etc::trustedparts "$apt/no-parts";
Acquire::Languages "none";
Acquire::Retries "5";
APT::Install-Recommends "false";
APT::Architecture "${2%%,*}";
APT::Architectures "$2";
APT::Sandbox::User "$(id -un)";
APT::Get::AllowUnauthenticated "false";
END
  private_apt="apt-get -qq -c $apt/apt.conf"
}

# An empty root with Debian's merged /usr.
fresh_root() {
  rm -rf "$root"
  for folder in bin sbin lib lib64; do
    mkdir -p "$root/usr/$folder"
    ln -s "usr/$folder" "$root/$folder"
  done
}

# unpack FILE.deb
unpack() {
  dpkg-deb --fsys-tarfile "$1" | tar -x -C "$root" --no-same-owner --keep-directory-symlink
}
