// The program's door. For now it knows its version; the verbs follow.
#include <fmt/core.h>

#include "nightingale/error.hpp"
#include "nightingale/version.h"

int main() {
  fmt::print("nightingale {}\n", NIGHTINGALE_VERSION);
  return 0;
}
