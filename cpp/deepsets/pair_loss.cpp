#include "deepsets/pair_loss.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "core/narrow.hpp"
#include "core/stoppable_for.hpp"

namespace hthm::deepsets {
namespace {

/// Pairs that a thread takes at a time.
constexpr std::int64_t pairs_at_a_time = 8;
/// How long before it is read a pair is fetched.
constexpr std::size_t pairs_ahead = 4;
/// Of the bound on what rounding in float does to a sum, more than rounding in double does to one.
constexpr double rounding_in_double = 0x1p-16;

}  // namespace

double PairLoss::operator()(const Network<const float>& network, const std::int64_t* pairs, std::int64_t count,
                            const Loss& loss, int threads, double* change, const Network<float>& gradient,
                            StopRequest* stop) {
  const std::int64_t weights = Network<float>::size(network.width);
  if (!std::all_of(network.w1, network.w1 + weights, [](float w) { return std::isfinite(w); })) {
    std::fill(gradient.w1, gradient.w1 + weights, std::numeric_limits<float>::quiet_NaN());
    std::fill(change, change + count, std::numeric_limits<double>::quiet_NaN());
    return std::numeric_limits<double>::quiet_NaN();
  }
  const std::lock_guard mine(turn_);
  stop_ = stop;
  phi_.build(network, frames_.reach(), *kernel_, threads, TablesMade::in_turn);
  rho_.build(network, *kernel_);
  width_ = network.width;
  stride_ = padded(network.width);
  choose(pairs, count);
  for_pairs(threads, [&](std::int64_t k, Frame& frame) { look_at(k, frame); });
  for (const Pair& pair : pairs_) add_cells(changing_, pair.first, pair.has_unknown ? 2 * pair.changes : 0);
  phi_.complete(threads);
  changing_terms_.sort(changing_, phi_.cells().count(), threads);
  know_rho(network, threads);
  for_pairs(threads, [&](std::int64_t k, Frame& frame) { change[k] = compare(k, frame); });

  double tilted = 0, squares = 0;
  std::vector<double> slopes_of_loss(static_cast<std::size_t>(count));
  for (std::int64_t k = 0; k < count; ++k) {
    const double fall = change[k] < 0 ? 1 : loss.negative_slope;
    tilted -= fall * change[k];
    squares += change[k] * change[k];
    slopes_of_loss[static_cast<std::size_t>(k)] = (2 * loss.penalty * change[k] - fall) / static_cast<double>(count);
  }
  differentiate(slopes_of_loss.data(), threads);
  backward(threads, gradient);
  const double value = (tilted + loss.penalty * squares) / static_cast<double>(count);
  // What weights in float32 cannot be trained on ends as it does where all is float32.
  return std::fabs(value) <= std::numeric_limits<float>::max() ? value : std::numeric_limits<double>::infinity();
}

template <class Body>
void PairLoss::for_pairs(int threads, const Body& body) {
  const auto count = static_cast<std::int64_t>(pairs_.size());
  stoppable_for((count + pairs_at_a_time - 1) / pairs_at_a_time, threads, stop_, [&](std::int64_t piece) {
    Frame frame;
    const std::int64_t first = piece * pairs_at_a_time;
    for (std::int64_t k = first; k < std::min(first + pairs_at_a_time, count); ++k) body(k, frame);
  });
}

void PairLoss::choose(const std::int64_t* pairs, std::int64_t count) {
  frames_.fetch(pairs, count, batches_to_fetch_);
  pairs_.clear();
  std::int64_t first = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    pairs_.push_back({pairs[k], first, 0, false, {}, {}});
    first += 2 * frames_.most_changes(pairs[k]);
  }
  narrow<std::int64_t>(std::max(first, 2 * count), "batch: changed velocities, or uses", most_velocities_);
  changing_.resize(static_cast<std::size_t>(first));
}

/// The velocities of the changed disks with their cells, as far as known.
void PairLoss::look_at(std::int64_t k, Frame& frame) {
  const auto p = static_cast<std::size_t>(k);
  Pair& pair = pairs_[p];
  const std::span<const Change> changes = frames_.changes(pair.number, frame.changes);
  if (p + pairs_ahead < pairs_.size()) frames_.prefetch_changes(pairs_[p + pairs_ahead].number);
  pair.changes = static_cast<std::int64_t>(changes.size());
  float *x = changing_.x.data() + pair.first, *y = changing_.y.data() + pair.first;
  std::int32_t *cells = changing_.cells.data() + pair.first, *uses = changing_.uses.data() + pair.first;
  const std::size_t count = changes.size();
  for (std::size_t c = 0; c < count; ++c) {
    x[c] = changes[c].new_x;
    y[c] = changes[c].new_y;
    x[count + c] = changes[c].old_x;
    y[count + c] = changes[c].old_y;
  }
  std::fill_n(uses, count, static_cast<std::int32_t>(2 * k));
  std::fill_n(uses + count, count, static_cast<std::int32_t>(2 * k + 1));
  pair.has_unknown = phi_.cells().locate(x, y, 2 * pair.changes, cells);
  const std::size_t end = p + 1 < pairs_.size() ? static_cast<std::size_t>(pairs_[p + 1].first) : changing_.size();
  std::fill(cells + 2 * count, changing_.cells.data() + end, Velocities::nowhere);
}

