// The words of a report: how a tensor, its axes and those who vouch for a size are printed.
#pragma once

#include <string>
#include <vector>

#include "checkpoint/binder_record.hpp"

namespace nightingale {

// "1 tensor", "3 tensors".
std::string counted(std::size_t count, const std::string& thing);

// "a", "a and b", "a, b and c"; with a rest, "a, b and 3 more".
std::string listed(const std::vector<std::string>& things, const std::string& rest = "");

// "flow.encoder.encoders.4.norm_ff.weight  (flow › encoder)": the name and the scope whose symbols it uses.
std::string subject_of(const Claim& claim);

// The declared axes with the values that were solved: "[hidden 2048, channel 512]".
std::string expected_of(const Binding::Record& record, const Claim& claim);

// Who says that a symbol has this value: "w_1.bias and w_2.weight", "text_emb.weight and 289 more". Those
// nearest to the tensor `near` come first, without their path when they lie beside it.
std::string witnesses(const Binding::Record& record, const Symbol& symbol, std::int64_t value,
                      const std::string& near);

// Who says that an axis of a misfit has another length than it was found to have: "hidden = 2048 say w_1.bias
// and w_2.weight; only this tensor says 1024".
std::string reason(const Binding::Record& record, const Claim& misfit, std::size_t axis);

}  // namespace nightingale
