// A frame in a few numbers: what the sum over its disks of any function is, up to how far the function is from bilinear
// in the squares of a coarse grid.
#pragma once

#include <cstdint>
#include <vector>

namespace hthm::deepsets {

/// Squares of the coarse grid over [-reach, reach]^2, and its nodes, [x][y].
struct SketchGrid {
  static constexpr int side = 12;
  static constexpr int squares = side * side;
  static constexpr int nodes = (side + 1) * (side + 1);
  static constexpr int size = nodes + squares;
  /// Frames of this many disks have sketches: fewer are summed as fast, more overflow the counts.
  static constexpr std::int64_t fewest = 128, most = 65535;

  /// What a weight of 1 in a sketch is worth, for n disks.
  static double unit(std::int64_t n) { return static_cast<double>(n) / 65535; }
};

/// Makes the sketches of frames that follow each other. A disk has the weight 1, which it shares among the corners of
/// its square as a bilinear function is interpolated: the sum over the disks of a function that is bilinear in every
/// square is the sum over the nodes of weight times value. A sketch is the weights of all nodes, in 16 bits each, and
/// the number of disks in each square.
class Sketcher {
 public:
  Sketcher(double reach, std::int64_t n);
  void add(float x, float y) { change(x, y, 1); }
  void remove(float x, float y) { change(x, y, -1); }
  void write(std::vector<std::uint16_t>& out) const;

 private:
  void change(float x, float y, int sign);

  double reach_, per_width_, unit_;
  double weights_[SketchGrid::nodes] = {};
  std::int64_t counts_[SketchGrid::squares] = {};
};

}  // namespace hthm::deepsets
