#include "api/open_model.hpp"

#include <filesystem>

#include "base/failure.hpp"
#include "kernels/cpu/cpu.hpp"
#include "kernels/reference/reference.hpp"

namespace nightingale {

namespace {

constexpr const char* shipped_watermark = "perth.safetensors";

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
  return make_cpu({.threads = options.threads, .attention = options.precisions.flow});
}

std::string watermark_file(const std::string& given) {
  constexpr const char* fix =
      "tools/get_watermark.sh fetches it, once, from PyPI; or leave the watermark out: --no-watermark, "
      "EngineOptions::watermark = false";
  std::error_code error;
  if (!given.empty()) {
    if (std::filesystem::is_regular_file(given, error)) return given;
    fail(ErrorCode::model_missing, "the watermark's network is not at " + given, fix);
  }
  std::string shipped = find_shipped(shipped_watermark);
  if (shipped.empty()) {
    fail(ErrorCode::model_missing,
         std::string("the watermark's network, ") + shipped_watermark + ", is not in share/nightingale", fix);
  }
  return shipped;
}

std::shared_ptr<const Model> open_model(const std::string& path, const EngineOptions& options) {
  check_threads(options.threads);
  const ModelFolder folder = find_model(path, wanted_language(options.variant), options.language);
  const std::string watermark = options.watermark ? watermark_file(options.watermark_weights) : "";
  return std::make_shared<const Model>(folder, make_substrate(options), watermark, options.precisions);
}

}  // namespace nightingale
