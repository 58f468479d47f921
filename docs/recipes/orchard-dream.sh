#!/usr/bin/env bash
# Makes the dreamlike orchard from the folder of fruit plates: an hour of two cores, on
# the autoencoder of the model `orchard`. What a VAE rebuilds from latents alone is soft;
# judges of what is seen look at it from a third of the way on.
#   docs/recipes/orchard-dream.sh FOLDER     (with orchard/ in it)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder="$(realpath "$1")"
python -m studio train "$folder/orchard" --name orchard-dream --family vae \
  --from orchard --option base_parts=autoencoder --resolution 192x128 --minutes 55 \
  --seed 0 --option mirror=false --option patience=0 \
  --option generator_widths=256,192,112 --option discriminator_widths=80,160,256 \
  --option feature_weight=1 --option feature_start=0.35 \
  --option sample_kimg=4 --option snapshot_kimg=6
python -m studio publish orchard-dream --as orchard-dream --force \
  --title "Dreamlike orchard" --data docs/recipes/orchard-dream.json
python -m studio discover orchard-dream --folder "$folder/orchard"
