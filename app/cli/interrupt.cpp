#include "cli/interrupt.hpp"

#include <unistd.h>

#include <csignal>

#include "cli/verbs.hpp"

namespace nightingale::cli {

namespace {

// A handler can reach nothing but what is static.
volatile std::sig_atomic_t held = 0, came = 0;

void on_interrupt(int) {
  if (!held || came) ::_exit(interrupted);
  came = 1;
}

}  // namespace

void listen_for_interrupt() {
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
}

void hold_interrupt() {
  held = 1;
}

bool interrupt_came() {
  return came != 0;
}

}  // namespace nightingale::cli
