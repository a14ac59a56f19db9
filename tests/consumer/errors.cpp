// Uses the error type of an installed Nightingale, so that a symbol the library forgot to export fails to
// link.
#include <iostream>

#include "nightingale/error.hpp"
#include "nightingale/version.h"

int main() {
  const nightingale::Error error{nightingale::ErrorCode::model_missing, "no model", {}, "give one"};
  std::cout << NIGHTINGALE_VERSION << " [" << nightingale::name_of(error.code) << "] " << error.text()
            << "\n";
  return error.text() == "no model\nfix: give one" ? 0 : 1;
}
