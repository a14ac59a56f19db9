#include "diagnosis/known_sizes.hpp"

#include <array>

namespace nightingale {
namespace {

constexpr std::string_view t3 = "T3", flow_and_vocoder = "flow and vocoder",
                           listening = "speech tokenizer and speaker encoder";

constexpr std::array<KnownVariant, 8> variants = {{
    {t3, "English"},       // t3_cfg.safetensors
    {t3, "multilingual"},  // t3_mtl23ls_v2.safetensors and _v3: they differ by numbers only
    {t3, "tiny"},
    {flow_and_vocoder, "Chatterbox"},  // s3gen.safetensors, .pt, _v3; meanflow has the same sizes
    {flow_and_vocoder, "tiny"},        // without the networks that listen
    {listening, "Chatterbox"},         // what of s3gen.safetensors baking needs, in a file of its own
    {"voice encoder", "Chatterbox"},   // ve.safetensors, ve.pt
    {"watermark", "Perth"},            // perth_net_250000.pth.tar
}};

struct KnownSize {
  std::string_view network, size;
  std::array<std::int64_t, 3> values;  // in the order of the network's variants; 0: no such size there
};

constexpr std::array sizes = {
    KnownSize{t3, "text_vocabulary", {704, 2454, 704}},
    KnownSize{t3, "speech_vocabulary", {8194, 8194, 8194}},
    KnownSize{t3, "text_position", {2050, 2050, 258}},
    KnownSize{t3, "speech_position", {4100, 4100, 516}},
    KnownSize{t3, "model", {1024, 1024, 192}},
    KnownSize{t3, "head", {16, 16, 6}},
    KnownSize{t3, "hidden", {4096, 4096, 224}},
    KnownSize{t3, "query_row", {32, 32, 32}},
    KnownSize{t3, "layers of tfmr.layers", {30, 30, 4}},
    KnownSize{flow_and_vocoder, "code", {6561, 6561}},
    KnownSize{flow_and_vocoder, "encoder.channel", {512, 128}},
    KnownSize{flow_and_vocoder, "encoder.head", {8, 2}},
    KnownSize{flow_and_vocoder, "encoder.width", {64, 64}},
    KnownSize{flow_and_vocoder, "encoder.hidden", {2048, 352}},
    KnownSize{flow_and_vocoder, "layers of flow.encoder.encoders", {6, 3}},
    KnownSize{flow_and_vocoder, "layers of flow.encoder.up_encoders", {4, 4}},
    KnownSize{flow_and_vocoder, "decoder.channel", {256, 48}},
    KnownSize{flow_and_vocoder, "decoder.head", {8, 3}},
    KnownSize{flow_and_vocoder, "decoder.hidden", {1024, 192}},
    KnownSize{flow_and_vocoder, "decoder.time", {1024, 192}},
    KnownSize{flow_and_vocoder, "layers of flow.decoder.estimator.down_blocks.N.1", {4, 2}},
    KnownSize{flow_and_vocoder, "layers of flow.decoder.estimator.mid_blocks", {12, 3}},
    KnownSize{flow_and_vocoder, "layers of flow.decoder.estimator.mid_blocks.N.1", {4, 2}},
    KnownSize{flow_and_vocoder, "layers of flow.decoder.estimator.up_blocks.N.1", {4, 2}},
    KnownSize{flow_and_vocoder, "pitch_channel", {512, 112}},
    KnownSize{flow_and_vocoder, "channel_at_1", {512, 112}},
    KnownSize{flow_and_vocoder, "channel_at_8", {256, 56}},
    KnownSize{flow_and_vocoder, "channel_at_40", {128, 28}},
    KnownSize{flow_and_vocoder, "channel_at_120", {64, 14}},
    KnownSize{listening, "speech_tokenizer.channel", {1280}},
    KnownSize{listening, "speech_tokenizer.hidden", {5120}},
    KnownSize{listening, "layers of tokenizer.encoder.blocks", {6}},
    KnownSize{listening, "campplus.channel", {32}},
    KnownSize{listening, "campplus.width0", {128}},
    KnownSize{listening, "campplus.width1", {256}},
    KnownSize{listening, "campplus.width2", {512}},
    KnownSize{listening, "campplus.width3", {512}},
    KnownSize{listening, "campplus.growth", {32}},
    KnownSize{listening, "campplus.narrow", {128}},
    KnownSize{listening, "campplus.context", {64}},
    KnownSize{listening, "campplus.speaker", {192}},
    KnownSize{"voice encoder", "hidden", {256}},
    KnownSize{"voice encoder", "speaker", {256}},
    KnownSize{"watermark", "bin", {128}},
    KnownSize{"watermark", "hidden", {256}},
};

// A whole s3gen.safetensors has the sizes of its listening networks too.
bool belongs(const KnownSize& known, std::string_view network) {
  return known.network == network || (known.network == listening && network == flow_and_vocoder);
}

}  // namespace

std::span<const KnownVariant> known_variants() {
  return variants;
}

std::optional<std::int64_t> known_size(const KnownVariant& variant, std::string_view size) {
  std::size_t column = 0;  // among the variants of its network
  for (const KnownVariant& other : variants) {
    if (other.network != variant.network) continue;
    if (other.name == variant.name) break;
    ++column;
  }
  for (const KnownSize& known : sizes) {
    // "flow.encoder.channel" is the table's "encoder.channel".
    const bool same = size == known.size || (size.size() > known.size.size() && size.ends_with(known.size) &&
                                             size[size.size() - known.size.size() - 1] == '.');
    if (same && column < known.values.size() && known.values[column] != 0 &&
        belongs(known, variant.network)) {
      return known.values[column];
    }
  }
  return std::nullopt;
}

}  // namespace nightingale
