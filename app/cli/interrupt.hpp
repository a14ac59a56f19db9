// Ctrl-C. While nothing is spoken yet it ends the program at once, with status 130. While somebody speaks the
// first one asks for an end in good order, and the second one ends at once.
#pragma once

namespace nightingale::cli {

void listen_for_interrupt();

// From here on the first Ctrl-C is only noted.
void hold_interrupt();
bool interrupt_came();

}  // namespace nightingale::cli
