#!/usr/bin/env bash
# Makes the orchard model from both folders of pictures: about an hour and three quarters
# of two cores. First an autoencoder of factor 8 that has seen paintings and every sixth
# fruit plate, from which any run can start; then, in its latents, a generator that is
# told which of 25 fruits it shall paint, from paper to seeds: forms first, then paint.
#   docs/recipes/orchard.sh FOLDER     (with landscapes/ and orchard/ in it)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder="$(realpath "$1")"
both="$(mktemp -d)"
trap 'rm -rf "$both"' EXIT
for file in "$folder"/landscapes/*.jpg; do ln -s "$file" "$both/l$(basename "$file")"; done
for file in $(ls "$folder"/orchard/*.jpg | awk 'NR % 6 == 1'); do
  ln -s "$file" "$both/o$(basename "$file")"
done
# 30 minutes for the autoencoder, and one for the generator, which is not kept
python -m studio train "$both" --name both --minutes 31 --seed 0 \
  --option autoencoder_share=0.97 --option latent_channels=8 \
  --option encoder_widths=32,64,128 --option encoder_blocks=1,1,2 \
  --option decoder_widths=112,56,32 --option decoder_blocks=2,1,0
python -m studio train "$folder/orchard" --name orchard --from both --labels fruit \
  --resolution 192x128 --minutes 75 --seed 0 --option base_parts=autoencoder \
  --option mirror=false --option variants=2 \
  --option generator_widths=256,192,112 --option discriminator_widths=80,160,256 \
  --option feature_start=0.4 --option feature_weight=1 --option ema_kimg=5 \
  --option patience=0 --option sample_kimg=4 --option snapshot_kimg=12
python -m studio publish orchard --as orchard --force \
  --title "Watercolour orchard" --data docs/recipes/orchard.json
python -m studio discover orchard --folder "$folder/orchard"
