# Sourced by ./nightingale and ./check, never run by itself: installs what is missing and builds.
# Everything is said on standard error, so that audio on standard output stays clean, and nothing reads standard input.
#
#   install_packages KIND…        Debian packages of tools/packages.txt that are not there yet
#   get_watermark                 the watermark's network, build/share/nightingale/perth.safetensors, from PyPI, once;
#                                 says in one line when it cannot be had, and fails
#   lock_build                    one build at a time in this tree
#   build_preset PRESET [TARGET…] configure when needed, then build with one line of progress on a terminal;
#                                 leaves the stamp build/PRESET/built that tools/up_to_date.sh reads

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
logs=$root/build/logs
caller=$(basename "$0")
export CCACHE_BASEDIR=$root # a file compiled once in this tree is known to all its build folders of the same kind

say() { printf '%s: %s\n' "$caller" "$*" >&2; }

stop() {
  say "$@"
  exit 1
}

# Says what went wrong, where the log is, and of the log what matters: the first failed command, else the end.
stop_with_log() {
  local log=$1
  shift
  say "$@"
  { grep -A 20 -m 1 '^FAILED: ' "$log" || tail -n 12 "$log"; } | cut -c1-200 | sed 's/^/    /' >&2
  stop "the whole log: $log"
}

watermark=$root/build/share/nightingale/perth.safetensors

get_watermark() {
  [ -f "$watermark" ] && return
  local folder log=$logs/watermark.log
  mkdir -p "$logs" "${watermark%/*}"
  say "fetching the watermark's network from PyPI (resemble-perth, 36 MB), once"
  folder=$(mktemp -d)
  if python3 -m pip download --disable-pip-version-check --no-deps -d "$folder" resemble-perth==1.0.1 >"$log" 2>&1 </dev/null &&
    python3 "$root/tools/watermark_weights.py" "$folder"/*.whl "$watermark" >>"$log" 2>&1; then
    rm -rf "$folder"
    return
  fi
  rm -rf "$folder"
  say "it cannot be had now ($log says why): speak with --no-watermark, or run tools/get_watermark.sh later"
  return 1
}

# Held until the script ends.
lock_build() {
  exec 9>"$root/build/lock"
  flock -n 9 && return
  say "another build is running; waiting for it"
  flock 9
}

missing_packages() {
  local kinds
  kinds=$(IFS='|' && echo "$*")
  sed -nE "s/^($kinds) +//p" "$root/tools/packages.txt" | while read -r package; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

install_packages() {
  if ! command -v apt-get >/dev/null; then
    say "this is not Debian: the packages named in tools/packages.txt must be there already"
    return
  fi
  local packages log=$logs/install.log
  packages=$(missing_packages "$@")
  [ -z "$packages" ] && return
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    stop "packages are missing. Run as root: apt-get install $(echo $packages)"
  fi
  say "installing $(echo "$packages" | wc -l) Debian packages:" $packages
  mkdir -p "$logs"
  # A failed update is not the end: one broken source of several, or lists that are fresh enough, may still do.
  {
    as_root apt-get update -q
    as_root apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=600 $packages
  } >"$log" 2>&1 </dev/null && return
  if grep -qE 'Could not (resolve|connect)|Temporary failure|Failed to fetch|Unable to connect|unreachable' "$log"; then
    say "no network: the Debian archive cannot be reached, and the packages named above must come from it"
    stop "try again when it can, or install them by hand; apt's own words: $log"
  fi
  stop_with_log "$log" "apt-get could not install the packages"
}

# One line that counts up on a terminal, nothing elsewhere; the log keeps all.
show_progress() {
  if [ ! -t 2 ]; then
    cat >/dev/null
    return
  fi
  local line
  while read -r line; do
    case $line in
      \[*/*\]*) printf '\r\033[K%s: building %s' "$caller" "${line%%]*}]" >&2 ;;
    esac
  done
  printf '\r\033[K' >&2
}

# One compiler for each core, but not more than the memory feeds (1.5 GB each).
parallel_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/MemAvailable/ { print int($2 / 1500000) }' /proc/meminfo)
  echo $((memory < 1 ? 1 : memory < cores ? memory : cores))
}

build_preset() {
  local preset=$1 build=$root/build/$1 log=$logs/build-$1.log
  shift
  mkdir -p "$logs"
  if [ -f "$build/CMakeCache.txt" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$build/CMakeCache.txt"; then
    rm -rf "$build" # the tree was moved or copied: what was built knows the old place
  fi
  echo "$root" >"$root/build/built.next"
  (cd "$root" && cmake --preset "$preset") >"$log" 2>&1 </dev/null ||
    stop_with_log "$log" "cmake could not configure the build"
  (set -o pipefail && ninja -C "$build" -j "$(parallel_jobs)" "$@" 2>&1 </dev/null | tee -a "$log" | show_progress) ||
    stop_with_log "$log" "building failed"
  mv "$root/build/built.next" "$build/built"
}
