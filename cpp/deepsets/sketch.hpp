// A frame in a few numbers: what the sum over its disks of any function is, up to how far the function is from bilinear
// in the squares of a coarse grid.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hthm::deepsets {

/// Nodes of the coarse grid over [-reach, reach]^2, [x][y].
struct SketchGrid {
  static constexpr int side = 24;  // squares along a side
  static constexpr int squares = side * side;
  static constexpr int nodes = (side + 1) * (side + 1);
  /// Frames of fewer disks have no sketches: they are summed as fast.
  static constexpr std::int64_t fewest_disks = 128;
  /// Nor have velocities so small that numbers of squares per velocity would leave the range of float32.
  static constexpr float least_reach = 1e-30f;
};

/// Frames are alike within a period: a gas relaxes from where it starts, and then stays as it is.
constexpr std::size_t sketch_period(std::size_t frame) { return frame < 16 ? 0 : frame < 64 ? 1 : 2; }

/// Makes the sketches of frames that follow each other. A disk has the weight 1, which it shares among the corners of
/// its square as a bilinear function is interpolated: the sum over the disks of a function that is bilinear in every
/// square is the sum over the nodes of weight times value. A sketch is the weights of all nodes, in 16 bits each.
class Sketcher {
 public:
  explicit Sketcher(double reach);
  void add(float x, float y) { change(x, y, 1); }
  void remove(float x, float y) { change(x, y, -1); }
  /// Append the sketch, in units of `unit`; false where that cannot hold a weight, and nothing is appended.
  bool write(double unit, std::vector<std::uint16_t>& out) const;
  const double* weights() const { return weights_; }
  /// The squares that have ever had a disk, [x][y].
  const std::vector<char>& visited() const { return visited_; }

 private:
  void change(float x, float y, int sign);

  double reach_, per_width_;
  double weights_[SketchGrid::nodes] = {};
  std::vector<char> visited_ = std::vector<char>(SketchGrid::squares, 0);
};

/// For each row of squares, from the first to the last in which there ever is a disk.
struct SketchExtent {
  struct Row {
    std::size_t first = 0, end = 0;  // columns
  };
  std::array<Row, SketchGrid::side> rows;

  void add(const std::vector<char>& visited);
  /// Likewise for the row-th row of nodes.
  Row of_nodes(std::size_t row) const;
};

/// Where the sketches of many frames lie, before they are rounded: each w fulfils sum over the nodes of
/// ((w - mean) / spread)^2 <= radius^2. What is linear in w is so bounded for all of them at once.
struct SketchRange {
  std::vector<double> mean, spread;  // (nodes); no spread where no frame ever has a weight
  double radius = 0;
  double unit = 0;  // of the rounded weights

  /// The left hand side for the frame of a sketcher, its root.
  double distance(const Sketcher& sketcher) const;
};

}  // namespace hthm::deepsets
