// How daemon threads end that are in compiled code when the program ends.
#include <pybind11/pybind11.h>

#include <atomic>
#include <cstdlib>
#include <exception>
#include <thread>

#include "core/system_threads.hpp"

namespace py = pybind11;

namespace {

std::terminate_handler terminate_otherwise = nullptr;
std::atomic<std::thread::id> last_thread{};  // the one that ends the interpreter, and then the process

bool interpreter_is_ending() {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing() != 0;
#else
  return _Py_IsFinalizing() != 0;
#endif
}

// An exception that nobody catches is still reported, at the end, too: an unwinding thread has none. And the thread for
// which the process waits is never unwound: asleep, it would leave a process that nothing ends.
[[noreturn]] void terminate_unless_ending() {
  const bool is_unwound = std::this_thread::get_id() != last_thread && !std::current_exception();
  if (is_unwound && interpreter_is_ending()) hthm::sleep_for_ever();
  if (terminate_otherwise != nullptr) terminate_otherwise();
  std::abort();
}

}  // namespace

/// From now on a thread whose stack is unwound while the interpreter ends sleeps where the unwinding may not go on.
/// Before 3.14 Python unwinds a thread that asks for the GIL then, and where a destructor is in the way the process is
/// terminated: "terminate called without an active exception", exit code 134. Our own code sees to itself
/// (`WithoutGil`); this is for torch, which asks for the GIL whenever a tensor was made or freed.
void let_threads_end_quietly() {
  // A module is made once for each interpreter, the handler is that of the process.
  static const bool once = [] {
    const py::cpp_function note_thread{[] { last_thread = std::this_thread::get_id(); }};
    py::module_::import("atexit").attr("register")(note_thread);  // called by the thread that ends the interpreter
    terminate_otherwise = std::set_terminate(terminate_unless_ending);
    return true;
  }();
  static_cast<void>(once);
}
