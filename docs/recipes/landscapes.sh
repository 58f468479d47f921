#!/usr/bin/env bash
# Makes a landscapes model from the folder of paintings: about six and a half hours of two
# cores, in the order in which the one that ships was made: an autoencoder and a generator
# in its latents; paint, by what a pretrained network sees; the decoder with it; then a
# layout for each seed, with the decoder as it is; at last the decoder alone. The one that
# ships got some of its parts on the way (docs/log.md, 2026-11-26).
#   docs/recipes/landscapes.sh FOLDER/landscapes
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python -m studio train "$1" --name landscapes --minutes 132 --seed 0 \
  --option layout=false --option penalty_weight=0.05 --option feature_weight=0 \
  --option place_weight=0 --option sample_kimg=8 --option snapshot_kimg=16
python -m studio train "$1" --name landscapes-paint --from landscapes --minutes 40 \
  --seed 0 --option layout=false --option penalty_weight=0.05 \
  --option latent_weight=0.5 --option feature_weight=1 --option place_weight=0 \
  --option sample_kimg=4 --option snapshot_kimg=12
python -m studio train "$1" --name landscapes-decoder --from landscapes-paint \
  --minutes 95 --seed 0 --option layout=false --option penalty_weight=0.05 \
  --option latent_weight=0.7 --option feature_weight=1 --option place_weight=0 \
  --option decoder_rate=0.3 --option ema_kimg=3 \
  --option sample_kimg=2 --option snapshot_kimg=4
python -m studio train "$1" --name landscapes-layouts --from landscapes-decoder \
  --minutes 55 --seed 0 --option patience=0 --option ema_kimg=4 \
  --option mapping_rate=0.3 --option feature_weight=0.5 --option place_weight=20 \
  --option diversity_weight=25 --option sample_kimg=4 --option snapshot_kimg=4
python -m studio train "$1" --name landscapes-brush --from landscapes-layouts \
  --minutes 58 --seed 0 --option patience=0 --option ema_kimg=2 \
  --option generator_rate=0 --option decoder_rate=0.75 --option feature_weight=1 \
  --option diversity_weight=0 --option resemblance_weight=0 \
  --option rate_decay=0.3 --option sample_kimg=4 --option snapshot_kimg=4
python -m studio publish landscapes-brush --as landscapes --force \
  --title "Painted landscapes" --data docs/recipes/landscapes.json
python -m studio discover landscapes --folder "$1"
