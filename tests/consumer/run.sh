#!/bin/bash
# Installs the library to a folder of its own, then builds and runs the consumer project against it.
#   run.sh shared|static SOURCE BUILD      shared: installs BUILD; static: configures and builds a static library first
set -eu
kind=$1 source=$2 build=$3
work=$(mktemp -d)
export CCACHE_BASEDIR=$source
trap 'rm -rf "$work"' EXIT

if [ "$kind" = static ]; then
  build=$build-static # beside the other build, so that ccache finds what is the same
  cmake -S "$source" -B "$build" -G Ninja -DBUILD_SHARED_LIBS=OFF -DNIGHTINGALE_TESTS=OFF -DNIGHTINGALE_APP=OFF >"$work/log"
  ninja -C "$build" >"$work/log" || { tail -n 30 "$work/log" && exit 1; }
fi

echo "== install, by prefix and by DESTDIR"
cmake --install "$build" --prefix "$work/prefix" >"$work/log"
DESTDIR=$work/stage cmake --install "$build" --prefix /opt/nightingale >"$work/log"
diff <(cd "$work/prefix" && find . | sort) <(cd "$work/stage/opt/nightingale" && find . | sort)
if grep -rIl --include=*.cmake --include=*.pc --include=*.h --include=*.hpp -e "$source" "$work/prefix"; then
  echo "an installed file names the source tree" && exit 1
fi

echo "== find_package, build, run"
cmake -S "$source/tests/consumer" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" -DEXAMPLES="$source/examples" \
  >"$work/log" || { tail -n 30 "$work/log" && exit 1; }
ninja -C "$work/build" >"$work/log" || { tail -n 60 "$work/log" && exit 1; }
"$work/build/errors"
"$work/build/version"

# Without a model an example must fail with a sentence, not with a signal.
for example in speak_cpp speak_c; do
  if [ -x "$work/build/$example" ]; then
    status=0
    "$work/build/$example" "$work/no-such-model" "$work/no-such-voice" >"$work/said" 2>&1 || status=$?
    head -n 5 "$work/said"
    [ "$status" -lt 128 ] || { echo "$example ended by signal $((status - 128))" && exit 1; }
  fi
done

echo "== pkg-config"
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name nightingale.pc)")
static_flag=$([ "$kind" = static ] && echo --static || true)
c++ -std=c++20 "$source/tests/consumer/errors.cpp" -o "$work/errors" \
  $(pkg-config --cflags --libs $static_flag nightingale) -Wl,-rpath,"$(pkg-config --variable=libdir nightingale)"
"$work/errors"

if [ -x "$work/prefix/bin/nightingale" ]; then
  echo "== the installed program finds its library"
  "$work/prefix/bin/nightingale" --version
  if [ -f "$source/models/fledgling/s3gen.safetensors" ]; then
    echo "== and the model that ships"
    (cd "$work" && "$work/prefix/bin/nightingale" inspect fledgling >"$work/said")
    head -n 2 "$work/said"
  fi
fi
