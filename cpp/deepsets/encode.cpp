// How frames become what changes from one to the next.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/narrow.hpp"
#include "deepsets/frame_store.hpp"

namespace hthm::deepsets {
namespace {

float magnitude(float reach, float x, float y) { return std::max({reach, std::fabs(x), std::fabs(y)}); }

}  // namespace

/// The changes to this frame are all there; it is kept whole where it is a key frame.
void FrameStore::end_frame(Run& run, std::size_t frame, const std::vector<float>& x,
                           const std::vector<float>& y) const {
  run.first.push_back(narrow<std::uint32_t>(run.changes.size(), "changes of a run"));
  if (frame % key_distance != 0) return;
  run.keys.insert(run.keys.end(), x.begin(), x.end());
  run.keys.insert(run.keys.end(), y.begin(), y.end());
}

void FrameStore::encode_dense(const double* velocities, std::int64_t most_changes, StopRequest* stop, Run& run) const {
  Pace pace(stop);
  const auto n = static_cast<std::size_t>(n_), frames = static_cast<std::size_t>(frames_);
  std::vector<float> x(n), y(n);
  const auto most = static_cast<std::size_t>(std::min((n_ * (frames_ - 1) + 3) / 4, most_changes));
  for (std::size_t t = 0; t < frames; ++t) {
    const double* frame = velocities + t * n * 2;
    for (std::size_t i = 0; i < n; ++i) {
      const auto new_x = static_cast<float>(frame[2 * i]), new_y = static_cast<float>(frame[2 * i + 1]);
      run.reach = magnitude(run.reach, new_x, new_y);
      if (t > 0 && run.dense == nullptr && (new_x != x[i] || new_y != y[i])) {
        run.changes.push_back({static_cast<std::int32_t>(i), x[i], y[i], new_x, new_y});
      }
      x[i] = new_x;
      y[i] = new_y;
    }
    if (run.changes.size() > most) {
      const float reach = run.reach;
      run = Run{};
      run.reach = reach;
      run.dense = velocities;
    }
    pace.did(n_);
    if (run.dense != nullptr) continue;  // only its reach is still wanted
    end_frame(run, t, x, y);
  }
  run.changes.shrink_to_fit();
  run.keys.shrink_to_fit();
}

void FrameStore::encode_log(const LogView& log, std::int64_t r, std::int64_t most_changes, StopRequest* stop,
                            Run& run) const {
  Pace pace(stop);
  const auto n = static_cast<std::size_t>(n_), frames = static_cast<std::size_t>(frames_);
  const Vec* start = log.start + r * n_;
  std::vector<float> x(n), y(n);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = static_cast<float>(start[i].x);
    y[i] = static_cast<float>(start[i].y);
  }
  const RowRange rows = rows_of(log, r, 0, frames_);
  run.changes.reserve(narrow<std::size_t>(2 * (rows.end - rows.begin), "log: changes of a run",
                                          static_cast<std::size_t>(most_changes)));
  std::vector<char> is_touched(n, 0);
  std::vector<Change> touched;  // in this frame, with the velocities before it
  for (std::size_t t = 0; t < frames; ++t) {
    touched.clear();
    const auto frame = static_cast<std::int64_t>(t);
    replay(log, r, frame, frame + 1, pace, [&](std::int32_t disk, const Vec& v) {
      const auto i = static_cast<std::size_t>(disk);
      if (!is_touched[i]) touched.push_back({disk, x[i], y[i], 0, 0});
      is_touched[i] = 1;
      x[i] = static_cast<float>(v.x);
      y[i] = static_cast<float>(v.y);
    });
    std::sort(touched.begin(), touched.end(), [](const Change& a, const Change& b) { return a.disk < b.disk; });
    for (Change& change : touched) {
      const auto i = static_cast<std::size_t>(change.disk);
      is_touched[i] = 0;
      change.new_x = x[i];
      change.new_y = y[i];
      const bool differs = change.new_x != change.old_x || change.new_y != change.old_y;
      if (t > 0 && differs) {  // the start is no frame, and no pair leads from it
        run.changes.push_back(change);
        run.reach = magnitude(run.reach, change.new_x, change.new_y);
      }
    }
    if (t == 0) {
      for (std::size_t i = 0; i < n; ++i) run.reach = magnitude(run.reach, x[i], y[i]);
    }
    end_frame(run, t, x, y);
    pace.did(1 + (frame % static_cast<std::int64_t>(key_distance) == 0 ? n_ : 0));
  }
  run.keys.shrink_to_fit();
}

}  // namespace hthm::deepsets
