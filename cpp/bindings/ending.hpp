// How daemon threads end that are in compiled code when the program ends.
#pragma once

namespace hthm::bindings {

/// From now on a thread whose stack is unwound while the interpreter ends sleeps where the unwinding may not go on.
/// Before 3.14 Python unwinds a thread that asks for the GIL then, and where a destructor is in the way the process is
/// terminated: "terminate called without an active exception", exit code 134. Our own code sees to itself
/// (`WithoutGil`); this is for torch, which asks for the GIL whenever a tensor was made or freed.
void let_threads_end_quietly();

}  // namespace hthm::bindings
