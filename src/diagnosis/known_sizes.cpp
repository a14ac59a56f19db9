#include "diagnosis/known_sizes.hpp"

#include <array>

namespace nightingale {
namespace {

constexpr std::string_view t3 = "T3", flow_and_vocoder = "flow and vocoder";

constexpr std::array<KnownVariant, 5> variants = {{
    {t3, "English"},       // t3_cfg.safetensors
    {t3, "multilingual"},  // t3_mtl23ls_v2.safetensors and _v3: they differ by numbers only
    {t3, "tiny"},
    {flow_and_vocoder, "Chatterbox"},  // s3gen.safetensors, .pt, _v3; meanflow has the same sizes
    {flow_and_vocoder, "tiny"},
}};

struct KnownSize {
  std::string_view size;
  std::array<std::int64_t, variants.size()> values;  // in the order of `variants`; 0: no such size there
};

constexpr std::array<KnownSize, 29> sizes = {{
    {"text_vocabulary", {704, 2454, 704, 0, 0}},
    {"speech_vocabulary", {8194, 8194, 8194, 0, 0}},
    {"text_position", {2050, 2050, 258, 0, 0}},
    {"speech_position", {4100, 4100, 516, 0, 0}},
    {"model", {1024, 1024, 192, 0, 0}},
    {"head", {16, 16, 6, 0, 0}},
    {"hidden", {4096, 4096, 224, 0, 0}},
    {"query_row", {32, 32, 32, 0, 0}},
    {"layers of tfmr.layers", {30, 30, 4, 0, 0}},
    {"code", {0, 0, 0, 6561, 6561}},
    {"encoder.channel", {0, 0, 0, 512, 128}},
    {"encoder.head", {0, 0, 0, 8, 2}},
    {"encoder.width", {0, 0, 0, 64, 64}},
    {"encoder.hidden", {0, 0, 0, 2048, 352}},
    {"layers of flow.encoder.encoders", {0, 0, 0, 6, 3}},
    {"layers of flow.encoder.up_encoders", {0, 0, 0, 4, 4}},
    {"decoder.channel", {0, 0, 0, 256, 48}},
    {"decoder.head", {0, 0, 0, 8, 3}},
    {"decoder.hidden", {0, 0, 0, 1024, 192}},
    {"decoder.time", {0, 0, 0, 1024, 192}},
    {"layers of flow.decoder.estimator.down_blocks.N.1", {0, 0, 0, 4, 2}},
    {"layers of flow.decoder.estimator.mid_blocks", {0, 0, 0, 12, 3}},
    {"layers of flow.decoder.estimator.mid_blocks.N.1", {0, 0, 0, 4, 2}},
    {"layers of flow.decoder.estimator.up_blocks.N.1", {0, 0, 0, 4, 2}},
    {"pitch_channel", {0, 0, 0, 512, 112}},
    {"channel_at_1", {0, 0, 0, 512, 112}},
    {"channel_at_8", {0, 0, 0, 256, 56}},
    {"channel_at_40", {0, 0, 0, 128, 28}},
    {"channel_at_120", {0, 0, 0, 64, 14}},
}};

}  // namespace

std::span<const KnownVariant> known_variants() {
  return variants;
}

std::optional<std::int64_t> known_size(const KnownVariant& variant, std::string_view size) {
  for (std::size_t column = 0; column < variants.size(); ++column) {
    if (variants[column].network != variant.network || variants[column].name != variant.name) continue;
    for (const KnownSize& known : sizes) {
      // "flow.encoder.channel" is the table's "encoder.channel".
      const bool same =
          size == known.size || (size.size() > known.size.size() && size.ends_with(known.size) &&
                                 size[size.size() - known.size.size() - 1] == '.');
      if (same && known.values[column] != 0) return known.values[column];
    }
  }
  return std::nullopt;
}

}  // namespace nightingale
