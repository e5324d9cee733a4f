#!/bin/sh
# The whole recipe of stt/assets/tiny-whisper: about 50 minutes of training on 2 cores.
# Needs espeak-ng (libespeak-ng.so.1) and scripts/tiny_whisper/requirements.txt; run it from the root of the repository.
# Usage: scripts/tiny_whisper/build.sh [WORK_FOLDER]
#
# Two asynchronous workers make it repeatable in quality, not in bits. The shipped model came about with more pauses:
# steps 0-2000 with --letters 0.5 --rate 1.5e-3 on seeds 1 and 2, to 3000 with seed 3 added, to 11250 with
# --letters 1.0 --rate 1.4e-3, then the second training below. To go on with the token numbers of the shipped model,
# put its tokenizer.json into WORK_FOLDER/hf instead of making one.
set -eu
root=$(pwd)
work=${1:-build/tiny-whisper}
mkdir -p "$work"
cd "$work"
export PYTHONPATH="$root"
# Freed memory stays with the process instead of being mapped anew at every step.
export OMP_NUM_THREADS=1 MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456
run() { module=$1; shift; python -m "scripts.tiny_whisper.$module" "$@"; }

run tokenizer --out hf
run gen data/val 999 1 400 --held
run gen data/train 1 18 500 & first=$!
run gen data/train 2 18 500
wait "$first"
run gen data/train 3 12 500 --multi
run gen data/extra 11 9 500 --extra & first=$!
run gen data/extra 12 9 500 --extra
wait "$first"
run train 11250 --frames 4000 --rate 1.4e-3 --letters 1.0 --out ckpt/stage1.pt
run train 100000 --minutes 10 --frames 4000 --rate 9e-4 --letters 1.0 --drop 0.03 --seed 4 \
  --data 'data/*/s[13]*.pkl' --resume ckpt/stage1.pt
run export tiny-whisper-ct2
run evaluate tiny-whisper-ct2 'data/val/*.pkl'
