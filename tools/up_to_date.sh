#!/bin/sh
# Succeeds when the program of the release build is newer than every source: for ./nightingale and tools/build_program.sh.
# The stamp build/release/built holds the tree's place, and its time is the moment before the build began. Change times
# are compared, not modification times: no copy, checkout or unpacking can turn those back; folders count, so that a
# removed file is seen.
root=$1
stamp=$root/build/release/built
{ read -r built_at <"$stamp"; } 2>/dev/null && [ "$built_at" = "$root" ] || exit 1
changed=$(find "$root/CMakeLists.txt" "$root/cmake" "$root/include" "$root/src" "$root/app" "$root/tools/packages.txt" \
  -cnewer "$stamp" -print -quit)
[ -z "$changed" ]