/// A cell for each of so many velocities, from `first` on, whose cell is unknown.
void PairLoss::add_cells(Velocities& velocities, std::int64_t first, std::int64_t count) {
  Pace pace(stop_);
  for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(first + count); ++i) {
    pace.did(1);
    std::int32_t& cell = velocities.cells[i];
    if (cell == PlaneCells::unknown) cell = phi_.cells().locate_or_add(velocities.x[i], velocities.y[i]);
  }
}

/// Which units of rho are active in all frames, which may be in some, and what the loss needs of the changed disks.
void PairLoss::know_rho(const Network<const float>& network, int threads) {
  const auto has_sketch = [&](const Pair& pair) { return frames_.has_sketch(pair.number); };
  const bool any_sketch = std::any_of(pairs_.begin(), pairs_.end(), has_sketch);
  if (any_sketch) bounds_.build(network, phi_, frames_, *kernel_, threads);
  steady_ = {};
  open_.clear();
  const bool have_sketches = std::all_of(pairs_.begin(), pairs_.end(), has_sketch);
  const std::size_t periods = have_sketches ? frames_.sketch_ranges().size() : 0;
  for (std::size_t unit = 0; unit < static_cast<std::size_t>(width_); ++unit) {
    std::size_t on = 0, off = 0;
    for (std::size_t period = 0; period < periods; ++period) {
      on += bounds_.is_always(period, unit, true) ? 1 : 0;
      off += bounds_.is_always(period, unit, false) ? 1 : 0;
    }
    if (have_sketches && on == periods) activate(steady_, unit);
    if (!have_sketches || (on < periods && off < periods)) open_.push_back(unit);
  }
  const auto stride = static_cast<std::size_t>(stride_);
  functionals_.resize((1 + open_.size()) * stride);
  rho_.slopes(steady_, functionals_.data());
  for (std::size_t o = 0; o < open_.size(); ++o)
    std::copy_n(rho_.row(open_[o]), stride, &functionals_[(1 + o) * stride]);
  const auto count = static_cast<std::int64_t>(1 + open_.size());
  are_compared_ = count <= Terms::most_functionals;
  if (!are_compared_) return;
  changes_.resize(pairs_.size() * static_cast<std::size_t>(count));
  changing_terms_.compare(phi_, *kernel_, {functionals_.data(), count, stride_},
                          static_cast<std::int64_t>(pairs_.size()), threads, stop_, changes_.data());
}

/// The first frame of a pair.
void PairLoss::assemble(const Pair& pair, Frame& frame) const {
  if (std::exchange(frame.is_assembled, true)) return;
  frame.resize(frames_.n());
  frames_.frame(pair.number, frame.x.data(), frame.y.data(), frame.changes);
}

/// The second one, in the place of the first.
void PairLoss::assemble_second(const Pair& pair, Frame& frame) const {
  frame.is_assembled = false;  // its disks may be in another order by now
  assemble(pair, frame);
  for (const Change& change : frames_.changes(pair.number, frame.changes)) {
    const auto disk = static_cast<std::size_t>(change.disk);
    frame.x[disk] = change.new_x;
    frame.y[disk] = change.new_y;
  }
}

/// Delta h of a pair.
double PairLoss::compare(std::int64_t k, Frame& frame) {
  Pair& pair = pairs_[static_cast<std::size_t>(k)];
  if (const auto ahead = static_cast<std::size_t>(k) + pairs_ahead; ahead < pairs_.size()) {
    const std::int64_t number = pairs_[ahead].number;
    const bool is_known = !frames_.has_sketch(number) || bounds_.known(frames_.period(number)).uncertain.empty();
    if (!is_known) frames_.prefetch_sketch(number);
  }
  if (std::exchange(frame.is_assembled, false) && static_cast<std::size_t>(k) + 1 < pairs_.size()) {
    frames_.prefetch_frame(pairs_[static_cast<std::size_t>(k) + 1].number);  // as likely as not, that is wanted too
  }
  Difference difference;
  find_difference(k, difference);
  double change = 0;
  return is_surely_steady(pair, difference, frame, change) ? change : compare_whole(pair, difference, frame);
}

