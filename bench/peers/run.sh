#!/bin/bash
# Times the peers, one JSON line each: run.sh [WORKLOAD ...]. Where the folder is read-only it works on a copy.
set -u
cd "$(dirname "$0")" || exit 2
[[ -w . ]] || { copy=${TMPDIR:-/tmp}/peers; mkdir -p "$copy" && cp ./* "$copy"/ && cd "$copy" || exit 2; }
python=${PYTHON:-/usr/bin/python3}
[[ -d node_modules ]] || npm install --prefix . --no-save --no-package-lock --no-fund --no-audit @tensorflow/tfjs@4 @tensorflow/tfjs-backend-wasm@4 @jax-js/jax@0.1 >/dev/null 2>&1 || echo 'JavaScript peers: not installed' >&2
for work in "${@:-tiny mlp cnn gpt}"; do for w in $work; do
  if "$python" -c 'import torch' 2>/dev/null; then
    OMP_NUM_THREADS=1 "$python" torch_peer.py "$w" 1
    OMP_NUM_THREADS=2 "$python" torch_peer.py "$w" 2
    export MASTER_ADDR=127.0.0.1 MASTER_PORT=29577 WORLD_SIZE=2 OMP_NUM_THREADS=1
    RANK=1 "$python" torch_peer.py "$w" 1 ddp & RANK=0 "$python" torch_peer.py "$w" 1 ddp; wait
    unset MASTER_ADDR MASTER_PORT WORLD_SIZE OMP_NUM_THREADS
  else echo "PyTorch: not installed for $python" >&2; fi 2>&1 | grep '^{\|not installed'
  node tfjs_peer.mjs "$w" 2>&1 | grep '^{\|no .* here'
  timeout 300 node jaxjs_peer.mjs "$w" 2>&1 | grep '^{\|no .* here'
done; done
