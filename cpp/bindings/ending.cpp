#include "bindings/ending.hpp"

#include <pybind11/pybind11.h>

#include <cstdlib>
#include <exception>

#include "core/system_threads.hpp"

namespace hthm::bindings {
namespace {

std::terminate_handler terminate_otherwise = nullptr;

bool interpreter_is_ending() {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing() != 0;
#else
  return _Py_IsFinalizing() != 0;
#endif
}

// An exception that nobody catches is still reported, at the end, too: an unwinding thread has none.
[[noreturn]] void terminate_unless_ending() {
  if (interpreter_is_ending() && !std::current_exception()) sleep_for_ever();
  if (terminate_otherwise != nullptr) terminate_otherwise();
  std::abort();
}

}  // namespace

void let_threads_end_quietly() {
  // A module is made once for each interpreter, the handler is that of the process.
  static const bool once = [] {
    terminate_otherwise = std::set_terminate(terminate_unless_ending);
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace hthm::bindings
