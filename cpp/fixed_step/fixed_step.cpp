#include "fixed_step/fixed_step.hpp"

#include <stdexcept>
#include <string>

#include "core/narrow.hpp"
#include "fixed_step/fixed_step_run.hpp"
#include "fixed_step/pair_finders/all_pairs.hpp"
#include "fixed_step/pair_finders/cell_list.hpp"
#include "fixed_step/pair_finders/neighbor_list.hpp"
#include "fixed_step/pair_finders/sorted_cells.hpp"
#include "fixed_step/pair_finders/sweep_and_prune.hpp"
#include "rules/any_rule.hpp"

namespace hthm {
namespace {

template <class Finder>
std::unique_ptr<Run> make(const AnyRule& any, const Setup& setup, const Vec* positions, const Vec* velocities,
                          std::int64_t n, Simd level, Pace& pace, const double* inner) {
  const auto of_rule = [&]<class Rule>(const Rule& rule) -> std::unique_ptr<Run> {
    return std::make_unique<FixedStepRun<Finder, Rule>>(rule, setup, positions, velocities, n, level, pace, inner);
  };
  return std::visit(of_rule, any);
}

struct Engine {
  std::string_view name;
  std::unique_ptr<Run> (*make)(const AnyRule&, const Setup&, const Vec*, const Vec*, std::int64_t, Simd, Pace&,
                               const double*);
};

constexpr Engine engines[] = {
    {"all_pairs", &make<AllPairs>},
    {"cell_list", &make<CellList>},
    {"sorted_cells", &make<SortedCells>},
    {"neighbor_list", &make<NeighborList>},
    {"sweep_and_prune", &make<SweepAndPrune>},
};

}  // namespace

const std::vector<std::string_view>& fixed_step_engines() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const Engine& engine : engines) all.push_back(engine.name);
    return all;
  }();
  return names;
}

std::unique_ptr<Run> make_fixed_step_run(std::string_view name, const Setup& setup, const Vec* positions,
                                         const Vec* velocities, std::int64_t n, Simd level, StopRequest* stop,
                                         const AnyRule& rule, const double* inner) {
  Pace pace{stop};
  for (const Engine& engine : engines) {
    if (engine.name == name) {
      return engine.make(rule, setup, positions, velocities, narrow<std::int32_t>(n, "n"), level, pace, inner);
    }
  }
  throw std::invalid_argument("engine: unknown name " + std::string{name});
}

}  // namespace hthm
