#!/usr/bin/env bash
# safetensors writes an array in Fortran order under the shape of C order: it reads back as other numbers.
#
# Expected: what is saved is read back, or refused. The description of the format says that arrays are stored in C
#   order. safetensors.numpy.save asks for arrays that are "contiguous and dense", and a transposed array or one from
#   LAPACK is that, in Fortran order; safetensors.torch.save refuses what is not in C order, with an error, and
#   safetensors.numpy 0.7.0 wrote it correctly.
# What happens: since 0.8.0 the memory is written as it lies. Shape and dtype are right, the numbers are in other
#   places, and nothing warns. (Already reported to its makers.)
# Why it matters: weights that were transposed once, W.T of another framework or a result of a matrix decomposition,
#   load without a word and give another network. hthm saves its networks from torch, which is safe.
# Seen with: safetensors 0.8.0, numpy 2.4.6, Python 3.11:
#   saved [[0, 1, 2], [3, 4, 5]], read [[0, 3, 1], [4, 2, 5]]
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6
cd "$folder"

venv/bin/python - <<'PROGRAM'
import sys
import warnings

import numpy as np
from safetensors.numpy import load_file, save_file

warnings.simplefilter("error")
weights = np.asfortranarray(np.arange(6.0).reshape(2, 3))
save_file({"in C order": np.ascontiguousarray(weights), "in Fortran order": weights}, "weights.safetensors")
read = load_file("weights.safetensors")
for name, array in read.items():
    print(f"{name}: saved {weights.tolist()}, read {array.tolist()}")
if not np.array_equal(read["in C order"], weights) or np.array_equal(read["in Fortran order"], weights):
    sys.exit("changed: both arrays, or neither, read back as they were saved")
print("as stated")
PROGRAM
