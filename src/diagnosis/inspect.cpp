#include "diagnosis/inspect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <numeric>
#include <type_traits>

#include "base/failure.hpp"
#include "checkpoint/open_tensor_file.hpp"
#include "diagnosis/known_sizes.hpp"
#include "synthesis/model.hpp"
#include "voice/baking_networks.hpp"
#include "voice/voice.hpp"

namespace nightingale {
namespace {

namespace fs = std::filesystem;

// Names the network of a file by a tensor that only this one has; a wrapper may stand before the name.
struct Mark {
  std::string_view tensor;
  std::string_view network;
};
constexpr std::string_view t3 = "T3", flow_and_vocoder = "flow and vocoder", watermark = "watermark",
                           listening = "speech tokenizer and speaker encoder",
                           voice_encoding = "voice encoder", voice = "voice";
constexpr std::string_view speech_tokenizer_mark = "tokenizer.encoder.conv1.weight",
                           speaker_encoder_mark = "speaker_encoder.xvector.dense.linear.weight";
constexpr std::array<Mark, 10> marks = {{
    {"flow.decoder.estimator.time_embed_mixer.weight", "flow (two steps) and vocoder"},
    {"flow.input_embedding.weight", flow_and_vocoder},
    {"cond_enc.perceiver.pre_attention_query", t3},
    {"tfmr.h.0.attn.c_attn.weight", "T3 on GPT-2 (Turbo, Nano)"},
    {"similarity_weight", voice_encoding},
    {"t3.speaker_emb", voice},
    {"soul_t3_256", voice},
    {"decoder.slow_layers.0.conv.weight", watermark},
    {speech_tokenizer_mark, listening},
    {speaker_encoder_mark, listening},
}};
constexpr std::array<std::string_view, 5> bound_networks = {t3, flow_and_vocoder, watermark, listening,
                                                            voice_encoding};

// Files of a model folder that are not tensors, by upstream's names.
const std::map<std::string, std::string, std::less<>>& known_files() {
  static const std::map<std::string, std::string, std::less<>> files = {
      {"tokenizer.json", "text tokenizer, English"},
      {"grapheme_mtl_merged_expanded_v1.json", "text tokenizer, multilingual"},
      {"mtl_tokenizer.json", "text tokenizer of an earlier multilingual model"},
      {"vocab.json", "text tokenizer, Turbo and Nano"},
      {"merges.txt", "text tokenizer, Turbo and Nano"},
      {"added_tokens.json", "text tokenizer, Turbo and Nano"},
      {"tokenizer_config.json", "text tokenizer, Turbo and Nano"},
      {"special_tokens_map.json", "text tokenizer, Turbo and Nano"},
      {"Cangjie5_TC.json", "input codes for Chinese"},
      {"metadata.json", "what is known of a voice"},
      {"README.md", "model card"},
  };
  return files;
}

bool may_hold_tensors(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".safetensors" || extension == ".pt" || extension == ".tar" || extension == ".npy";
}

bool has_mark(const TensorFile& file, std::string_view mark) {
  const auto& tensors = file.tensors();
  return std::any_of(tensors.begin(), tensors.end(),
                     [&](const StoredTensor& tensor) { return tensor.name.ends_with(mark); });
}

std::string network_of(const TensorFile& file) {
  const auto found =
      std::find_if(marks.begin(), marks.end(), [&](const Mark& mark) { return has_mark(file, mark.tensor); });
  return found == marks.end() ? "" : std::string(found->network);
}

// The declared names with the numbers that the file has: "[hidden 4096, model 1024]".
std::string axes_text(const Shape& declared, const std::vector<std::int64_t>& found) {
  if (declared.rank() != found.size()) return shape_text(found);
  Shape named = declared;
  for (std::size_t axis = 0; axis < found.size(); ++axis) named[axis].size = found[axis];
  return named.formula();
}

// "mid_blocks.N.1" for "mid_blocks.11.1", so that rows that are alike are one size.
std::string without_inner_numbers(const std::string& path) {
  std::string out;
  for (std::size_t first = 0; first < path.size();) {
    const std::size_t dot = std::min(path.find('.', first), path.size());
    const std::string component = path.substr(first, dot - first);
    const bool number = component.find_first_not_of("0123456789") == std::string::npos;
    out += (first == 0 ? "" : ".") + (number && dot < path.size() ? "N" : component);
    first = dot + 1;
  }
  return out;
}

void take_tensors(InspectedFile& out, const TensorFile& file) {
  for (const StoredTensor& tensor : file.tensors()) {
    out.tensors.push_back({tensor.name, tensor.type, tensor.shape, shape_text(tensor.shape), ""});
  }
}

void take_binding(InspectedFile& out, const Binding& binding) {
  std::map<std::string, const BoundTensor*> bound;
  for (const BoundTensor& tensor : binding.tensors()) bound[tensor.name] = &tensor;
  out.unused = binding.unused();
  for (InspectedTensor& tensor : out.tensors) {
    const auto claimed = bound.find(tensor.name);
    if (claimed != bound.end()) {
      tensor.axes = axes_text(claimed->second->declared, tensor.shape);
      continue;  // speaking has no use for what listening does
    }
    for (const UnusedTensors& unused : out.unused) {
      const bool whole_branch = unused.name.ends_with('.');
      if (whole_branch ? tensor.name.starts_with(unused.name) : tensor.name == unused.name) {
        tensor.unused = unused.why;
      }
    }
  }
  for (SolvedSize& size : binding.sizes()) {
    out.sizes.push_back({std::move(size.name), size.value, std::move(size.tensors)});
  }
  for (const LayerCount& row : binding.layers()) {
    const std::string name = "layers of " + without_inner_numbers(row.path);
    const bool known = std::any_of(out.sizes.begin(), out.sizes.end(), [&](const InspectedSize& size) {
      return size.name == name && size.value == row.count;
    });
    if (!known) out.sizes.push_back({name, row.count, {}});
  }
}

template <typename... Networks>
void add_stages(InspectedFile& out) {
  const auto add = [&out](std::vector<Signature> stages) {
    out.stages.insert(out.stages.end(), stages.begin(), stages.end());
  };
  (add(Networks::signatures()), ...);
}

// s3gen files: what speaks, what listens, or both in one.
void bind_parts(InspectedFile& out, const TensorFile& file, Binding& binding) {
  if (out.network == flow_and_vocoder) {
    bind_s3gen(binding);
    add_stages<flow::Flow, hift::Hift>(out);
  }
  if (has_mark(file, speech_tokenizer_mark)) {
    bind_speech_tokenizer(binding);
    add_stages<speech_tokenizer::SpeechTokenizer>(out);
  }
  if (has_mark(file, speaker_encoder_mark)) {
    bind_campplus(binding);
    add_stages<campplus::Campplus>(out);
  }
}

// Binds the networks that the file is for, as the engine would, and keeps what comes out either way.
void bind(InspectedFile& out, const TensorFile& file) {
  Binding binding(file, out.network);
  if (out.network == t3) {
    bind_t3(binding);
    add_stages<t3::T3>(out);
  } else if (out.network == watermark) {
    bind_perth(binding);
    add_stages<perth::Perth>(out);
  } else if (out.network == voice_encoding) {
    bind_voice_encoder(binding);
    add_stages<voice_encoder::VoiceEncoder>(out);
  } else {
    bind_parts(out, file, binding);
  }
  try {
    binding.judge();
  } catch (const Failure& failure) {
    out.fault = failure.error();
  }
  take_binding(out, binding);
}

// Reads the voice as speaking would; one that cannot be used says why.
void take_facts(InspectedFile& out, const std::string& path) {
  visit_facts(read_kept_voice(path).facts, [&out](const char* name, const auto& fact) {
    if (fact != std::decay_t<decltype(fact)>{}) out.facts.emplace_back(name, fmt::format("{}", fact));
  });
}

// The known variant that has all of these sizes.
std::string variant_of(const InspectedFile& file) {
  for (const KnownVariant& variant : known_variants()) {
    if (variant.network != file.network || file.sizes.empty()) continue;
    const bool same = std::all_of(file.sizes.begin(), file.sizes.end(), [&](const InspectedSize& size) {
      return known_size(variant, size.name).value_or(size.value) == size.value;
    });
    if (same) return std::string(variant.name);
  }
  return "";
}

InspectedFile inspect_file(const fs::path& path) {
  InspectedFile out;
  out.name = path.filename().string();
  try {
    const TensorFile file = open_tensor_file(path.string());
    out.network = network_of(file);
    take_tensors(out, file);
    if (std::find(bound_networks.begin(), bound_networks.end(), out.network) != bound_networks.end()) {
      bind(out, file);
    }
    if (out.network == voice && file.has_bytes()) take_facts(out, path.string());
    if (!out.fault) out.variant = variant_of(out);
  } catch (const Failure& failure) {
    out.fault = failure.error();
  }
  return out;
}

}  // namespace

std::int64_t InspectedFile::parameters() const {
  std::int64_t sum = 0;
  for (const InspectedTensor& tensor : tensors) {
    sum += std::accumulate(tensor.shape.begin(), tensor.shape.end(), std::int64_t{1}, std::multiplies<>());
  }
  return sum;
}

std::int64_t InspectedFile::bytes() const {
  std::int64_t sum = 0;
  for (const InspectedTensor& tensor : tensors) {
    std::uint64_t count = 0;
    if (stored_byte_count(tensor.type, tensor.shape, count)) sum += static_cast<std::int64_t>(count);
  }
  return sum;
}

std::map<std::string, std::int64_t> InspectedFile::types() const {
  std::map<std::string, std::int64_t> types;
  for (const InspectedTensor& tensor : tensors) ++types[std::string(name_of(tensor.type))];
  return types;
}

bool Inspection::ok() const {
  return std::none_of(files.begin(), files.end(),
                      [](const InspectedFile& file) { return file.fault.has_value(); });
}

Inspection inspect_path(const std::string& path) {
  Inspection inspection{path, {}, {}};
  if (fs::is_regular_file(path)) {
    inspection.files.push_back(inspect_file(path));
    return inspection;
  }
  if (!fs::is_directory(path)) {
    fail(ErrorCode::model_missing, "there is nothing to inspect at " + path,
         "give a model folder, a file of one, or a manifest");
  }
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.is_regular_file()) entries.push_back(entry.path());
  }
  std::sort(entries.begin(), entries.end());
  for (const fs::path& entry : entries) {
    const std::string name = entry.filename().string();
    if (may_hold_tensors(entry)) {
      inspection.files.push_back(inspect_file(entry));
    } else {
      const auto known = known_files().find(name);
      inspection.others[name] = known == known_files().end() ? "" : known->second;
    }
  }
  return inspection;
}

}  // namespace nightingale
