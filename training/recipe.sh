#!/bin/bash
# Trains the small model from nothing:  training/recipe.sh STAGE…   or   training/recipe.sh all
#   setup speech t3 flow vocoder tokenizer speaker_encoder export voices evaluate
#   restore   what earlier trainings learned (training/kept), so that these go on from there;   keep   the reverse
# Every stage goes on where it was cut off. What it makes lies in $WORK (build/training), the model in $MODEL. The
# trainings are measured in minutes of one processor core and need only what `speech` makes, so that several may run
# beside each other. With a quarter of the minutes the model speaks, less well.
#   tiny=1 training/recipe.sh all   the same with a handful of sentences and steps: the test of the recipe
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
WORK=$(realpath -m "${WORK:-$root/build/training}")
MODEL=$(realpath -m "${MODEL:-$root/models/fledgling}")
PYTHON=${PYTHON:-$root/build/python/bin/python}
PROGRAM=${PROGRAM:-$root/build/release/bin/nightingale}
WHEELS=${WHEELS:-$root/build/voice_encoder}
tiny=${tiny:-}

run() {
  local script=$1
  shift
  (cd "$here" && OMP_NUM_THREADS=1 "$PYTHON" -W ignore "$script.py" "$@" $(tiny_options "$script"))
}

tiny_options() {
  [ -z "$tiny" ] || case $1 in
    corpus) echo --limit 60 ;;
    make_labels) echo --count 20 ;;
    make_speech) echo --shards 2 --utterances 45 --sources slt rms ;;
    speaker_space) echo --clips 2 ;;
    train_speaker_encoder) echo --steps 2 --clips 6 ;;
    train_*) echo --steps 2 ;;
  esac
}

stage_setup() {
  [ -x "$PYTHON" ] || "$root/tools/setup_python.sh" "$(dirname "$(dirname "$PYTHON")")"
  "$PYTHON" -m pip install --quiet -r "$here/requirements.txt"
}

wheel() {
  ls "$WHEELS"/*.whl >/dev/null 2>&1 || "$PYTHON" -m pip download -q --no-deps -d "$WHEELS" resemblyzer==0.1.4
  ls "$WHEELS"/*.whl | head -1
}

stage_speech() {
  mkdir -p "$WORK"
  [ -f "$WORK/sentences.txt" ] || run corpus "$WORK/sentences.txt"
  run make_speech "$WORK/sentences.txt" "$WORK/speech" --hours "${HOURS:-8}"
  run make_labels "$WORK/sentences.txt" "$WORK/labels"
  run align "$WORK/speech" "$WORK/align.npz" --labels "$WORK/labels"
  run speaker_space "$WORK/speech" "$WORK/speakers.npz" --wheel "$(wheel)"
}

stage_t3() {
  run train_t3 "$WORK/speech" "$WORK/speakers.npz" "$WORK/align.npz" "$WORK/t3.pt" --threads 1 --minutes "${MINUTES:-105}"
}

stage_flow() { run train_flow "$WORK/speech" "$WORK/flow.pt" --threads 1 --minutes "${MINUTES:-279}"; }
stage_vocoder() { run train_vocoder "$WORK/speech" "$WORK/vocoder.pt" --threads 1 --minutes "${MINUTES:-126}"; }

# The tokenizer hears some hours more of joe, whose sounds are the hardest to tell apart.
stage_tokenizer() {
  [ -n "$tiny" ] || run make_speech "$WORK/sentences.txt" "$WORK/speech" --hours 26 --sources joe
  run train_tokenizer "$WORK/speech" "$WORK/tokenizer.pt" --threads 1 --minutes "${MINUTES:-938}"
}

stage_speaker_encoder() {
  run train_speaker_encoder "$WORK/speech" "$WORK/speakers.npz" "$WORK/speaker_encoder.pt" --threads 1 \
    --minutes "${MINUTES:-10}" --wheel "$(wheel)"
}

stage_keep() { run keep "$WORK"; }
stage_restore() { run keep "$WORK" --restore; }
stage_export() { run export "$WORK" "$MODEL" --wheel "$(wheel)"; }
stage_voices() { run make_voices "$WORK/speech" "$MODEL" --program "$PROGRAM"; }

stage_evaluate() {
  run evaluate --program "$PROGRAM" --model "$MODEL" --out "$WORK/speech.json"
  run evaluate_cloning "$WORK/speech" --model "$MODEL" --wheel "$(wheel)" --out "$WORK/cloning.json"
  run evaluate_vocoder "$WORK/speech" "$WORK/vocoder.pt"
}

[ $# -gt 0 ] || { sed -n '2,9s/^# //p' "$0"; exit 2; }
stages=$*
[ "$stages" != all ] || stages="setup speech t3 flow vocoder tokenizer speaker_encoder export voices evaluate"
for stage in $stages; do
  declare -F "stage_$stage" >/dev/null || { echo "$0: there is no stage $stage" >&2; exit 2; }
  echo "=== $stage"
  "stage_$stage"
done
