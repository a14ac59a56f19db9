#!/bin/sh
# Makes a virtual environment in which upstream's PyTorch (chatterbox-tts) runs on the CPU:  tools/setup_python.sh VENV
# The order matters. chatterbox-tts pins old versions of everything, so it comes without dependencies; torchaudio's
# libraries are built against another torch, and only its Python part is imported. To get the small CPU build of torch,
# point pip's own configuration (PIP_EXTRA_INDEX_URL) at PyTorch's index of CPU wheels first.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 VENV" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
python3 -m venv "$1"
"$1/bin/python" -m pip install --quiet -r "$here/requirements.txt"
"$1/bin/python" -m pip install --quiet --no-deps torchaudio==2.11.0 chatterbox-tts==0.1.7 s3tokenizer==0.3.0
site=$("$1/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
rm -f "$site"/torchaudio/lib/*.so
"$1/bin/python" -W ignore -c 'import sys; sys.path.insert(0, "'"$here"'"); import upstream' && echo "$1: upstream's PyTorch is ready"
