#include "api/open_model.hpp"

#include "base/failure.hpp"
#include "kernels/cpu/cpu.hpp"
#include "kernels/reference/reference.hpp"

namespace nightingale {

namespace {

void check_threads(int threads) {
  constexpr int most = 1024;
  if (threads >= 0 && threads <= most) return;
  fail(ErrorCode::option_invalid, "threads = " + std::to_string(threads) + " is out of range",
       "give 1 to " + std::to_string(most) + ", or 0 for one thread on each core");
}

}  // namespace

WantedLanguage wanted_language(Variant variant) {
  switch (variant) {
    case Variant::automatic: return WantedLanguage::automatic;
    case Variant::english: return WantedLanguage::english;
    case Variant::multilingual: return WantedLanguage::multilingual;
  }
  return WantedLanguage::automatic;
}

std::unique_ptr<Ops> make_substrate(const EngineOptions& options) {
  check_threads(options.threads);
  if (options.substrate == Substrate::reference) return make_reference();
  return make_cpu({.threads = options.threads});
}

std::shared_ptr<const Model> open_model(const std::string& path, const EngineOptions& options) {
  return std::make_shared<const Model>(find_model(path, wanted_language(options.variant), options.language),
                                       make_substrate(options));
}

}  // namespace nightingale
