// A network of a few kilobytes that has what the real ones have: shared and private sizes, a row of blocks, a
// speaker projection, weight norms; and a file that fits it, into which tests plant their faults. All its
// sizes differ.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/binder.hpp"
#include "checkpoint/safetensors.hpp"
#include "files.hpp"

namespace nightingale::test {

constexpr std::int64_t small_code = 11, small_channel = 6, small_hidden = 10, small_speaker = 192,
                       small_mel = 80;
constexpr std::int64_t small_first_channel = 12, small_second_channel = 7;

struct SmallBlock {
  Weight norm, widen, widen_bias, narrow;

  SmallBlock(Binder at, Axis channel)
      : norm((at / "norm_ff").tensor("weight", {channel})),
        widen((at / "feed_forward" / "w_1").tensor("weight", {at.axis("hidden"), channel}, Use::matmul)),
        widen_bias((at / "feed_forward" / "w_1").tensor("bias", {at.axis("hidden")})),
        narrow((at / "feed_forward" / "w_2").tensor("weight", {channel, at.axis("hidden")}, Use::matmul)) {}
};

struct SmallNetwork {
  Weight embedding, speaker, speaker_bias, projection, first, up;
  std::vector<SmallBlock> blocks;

  explicit SmallNetwork(Binder root)
      : SmallNetwork(root, (root / "flow").scope("flow"), root / "mel2wav") {}

 private:
  SmallNetwork(Binder root, Binder flow, Binder vocoder)
      : embedding((flow / "input_embedding")
                      .tensor("weight", {flow.axis("code"), flow.axis("channel")}, Use::table)),
        speaker(
            (flow / "spk_embed_affine_layer").tensor("weight", {mel(), flow.axis("speaker")}, Use::matmul)),
        speaker_bias((flow / "spk_embed_affine_layer").tensor("bias", {mel()})),
        projection((flow / "encoder_proj").tensor("weight", {mel(), flow.axis("channel")}, Use::matmul)),
        first((vocoder / "conv_pre")
                  .weight_norm({{"out", root.axis("first")}, mel(), {"tap", 3}}, Use::convolution)),
        up((vocoder / "ups" / 0)
               .weight_norm({{"in", root.axis("first")}, {"out", root.axis("second")}, {"tap", 4}},
                            Use::transposed_convolution)) {
    const Binder encoder = flow / "encoder";
    const std::int64_t count = encoder.layers("encoders");
    for (std::int64_t i = 0; i < count; ++i)
      blocks.emplace_back(encoder / "encoders" / i, flow.axis("channel"));
    root.unused("tokenizer.", "works only when a voice is baked");
  }
  static Axis mel() { return {"mel", small_mel}; }
};

// The tensors of a file, to be changed before it is written.
class SmallFile {
 public:
  explicit SmallFile(std::int64_t blocks = 6) {
    const std::string norm = ".parametrizations.weight.original";
    put("flow.input_embedding.weight", {small_code, small_channel});
    put("flow.spk_embed_affine_layer.weight", {small_mel, small_speaker});
    put("flow.spk_embed_affine_layer.bias", {small_mel});
    put("flow.encoder_proj.weight", {small_mel, small_channel});
    put("mel2wav.conv_pre" + norm + "0", {small_first_channel, 1, 1});
    put("mel2wav.conv_pre" + norm + "1", {small_first_channel, small_mel, 3});
    put("mel2wav.ups.0" + norm + "0", {small_first_channel, 1, 1});
    put("mel2wav.ups.0" + norm + "1", {small_first_channel, small_second_channel, 4});
    for (std::int64_t i = 0; i < blocks; ++i) {
      put(block(i) + "norm_ff.weight", {small_channel});
      put(block(i) + "feed_forward.w_1.weight", {small_hidden, small_channel});
      put(block(i) + "feed_forward.w_1.bias", {small_hidden});
      put(block(i) + "feed_forward.w_2.weight", {small_channel, small_hidden});
    }
  }

  static std::string block(std::int64_t index) {
    return "flow.encoder.encoders." + std::to_string(index) + ".";
  }

  // A tensor of numbers that differ from place to place.
  void put(const std::string& name, const std::vector<std::int64_t>& shape) {
    std::int64_t count = 1;
    for (std::int64_t size : shape) count *= size;
    std::vector<float> numbers;
    for (std::int64_t i = 0; i < count; ++i) numbers.push_back(0.25f + 0.125f * static_cast<float>(i % 17));
    put(name, StoredType::f32, shape, bytes_of(numbers));
  }
  void put(const std::string& name, StoredType type, const std::vector<std::int64_t>& shape,
           std::string bytes) {
    tensors_[name] = {type, shape, std::move(bytes)};
  }
  void reshape(const std::string& name, const std::vector<std::int64_t>& shape) {
    tensors_.at(name);
    put(name, shape);
  }
  void remove(const std::string& name) { REQUIRE(tensors_.erase(name) == 1); }
  void rename(const std::string& from, const std::string& to) {
    tensors_[to] = tensors_.at(from);
    remove(from);
  }
  void exchange(const std::string& one, const std::string& other) {
    std::swap(tensors_.at(one), tensors_.at(other));
  }
  void wrap(const std::string& prefix) {
    std::map<std::string, Content> wrapped;
    for (auto& [name, content] : tensors_) wrapped[prefix + name] = content;
    tensors_ = std::move(wrapped);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, content] : tensors_) names.push_back(name);
    return names;
  }

  // Written as safetensors and read back.
  TensorFile open(const TemporaryFolder& folder) const {
    std::vector<StoredTensor> stored;
    for (const auto& [name, content] : tensors_) {
      stored.push_back({name, content.type, content.shape, false, as_bytes(content.bytes)});
    }
    const std::string path = folder / "s3gen.safetensors";
    write_safetensors(path, stored);
    return read_safetensors(path);
  }

 private:
  struct Content {
    StoredType type;
    std::vector<std::int64_t> shape;
    std::string bytes;
  };
  std::map<std::string, Content> tensors_;
};

// The error that binding the small network to this file ends in.
inline Error fault_of(const SmallFile& file) {
  const TemporaryFolder folder;
  Binding binding(file.open(folder), "flow and vocoder");
  SmallNetwork network(binding.root());
  return error_of([&] { binding.judge(); });
}

// The text that tests/checkpoint/faults/NAME.txt says it must be.
inline std::string golden(const std::string& name) {
  std::string text =
      content_of(std::string(NIGHTINGALE_SOURCE) + "/tests/checkpoint/faults/" + name + ".txt");
  REQUIRE_MESSAGE(!text.empty(), name, ".txt is missing");
  text.pop_back();  // the newline at the end of the file
  return text;
}

}  // namespace nightingale::test
