#include "diagnosis/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "diagnosis/verify_baking.hpp"
#include "diagnosis/verify_steps.hpp"

namespace nightingale {

namespace {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::equal: return "equal";
    case Verdict::differs: return "differs";
    case Verdict::shape: return "shape";
    case Verdict::skipped: return "skipped";
  }
  return "skipped";
}

bool is_fault(const VerifiedStep& step) {
  return step.verdict == Verdict::differs || step.verdict == Verdict::shape;
}

}  // namespace

Verification verify(const Model& model, const ReferenceFolder& reference, const VoiceArrays* voice) {
  std::vector<VerifiedStep> steps = VerifySteps(model, reference, voice).run();
  if (voice) {
    const std::vector<VerifiedStep> baked = verify_baking(model, *voice);
    steps.insert(steps.begin(), baked.begin(), baked.end());
  }
  return {std::move(steps)};
}

bool Verification::ok() const {
  return std::none_of(steps.begin(), steps.end(), is_fault);
}

std::string Verification::text() const {
  std::size_t widest = 4;
  std::size_t widest_axes = 4;
  for (const VerifiedStep& step : steps) {
    widest = std::max(widest, step.step.size());
    widest_axes = std::max(widest_axes, step.axes.size());
  }
  std::string out = fmt::format("{:{}}  {:{}}  {:>8}  {:>7}  verdict\n", "step", widest, "axes", widest_axes,
                                "error", "limit");
  std::size_t equal = 0;
  for (const VerifiedStep& step : steps) {
    const bool measured = step.verdict == Verdict::equal || step.verdict == Verdict::differs;
    out += fmt::format("{:{}}  {:{}}  {:>8}  {:>7}  {}{}{}\n", step.step, widest, step.axes, widest_axes,
                       measured ? fmt::format("{:.1e}", step.error) : "",
                       measured ? fmt::format("{:.0e}", step.limit) : "", name_of(step.verdict),
                       step.detail.empty() ? "" : ": ", step.detail);
    if (step.verdict == Verdict::equal) ++equal;
  }
  const auto faults = std::count_if(steps.begin(), steps.end(), is_fault);
  const auto left_out = steps.size() - equal - static_cast<std::size_t>(faults);
  return out + fmt::format("{} equal, {} differ, {} skipped", equal, faults, left_out);
}

std::string Verification::json() const {
  nlohmann::json out{{"ok", ok()}, {"steps", nlohmann::json::array()}};
  for (const VerifiedStep& step : steps) {
    out["steps"].push_back({{"step", step.step},
                            {"axes", step.axes},
                            {"error", step.error},
                            {"limit", step.limit},
                            {"verdict", name_of(step.verdict)},
                            {"detail", step.detail}});
  }
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace nightingale
