#!/bin/bash
# Makes build/release/bin/nightingale and leaves the stamp of tools/up_to_date.sh. One build at a time: whoever comes
# second waits and finds the work done.
set -eu
source "$(dirname "$0")/setup.sh"
caller=nightingale
mkdir -p "$root/build/release" 2>/dev/null || stop "the program is not built yet, and $root cannot be written to"
lock_build
"$root/tools/up_to_date.sh" "$root" && exit

started=$SECONDS
if [ -f "$root/build/release/built" ]; then
  say "sources changed, building"
else
  say "first use: preparing the program; this takes a few minutes, once"
fi
install_packages program
get_watermark || true
build_preset release nightingale_program
say "ready after $((SECONDS - started)) seconds"
