#include "deepsets/pair_loss.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "parallel.hpp"

namespace hthm::deepsets {
namespace {

/// Pairs that a thread takes at a time.
constexpr std::int64_t pairs_at_a_time = 8;

/// How long before it is read a pair is fetched.
constexpr std::int64_t pairs_ahead = 4;

/// Into so many pieces a batch is cut at most where each thread sorts one.
constexpr std::int64_t most_pieces = 16;

/// Terms of a cell that are summed at a time: so few that the cells of a narrow network keep all threads busy.
constexpr std::int64_t terms_at_a_time = 512;

}  // namespace

struct PairLoss::Frame {
  void resize(std::int64_t n) {
    x.resize(static_cast<std::size_t>(n));
    y.resize(x.size());
    cells.resize(x.size());
  }

  std::vector<float> x, y;
  std::vector<std::int32_t> cells;
  std::vector<Change> changes;
};

double PairLoss::operator()(const Network<const float>& network, const std::int64_t* pairs, std::int64_t count,
                            const Loss& loss, int threads, double* change, const Network<float>& gradient) {
  const std::int64_t weights = Network<float>::size(network.width);
  if (!std::all_of(network.w1, network.w1 + weights, [](float w) { return std::isfinite(w); })) {
    std::fill(gradient.w1, gradient.w1 + weights, std::numeric_limits<float>::quiet_NaN());
    std::fill(change, change + count, std::numeric_limits<double>::quiet_NaN());
    return std::numeric_limits<double>::quiet_NaN();
  }
  phi_.build(network, frames_.reach(), *kernel_, threads);
  rho_.build(network, *kernel_);
  width_ = network.width;
  stride_ = padded(network.width);
  choose(pairs, count);
  for_pairs(threads, [&](std::int64_t k, Frame& frame) { look_at(k, frame); });
  know_all_cells(threads);
  const auto has_sketch = [&](const Pair& pair) { return frames_.sketch(pair.number).numbers != nullptr; };
  if (std::any_of(pairs_.begin(), pairs_.end(), has_sketch)) {
    const std::vector<SketchRange>& ranges = frames_.sketch_ranges();
    bounds_.build(network, phi_, frames_.reach(), frames_.n(), ranges, *kernel_, threads);
    always_.resize(ranges.size() * static_cast<std::size_t>(stride_));
    for (std::size_t period = 0; period < ranges.size(); ++period) {
      rho_.slopes(bounds_.known(period).always_active, &always_[period * static_cast<std::size_t>(stride_)]);
    }
  }
  for_pairs(threads, [&](std::int64_t k, Frame& frame) { change[k] = compare(k, frame); });

  double tilted = 0, squares = 0;
  std::vector<double> slopes_of_loss(static_cast<std::size_t>(count));
  for (std::int64_t k = 0; k < count; ++k) {
    const double fall = change[k] < 0 ? 1 : loss.negative_slope;
    tilted -= fall * change[k];
    squares += change[k] * change[k];
    slopes_of_loss[static_cast<std::size_t>(k)] = (2 * loss.penalty * change[k] - fall) / static_cast<double>(count);
  }
  differentiate(slopes_of_loss.data());
  sort_terms(slopes_of_loss.data(), threads);
  backward(threads, gradient);
  const double value = (tilted + loss.penalty * squares) / static_cast<double>(count);
  // What weights in float32 cannot be trained on ends as it does where all is float32.
  return std::fabs(value) <= std::numeric_limits<float>::max() ? value : std::numeric_limits<double>::infinity();
}

template <class Body>
void PairLoss::for_pairs(int threads, const Body& body) {
  const auto count = static_cast<std::int64_t>(pairs_.size());
  parallel_for((count + pairs_at_a_time - 1) / pairs_at_a_time, threads, [&](std::int64_t piece) {
    Frame frame;
    const std::int64_t first = piece * pairs_at_a_time;
    for (std::int64_t k = first; k < std::min(first + pairs_at_a_time, count); ++k) body(k, frame);
  });
}

void PairLoss::choose(const std::int64_t* pairs, std::int64_t count) {
  pairs_.clear();
  std::int64_t first = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    pairs_.push_back({pairs[k], first, 0, {}, {}, 0, 0});
    first += 2 * frames_.most_changes(pairs[k]);
  }
  x_.resize(static_cast<std::size_t>(first));
  y_.resize(x_.size());
  cells_.resize(x_.size());
  sums_.resize(static_cast<std::size_t>(count * stride_));
  changes_.resize(sums_.size());
}

