#!/usr/bin/env bash
# With the compressor zfpy installed, as numcodecs' own extra asks, numcodecs and zarr cannot be imported.
#
# Expected: the extra numcodecs[zfpy], which numcodecs' metadata offers, adds a codec for floating-point arrays and
#   breaks nothing. 1.0.1.post0 is a regular version (Python packaging's version specifiers, "Post-releases").
# What happens: pip installs zfpy 1.0.1.post0, the newest, and `import numcodecs` stops with a ValueError: each part of
#   the version is taken for an integer, "post0" too. zarr imports numcodecs, and xarray needs zarr for its stores: all
#   are gone until zfpy is uninstalled or held at 1.0.1.
# Why it matters: zfp is made for floating-point arrays such as trajectories, and a store in zarr fails for whoever
#   happens to have it, though the store does not use it. A program that imports zarr only where it is needed stays
#   usable.
# Seen with: numcodecs 0.16.6, zarr 3.1.6, zfpy 1.0.1.post0, Python 3.11:
#   without zfpy: zarr 3.1.6; with it: ValueError: invalid literal for int() with base 10: 'post0'
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numcodecs==0.16.6 zarr==3.1.6 numpy==2.4.6
cd "$folder"

try_import='
try:
    import zarr
except Exception as error:
    print(f"{type(error).__name__}: {error}")
else:
    print("zarr", zarr.__version__)
'
without=$(venv/bin/python -c "$try_import")
echo "without zfpy: $without"
venv/bin/pip install --quiet --disable-pip-version-check 'numcodecs[zfpy]==0.16.6' zfpy==1.0.1.post0
with=$(venv/bin/python -c "$try_import")
echo "with zfpy: $with"
if [[ $without != "zarr 3.1.6" || $with != ValueError*post0* ]]; then
  echo "changed: zarr does not fail as it did" >&2
  exit 1
fi
echo "as stated"
