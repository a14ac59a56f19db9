// Where stages meet: do these operands belong together? The test is cheap; the story is told only when the
// answer is no.
//
//   flow.decoder's inputs do not belong together
//     x    [batch 1, mel 80, frame 64]   from noise         frame = 2·speech             (speech = 32)
//     mu   [batch 1, frame 564, mel 80]  from flow.encoder  frame = 2·(prompt + speech)  (prompt = 250, …)
//     axis order: x is channels-first, mu is channels-last
//     frame:      64 leaves the prompt out, 564 has it
//   fix: trim the mel after flow.decoder, not before; lay x out as [batch, frame, mel]
//
// A declared axis that is one unknown length, such as `batch`, is free: the first operand decides, the others
// agree with it. Only a batch may also be 1 and repeat.
#pragma once

#include <span>
#include <string_view>

#include "nightingale/error.hpp"
#include "ops/ops.hpp"

namespace nightingale {

// Names, order and sizes of every operand are those declared. Makes no strings; allocates nothing when all
// lengths are numbers.
bool belong_together(const Lengths& lengths, std::span<const Join> operands);

// Why they do not. Precondition: they do not.
Error join_error(std::string_view stage, const Lengths& lengths, std::span<const Join> operands);

}  // namespace nightingale