void PairLoss::find_difference(std::int64_t k, Difference& difference) const {
  const Pair& pair = pairs_[static_cast<std::size_t>(k)];
  const std::size_t count = 1 + open_.size();
  double of[1 + most_width] = {};
  if (are_compared_) {
    std::copy_n(&changes_[static_cast<std::size_t>(k) * count], count, of);
  } else {
    const auto stride = static_cast<std::size_t>(stride_);
    double after[most_width] = {}, before[most_width] = {};
    const auto add = [&](std::int64_t from, double* sums) {
      phi_.add({changing_.cells.data() + from, changing_.x.data() + from, changing_.y.data() + from, pair.changes},
               sums);
    };
    add(pair.first, after), add(pair.first + pair.changes, before);
    for (std::size_t j = 0; j < stride; ++j) after[j] -= before[j];
    for (std::size_t f = 0; f < count; ++f) of[f] = kernel_->dot(&functionals_[f * stride], after, stride_);
  }
  difference.steady = of[0];
  for (std::size_t o = 0; o < open_.size(); ++o) difference.dz[open_[o]] = of[1 + o];
}

/// Whether bounds say that no unit of rho switches; then also which are active.
bool PairLoss::is_surely_steady(Pair& pair, const Difference& difference, Frame& frame, double& change) const {
  if (!frames_.has_sketch(pair.number)) return false;
  const std::size_t period = frames_.period(pair.number);
  const std::vector<std::int32_t>& uncertain = bounds_.known(period).uncertain;
  Mask active = bounds_.known(period).always_active;
  double low[most_width], high[most_width];
  if (!uncertain.empty()) bounds_.of(frames_.sketch(pair.number, frame.sketch), period, low, high);
  for (std::size_t u = 0; u < uncertain.size(); ++u) {
    const auto unit = static_cast<std::size_t>(uncertain[u]);
    const double dz = difference.dz[unit];
    double other = frames_.is_sketch_of_second(pair.number) ? -dz : dz;
    const auto is_on = [&] { return std::min(low[u], low[u] + other) > 0; };
    const auto is_off = [&] { return std::max(high[u], high[u] + other) <= 0; };
    if (!is_on() && !is_off()) {
      assemble(pair, frame);
      bounds_.of_disks(frame.x.data(), frame.y.data(), frames_.n(), period, u, low[u], high[u]);
      other = dz;
      if (!is_on() && !is_off()) return false;
    }
    if (is_on()) activate(active, unit);
  }
  change = difference.steady;
  for (const std::size_t unit : open_) change += is_active(active, unit) ? rho_.last(unit) * difference.dz[unit] : 0;
  pair.active_before = pair.active_after = active;
  return true;
}

/// Delta h from the sum over a whole frame: in float if its rounding leaves no doubt, else in double.
double PairLoss::compare_whole(Pair& pair, const Difference& difference, Frame& frame) const {
  double sums[most_width], z[most_width], next[most_width];
  assemble(pair, frame);
  bool is_next_in_doubt = false;
  for (const bool exact : {false, true}) {
    phi_.sum(frame.x.data(), frame.y.data(), frames_.n(), frame.cells.data(), exact, sums);
    const double in_float = rho_.amplification() * phi_.error_of_sum(frames_.n(), sums), error = exact ? 0 : in_float;
    bool settled = true;
    for (const std::size_t unit : open_) {
      z[unit] = rho_.z_of_unit(unit, sums);
      next[unit] = z[unit] + difference.dz[unit];
      settled = settled && ((z[unit] > error && next[unit] > error) || (z[unit] <= -error && next[unit] <= -error));
      is_next_in_doubt = is_next_in_doubt || (exact && std::fabs(next[unit]) <= in_float * rounding_in_double);
    }
    if (settled) break;
  }
  if (is_next_in_doubt) {  // z = 0, as of a frame in which phi is 0 at all disks, comes out only of a sum of its own
    assemble_second(pair, frame);
    phi_.sum(frame.x.data(), frame.y.data(), frames_.n(), frame.cells.data(), true, sums);
    for (const std::size_t unit : open_) next[unit] = rho_.z_of_unit(unit, sums);
  }
  double change = difference.steady;
  pair.active_before = pair.active_after = steady_;
  for (const std::size_t unit : open_) {
    if (z[unit] > 0) activate(pair.active_before, unit);
    if (next[unit] > 0) activate(pair.active_after, unit);
    if (z[unit] > 0 && next[unit] > 0) change += rho_.last(unit) * difference.dz[unit];
    if ((z[unit] > 0) != (next[unit] > 0)) change += rho_.last(unit) * (next[unit] > 0 ? next[unit] : -z[unit]);
  }
  return change;
}

}  // namespace hthm::deepsets
