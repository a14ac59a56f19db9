// Threads that work together: each thread that shares its work has a team of its own, made when it first
// does.
//
// A member that waits looks again and again, for so it sees soonest what it waits for; but not for long, then
// it sleeps, and looks half as long the next time. The thread that it waits for may have no processor,
// because the machine has other work, and whoever goes on looking keeps it from one.
#pragma once

namespace nightingale::cpu {

// Calls work(context, member) for every member below `members` at once, of whom the calling thread is the
// first, and returns when all have ended. Within such a call: one after the other. `work` must not throw.
void together(int members, void (*work)(const void* context, int member), const void* context);

template <typename Work>
void together(int members, const Work& work) {
  together(
      members, [](const void* context, int member) { (*static_cast<const Work*>(context))(member); }, &work);
}

// That this process may run on.
int processors();

}  // namespace nightingale::cpu