/// The velocities of the changed disks with their cells, as far as known.
void PairLoss::look_at(std::int64_t k, Frame& frame) {
  Pair& pair = pairs_[static_cast<std::size_t>(k)];
  const std::span<const Change> changes = frames_.changes(pair.number, frame.changes);
  if (const auto ahead = static_cast<std::size_t>(k + pairs_ahead); ahead < pairs_.size()) {
    frames_.prefetch_changes(pairs_[ahead].number);
  }
  pair.changes = static_cast<std::int64_t>(changes.size());
  for (std::int64_t c = 0; c < pair.changes; ++c) {
    const Change& change = changes[static_cast<std::size_t>(c)];
    const auto after = static_cast<std::size_t>(pair.first + c),
               before = after + static_cast<std::size_t>(pair.changes);
    x_[after] = change.new_x;
    y_[after] = change.new_y;
    cells_[after] = phi_.cells().locate(change.new_x, change.new_y);
    x_[before] = change.old_x;
    y_[before] = change.old_y;
    cells_[before] = phi_.cells().locate(change.old_x, change.old_y);
  }
}

void PairLoss::know_all_cells(int threads) {
  for (const Pair& pair : pairs_) {
    for (std::int64_t c = pair.first; c < pair.first + 2 * pair.changes; ++c) {
      const auto i = static_cast<std::size_t>(c);
      if (cells_[i] == PlaneCells::unknown) cells_[i] = phi_.cells().locate_or_add(x_[i], y_[i]);
    }
  }
  phi_.complete(threads);
}

/// The first frame of a pair.
void PairLoss::assemble(const Pair& pair, Frame& frame) const {
  frame.resize(frames_.n());
  frames_.frame(pair.number, frame.x.data(), frame.y.data());
}

/// Delta h of a pair.
double PairLoss::compare(std::int64_t k, Frame& frame) {
  Pair& pair = pairs_[static_cast<std::size_t>(k)];
  if (const auto ahead = static_cast<std::size_t>(k + pairs_ahead); ahead < pairs_.size()) {
    const std::int64_t number = pairs_[ahead].number;
    const bool has_sketch = frames_.sketch(number).numbers != nullptr;
    if (has_sketch && !bounds_.known(frames_.period(number)).uncertain.empty()) frames_.prefetch_sketch(number);
  }
  const auto first = static_cast<std::size_t>(pair.first), middle = first + static_cast<std::size_t>(pair.changes);
  double before[most_width] = {};
  double* of_sums = change_of_sums(k);
  std::fill(of_sums, of_sums + stride_, 0.0);
  phi_.add(x_.data() + first, y_.data() + first, cells_.data() + first, pair.changes, of_sums);
  phi_.add(x_.data() + middle, y_.data() + middle, cells_.data() + middle, pair.changes, before);
  for (std::int64_t j = 0; j < stride_; ++j) of_sums[j] -= before[j];
  double change;
  return is_surely_steady(pair, of_sums, frame, change) ? change : compare_whole(k, frame);
}

