// Direct simulation Monte Carlo of the homogeneous Boltzmann equation, recorded at the end of every frame.
#pragma once

#include <cstdint>
#include <memory>

#include "core/run.hpp"
#include "dsmc/generator.hpp"
#include "rules/any_rule.hpp"

namespace hthm {

/// A run of `n` disks with velocities (n,), both copied, as are positions (n,), which nothing looks at and which stay
/// what they are. `state` of the random numbers: equal ones and equal velocities give equal bits. `stop` is checked
/// while the run is made. To advance it throws Stopped alone; a sink that asks for positions is std::invalid_argument.
std::unique_ptr<Run> make_dsmc_run(const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n,
                                   const dsmc::Generator::State& state, StopRequest* stop = nullptr,
                                   const AnyRule& rule = {}, const double* inner = nullptr);

}  // namespace hthm
