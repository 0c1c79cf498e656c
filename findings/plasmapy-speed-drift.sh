#!/usr/bin/env bash
# PlasmaPy's Maxwellian distribution of speeds in 1-D integrates to more than 1, up to 2, for a gas that drifts.
#
# Expected: a probability density. The documentation of plasmapy.formulary.distribution.Maxwellian_speed_1D says that
#   it is normalized so that its integral over speeds from 0 to infinity is 1, and takes a drift speed. The speed
#   |v| of a drifting gas has the density g(v - V) + g(v + V), g being that of the velocity.
# What happens: it returns 2 g(v - V), whose integral is 1 + erf(V / v_th): right without drift, 1.84 at V = v_th,
#   2 beyond. The 2-D and 3-D versions refuse a drift (NotImplementedError), the 1-D one does not.
# Why it matters: H, entropies and expected counts by bin come out wrong by up to a factor of two wherever this density
#   is the reference. Without drift, as in hthm's gases, it is right.
# Seen with: plasmapy 2025.8.0, astropy 8.0.2, scipy 1.17.1, Python 3.11:
#   drift 0: 1.000; 1 v_th: 1.843; 2 v_th: 1.995; 5 v_th: 2.000
#   (importing plasmapy looks for the network, says so if there is none, and goes on.)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  plasmapy==2025.8.0 astropy==8.0.2 scipy==1.17.1 numpy==2.4.6
cd "$folder"

venv/bin/python - <<'PROGRAM'
import math
import sys
from functools import partial

import astropy.units as u
from plasmapy.formulary import thermal_speed
from plasmapy.formulary.distribution import Maxwellian_speed_1D
from scipy.integrate import quad

temperature = 1e5  # kelvin
thermal = thermal_speed(temperature * u.K, "p+").to_value(u.m / u.s)
as_stated = True
for ratio in (0, 1, 2, 5):
    drift = ratio * thermal
    density = partial(Maxwellian_speed_1D, T=temperature, particle="p+", v_drift=drift, units="unitless")
    integral, _ = quad(density, 0, drift + 12 * thermal, points=[max(drift, thermal)], limit=200)
    print(f"drift {ratio} v_th: integral {integral:.3f}, 1 + erf(V / v_th) is {1 + math.erf(ratio):.3f}")
    as_stated &= abs(integral - (1 + math.erf(ratio))) < 1e-6
if not as_stated:
    sys.exit("changed: the integral is no longer 1 + erf(V / v_th)")
print("as stated")
PROGRAM
