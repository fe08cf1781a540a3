#!/usr/bin/env bash
# Tries the whole recipe at a tiny width: its tests, all stages with a stop and a resume, export, samples,
# attnlab's picture against diffusers', and what it says of scenes by the judge. About two minutes of processor time.
#
#   Experiments/emoji-scenes/smoke.sh [PROGRAM]                 default: .build/release/attnlab; `make build` makes it
#   Experiments/emoji-scenes/smoke.sh --train FOLDER            only what needs no attnlab; its files stay in FOLDER
#   Experiments/emoji-scenes/smoke.sh --check FOLDER [PROGRAM]  only the rest, on these files
#
# ATTNLAB_PYTHON names an interpreter that has requirements.txt. Without it a virtual environment is made once in
# ${XDG_CACHE_HOME:-~/.cache}/attnlab-ci (some 5 GB). ATTNLAB_EMOJI_FONT names NotoColorEmoji.ttf; where neither it nor
# Debian's fonts-noto-color-emoji is there, the package is downloaded into the same folder and unpacked, not installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
parts='train check' scratch=
if [[ "${1:-}" == --train || "${1:-}" == --check ]]; then
  parts=${1#--} scratch=$(realpath -m "$2")
  shift 2
fi
program=$(realpath -m "${1:-$here/../../.build/release/attnlab}")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/attnlab-ci
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive} PYTHONDONTWRITEBYTECODE=1
export TRANSFORMERS_VERBOSITY=error DIFFUSERS_VERBOSITY=error

say() { echo "smoke: $*"; }

interpreter() {
  local environment
  if [[ -n "${ATTNLAB_PYTHON:-}" ]]; then
    say "ATTNLAB_PYTHON: $ATTNLAB_PYTHON"
    python=$ATTNLAB_PYTHON
    return
  fi
  environment=$cache/emoji-scenes-$(sha256sum "$here/requirements.txt" | cut -c1-16)
  python=$environment/bin/python
  if [[ ! -e "$environment/complete" ]]; then
    if ! python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))'; then
      say 'needs Python 3.11 or newer with venv (Debian: apt-get install python3-venv), or ATTNLAB_PYTHON' >&2
      return 1
    fi
    say "installing requirements.txt into $environment, which takes several minutes;"
    say 'ATTNLAB_PYTHON names an interpreter that has them'
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    touch "$environment/complete"
  fi
  say "interpreter: $python"
}

as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi
}

font() {
  local folder=$cache/fonts-noto-color-emoji
  [[ -n "${ATTNLAB_EMOJI_FONT:-}" || -e /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf ]] && return
  ATTNLAB_EMOJI_FONT=$folder/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf
  export ATTNLAB_EMOJI_FONT
  [[ -e "$ATTNLAB_EMOJI_FONT" ]] && return
  say "downloading Debian's fonts-noto-color-emoji into $folder"
  mkdir -p "$folder"
  # A machine that has never asked for packages knows none by name.
  (cd "$folder" && { apt-get download -qq fonts-noto-color-emoji ||
    { as_root apt-get update -qq && apt-get download -qq fonts-noto-color-emoji; }; } &&
    dpkg-deb -x fonts-noto-color-emoji_*.deb .) || {
    say 'that failed; install the package, or set ATTNLAB_EMOJI_FONT to the path of NotoColorEmoji.ttf' >&2
    return 1
  }
}

tiny=(
  --set 'vae.widths=[16, 16, 16, 16]' --set vae.norm_groups=8 --set vae.pool=32
  --set 'clip.text={width: 32, layers: 1, heads: 2}' --set 'clip.vision={width: 32, layers: 1, heads: 2}'
  --set clip.pool=64 --set clip.batch=16
  --set 'unet.widths=[16, 16, 32, 32]' --set unet.norm_groups=8 --set unet.pool=64 --set unet.batch=8
  --set 'judge.tower={width: 32, layers: 1, heads: 2}' --set judge.pool=40 --set judge.batch=8
  --set 'second_judge.widths=[8, 16, 16, 32]' --set judge.others=0.2
  --set vae.minutes=0.1 --set clip.minutes=0.1 --set unet.minutes=0.2 --set judge.minutes=0.1 --set second_judge.minutes=0.1
  --set unet.bf16=auto --set tokenizer.captions=2000 --set sampling.steps=8 --set 'sampling.prompts=[a red car, a blue house at night]'
)

recipe() { "$python" "$here/$1.py" "${@:2}" "${tiny[@]}"; }

# The training is stopped by a signal once the UNet is on its way: it must save, say so, go on from there, and export.
stop_and_resume() {
  local log=$scratch/stopped.log
  # Not by `recipe`: the signal must reach the interpreter, not a shell around it.
  "$python" "$here/train.py" all --run "$scratch/run" --export "$scratch/model" "${tiny[@]}" --set unet.minutes=1000 >"$log" 2>&1 &
  local job=$!
  until [[ -e "$scratch/run/unet.jsonl" ]] || ! kill -0 "$job" 2>/dev/null; do sleep 0.2; done
  kill -TERM "$job"
  if wait "$job" || ! grep -q 'this goes on: .* --resume$' "$log" || [[ ! -e "$scratch/run/unet.pt" ]]; then
    cat "$log" >&2
    say 'a training that was stopped by SIGTERM did not save and say so' >&2
    return 1
  fi
  recipe train all --run "$scratch/run" --export "$scratch/model" --resume
}

train() {
  (cd "$here" && "$python" -m unittest discover -q -t . -s tests)
  recipe scenes --folder "$scratch/scenes" --count 3
  stop_and_resume
  recipe export "$scratch/eye" --run "$scratch/run" --only clip
  for part in vae clip unet; do recipe measure "$part" "$scratch/model" --count 16; done
  recipe measure clip "$scratch/model" --clip "$scratch/eye" --count 16
  recipe sample "$scratch/model" --out "$scratch/samples.png"
}

check() {
  recipe check_attnlab "$scratch/model" --attnlab "$program"
  recipe validate "$scratch/model" --count 3 --attnlab "$program" --json "$scratch/model/scene_reader/validation.json"
  recipe validate "$scratch/model" --reader "$scratch/model/second_scene_reader" --count 3 --attnlab "$program"
  # attnlab reads the validation, too.
  "$program" measure "$scratch/scenes/00000.png" --scene-reader "$scratch/model/scene_reader"
}

if [[ "$parts" == *check && ! -x "$program" ]]; then
  say "$program is not there; make build" >&2
  exit 1
fi
if [[ -z "$scratch" ]]; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
fi
interpreter
font
for part in $parts; do "$part"; done