/// Whether bounds say that no unit of rho switches; then also which are active.
bool PairLoss::is_surely_steady(Pair& pair, const double* change_of_sums, Frame& frame, double& change) const {
  const FrameStore::Sketch sketch = frames_.sketch(pair.number);
  if (sketch.numbers == nullptr) return false;
  const std::size_t period = frames_.period(pair.number);
  const Bounds::Known& known = bounds_.known(period);
  const std::vector<std::int32_t>& uncertain = known.uncertain;
  pair.active_before = known.always_active;
  change = kernel_->dot(&always_[period * static_cast<std::size_t>(stride_)], change_of_sums, stride_);
  double low[most_width], high[most_width];
  if (!uncertain.empty()) bounds_.of(sketch.numbers, period, low, high);
  bool is_assembled = false;
  for (std::size_t u = 0; u < uncertain.size(); ++u) {
    const auto unit = static_cast<std::size_t>(uncertain[u]);
    const double dz = rho_.change_of_unit(unit, change_of_sums);
    double other = sketch.second ? -dz : dz;
    const auto is_on = [&] { return std::min(low[u], low[u] + other) > 0; };
    const auto is_off = [&] { return std::max(high[u], high[u] + other) <= 0; };
    if (!is_on() && !is_off()) {
      if (!std::exchange(is_assembled, true)) assemble(pair, frame);
      bounds_.of_disks(frame.x.data(), frame.y.data(), frames_.n(), period, u, low[u], high[u]);
      other = dz;
      if (!is_on() && !is_off()) return false;
    }
    if (is_off()) continue;
    activate(pair.active_before, unit);
    change += rho_.last(unit) * dz;
  }
  pair.active_after = pair.active_before;
  return true;
}

/// Delta h from the sum over a whole frame: in float if its rounding leaves no doubt, else in double.
double PairLoss::compare_whole(std::int64_t k, Frame& frame) {
  Pair& pair = pairs_[static_cast<std::size_t>(k)];
  double dz[most_width] = {}, z[most_width], next[most_width];
  rho_.add_change(change_of_sums(k), dz);
  assemble(pair, frame);
  for (const bool exact : {false, true}) {
    phi_.sum(frame.x.data(), frame.y.data(), frames_.n(), frame.cells.data(), exact, sums(k));
    rho_.z(sums(k), z);
    const double error = exact ? 0 : rho_.amplification() * phi_.error_of_sum(frames_.n(), sums(k));
    bool settled = true;
    for (std::int64_t j = 0; j < stride_; ++j) next[j] = z[j] + dz[j];
    for (std::int64_t j = 0; j < width_; ++j) {
      const bool on = z[j] > error && next[j] > error, off = z[j] <= -error && next[j] <= -error;
      settled = settled && (on || off);
    }
    if (settled || exact) break;
  }
  pair.active_before = rho_.mask(z);
  pair.active_after = rho_.mask(next);
  return rho_.change(z, next, dz);
}

/// What rho makes of the slopes of the loss.
void PairLoss::differentiate(const double* slopes_of_loss) {
  shared_terms_.clear();
  shared_cells_.clear();
  std::vector<double> sums_after(static_cast<std::size_t>(stride_));
  for (std::size_t p = 0; p < pairs_.size(); ++p) {
    Pair& pair = pairs_[p];
    const auto k = static_cast<std::int64_t>(p);
    const double slope = slopes_of_loss[p];
    pair.before = rho_.pattern(pair.active_before);
    pair.after = rho_.pattern(pair.active_after);
    if (pair.before == pair.after) {
      rho_.add(pair.before, slope, change_of_sums(k), 0);
      continue;
    }
    for (std::size_t j = 0; j < sums_after.size(); ++j) sums_after[j] = sums(k)[j] + change_of_sums(k)[j];
    rho_.add(pair.after, slope, sums_after.data(), slope);
    rho_.add(pair.before, -slope, sums(k), -slope);
    add_terms_of_shared(pair, slope);
  }
}

/// Where rho switches, the disks that do not change act through two patterns that differ.
void PairLoss::add_terms_of_shared(const Pair& pair, double weight) {
  Frame frame;
  const std::span<const Change> changes = frames_.changes(pair.number, frame.changes);
  assemble(pair, frame);
  std::int64_t next = 0;
  for (std::int64_t i = 0; i < frames_.n(); ++i) {
    if (next < pair.changes && changes[static_cast<std::size_t>(next)].disk == i) {
      ++next;
      continue;
    }
    const float x = frame.x[static_cast<std::size_t>(i)], y = frame.y[static_cast<std::size_t>(i)];
    shared_cells_.insert(shared_cells_.end(), 2, phi_.cells().locate_or_add(x, y));
    shared_terms_.push_back({x, y, pair.after, weight});
    shared_terms_.push_back({x, y, pair.before, -weight});
  }
}

