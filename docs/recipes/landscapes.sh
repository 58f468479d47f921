#!/usr/bin/env bash
# Makes a landscapes model from the folder of paintings: about four and a half hours of two
# cores, in the order in which the one that ships was made: an autoencoder and a generator
# in its latents, then the paint, by what a pretrained network sees, then the decoder with
# it. The one that ships got some of its parts on the way (docs/log.md, 2026-11-26), and
# knows no layouts.
#   docs/recipes/landscapes.sh FOLDER/landscapes
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python -m studio train "$1" --name landscapes --minutes 132 --seed 0 \
  --option layout=false --option penalty_weight=0.05 --option feature_weight=0 \
  --option sample_kimg=8 --option snapshot_kimg=16
python -m studio train "$1" --name landscapes-paint --from landscapes --minutes 40 \
  --seed 0 --option layout=false --option penalty_weight=0.05 \
  --option latent_weight=0.5 --option feature_weight=1 \
  --option sample_kimg=4 --option snapshot_kimg=12
python -m studio train "$1" --name landscapes-decoder --from landscapes-paint \
  --minutes 95 --seed 0 --option layout=false --option penalty_weight=0.05 \
  --option latent_weight=0.7 --option feature_weight=1 \
  --option decoder_rate=0.3 --option ema_kimg=3 \
  --option sample_kimg=2 --option snapshot_kimg=4
python -m studio publish landscapes-decoder --as landscapes --force \
  --title "Painted landscapes" --data docs/recipes/landscapes.json
