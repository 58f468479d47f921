#!/usr/bin/env bash
# Makes a landscapes model from the folder of paintings: two hours of two cores. The one
# that ships was made in pieces while the code changed; docs/log.md says how.
#   docs/recipes/landscapes.sh FOLDER/landscapes
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python -m studio train "$1" --name landscapes --minutes 132 --seed 0 \
  --option sample_kimg=8 --option snapshot_kimg=16
python -m studio publish landscapes --as landscapes --force \
  --title "Painted landscapes" --data docs/recipes/landscapes.json