/// The terms of all pairs by cell, within a cell in the order of the batch; each thread places those of its pairs.
void PairLoss::sort_terms(const double* slopes_of_loss, int threads) {
  const auto cells = static_cast<std::size_t>(phi_.cells().count()), count = pairs_.size();
  const auto pieces = static_cast<std::size_t>(std::clamp<std::int64_t>(threads, 1, most_pieces));
  const auto for_terms = [&](std::size_t piece, const auto& body) {
    for (std::size_t p = count * piece / pieces; p < count * (piece + 1) / pieces; ++p) {
      const Pair& pair = pairs_[p];
      for (std::int64_t c = 0; c < 2 * pair.changes; ++c) {
        const auto i = static_cast<std::size_t>(pair.first + c);
        if (c < pair.changes) body(cells_[i], Term{x_[i], y_[i], pair.after, slopes_of_loss[p]});
        if (c >= pair.changes) body(cells_[i], Term{x_[i], y_[i], pair.before, -slopes_of_loss[p]});
      }
    }
    if (piece + 1 < pieces) return;
    for (std::size_t i = 0; i < shared_terms_.size(); ++i) body(shared_cells_[i], shared_terms_[i]);
  };
  std::vector<std::vector<std::int64_t>> next(pieces);  // place of a term, by piece and cell
  parallel_for(static_cast<std::int64_t>(pieces), threads, [&](std::int64_t piece) {
    std::vector<std::int64_t> counts(cells, 0);
    for_terms(static_cast<std::size_t>(piece),
              [&](std::int32_t cell, const Term&) { ++counts[static_cast<std::size_t>(cell)]; });
    next[static_cast<std::size_t>(piece)] = std::move(counts);
  });
  ends_.resize(cells);
  std::int64_t begin = 0;
  for (std::size_t cell = 0; cell < cells; ++cell) {
    for (std::vector<std::int64_t>& of_piece : next) begin += std::exchange(of_piece[cell], begin);
    ends_[cell] = begin;
  }
  terms_.resize(static_cast<std::size_t>(begin));
  parallel_for(static_cast<std::int64_t>(pieces), threads, [&](std::int64_t piece) {
    std::vector<std::int64_t>& places = next[static_cast<std::size_t>(piece)];
    for_terms(static_cast<std::size_t>(piece), [&](std::int32_t cell, const Term& term) {
      terms_[static_cast<std::size_t>(places[static_cast<std::size_t>(cell)]++)] = term;
    });
  });
}

void PairLoss::backward(int threads, const Network<float>& gradient) {
  phi_.complete(threads);
  std::vector<std::int32_t> cells;   // by row
  std::vector<std::int64_t> bounds;  // of the terms of each row
  std::int64_t begin = 0;
  for (std::size_t cell = 0; cell < ends_.size(); ++cell) {
    for (; begin < ends_[cell]; begin = std::min(begin + terms_at_a_time, ends_[cell])) {
      cells.push_back(static_cast<std::int32_t>(cell));
      bounds.push_back(begin);
    }
  }
  bounds.push_back(begin);
  rows_.resize(cells.size() * static_cast<std::size_t>(phi_.table_size()));
  parallel_for(static_cast<std::int64_t>(cells.size()), threads, [&](std::int64_t row) {
    const auto r = static_cast<std::size_t>(row);
    kernel_->gradient(phi_.table(cells[r]), stride_, &terms_[static_cast<std::size_t>(bounds[r])],
                      bounds[r + 1] - bounds[r], rho_.slopes(),
                      &rows_[r * static_cast<std::size_t>(phi_.table_size())]);
  });
  phi_.gradient(rows_.data(), cells, threads, gradient);
  rho_.gradient(gradient);
}

}  // namespace hthm::deepsets
