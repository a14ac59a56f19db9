// One layer of the English golden bound alone, with what PyTorch's own layer was given and what it made of
// it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "checkpoint/binder.hpp"
#include "checkpoint/npy.hpp"
#include "checkpoint/open_tensor_file.hpp"
#include "close.hpp"
#include "goldens.hpp"
#include "kernels/cpu/cpu.hpp"
#include "kernels/reference/reference.hpp"
#include "models/t3/facts.hpp"
#include "models/t3/llama_block.hpp"

namespace nightingale::test {

inline std::vector<float> exchanged(const std::vector<float>& numbers, std::size_t rows, std::size_t columns,
                                    std::size_t inner = 1) {
  std::vector<float> out(numbers.size());
  const auto batches = numbers.size() / (rows * columns * inner);
  for (std::size_t batch = 0; batch < batches; ++batch) {
    const std::size_t start = batch * rows * columns * inner;
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t column = 0; column < columns; ++column) {
        for (std::size_t k = 0; k < inner; ++k) {
          out[start + (column * rows + row) * inner + k] =
              numbers[start + (row * columns + column) * inner + k];
        }
      }
    }
  }
  return out;
}

// The file with the first two axes of one tensor exchanged, which must be equally long: nobody can see it.
inline TensorFile with_transposed(const TensorFile& file, const std::string& name) {
  std::vector<StoredTensor> tensors = file.tensors();
  for (StoredTensor& tensor : tensors) {
    if (tensor.name != name) continue;
    const auto side = static_cast<std::size_t>(tensor.shape.at(0));
    REQUIRE(tensor.shape.at(1) == tensor.shape.at(0));
    const std::vector<float> values = to_float(tensor);
    // The storage keeps both the file's bytes and the new ones.
    auto kept = std::make_shared<std::pair<TensorFile, std::vector<float>>>(
        file, exchanged(values, side, side, values.size() / (side * side)));
    tensor.bytes = std::as_bytes(std::span(kept->second));
    return TensorFile(file.path(), std::move(tensors), {}, kept);
  }
  FAIL("no tensor ", name);
  return file;
}

enum class Layout { channels_last, channels_first };

class GoldenLayer {
 public:
  // `path` is the layer's in upstream's network: "flow.encoder.embed", "t3.tfmr.norm". `transposed` names a
  // square weight to be spoilt.
  GoldenLayer(const std::string& path, Ops& op, const std::string& transposed = {})
      : path_(path),
        of_t3_(path.starts_with("t3.")),
        op_(op),
        binding_(file(transposed), "one layer") {}

  Ops& op() { return op_; }
  Binder at() { return binding_.root() / (of_t3_ ? path_.substr(3) : path_); }
  Axis axis(Name name) { return binding_.root().axis(name); }

  // Behind the layer's constructor: gives it its weights.
  void load() {
    for (const char* rest : {"flow.", "mel2wav.", "cond_enc.", "tfmr.", "text_emb.", "speech_emb.",
                             "text_pos_emb.", "speech_pos_emb.", "text_head.", "speech_head."}) {
      binding_.root().unused(rest, "another layer's");
    }
    binding_.judge();
    binding_.load(op_);
  }

  Tensor input(const std::string& name, std::initializer_list<Name> axes,
               Layout layout = Layout::channels_last) {
    return read("in." + name, axes, layout);
  }
  // Whether a layer's result is what PyTorch's was.
  testing::Closeness agrees(const Tensor& ours, Layout layout = Layout::channels_last) {
    const TensorFile stored = array("out");
    return testing::close(ours, values(stored.tensors().front(), layout), tolerance);
  }

  // The square weights of the layer, which no check of shapes can tell from their transposes.
  std::vector<std::string> square_weights() const {
    std::vector<std::string> names;
    for (const BoundTensor& tensor : binding_.tensors()) {
      const auto& shape = tensor.found;
      if (shape.size() >= 2 && shape[0] == shape[1] && shape[0] > 1) names.push_back(tensor.name);
    }
    return names;
  }

 private:
  // tests/goldens/provenance.json: upstream's own float32 stays within 2e-6 of float64.
  static constexpr double tolerance = 1e-5;

  TensorFile file(const std::string& transposed) const {
    const TensorFile whole = open_tensor_file(
        golden(std::string("english/model/") + (of_t3_ ? "t3_cfg.safetensors" : "s3gen.safetensors")));
    return transposed.empty() ? whole : with_transposed(whole, transposed);
  }
  TensorFile array(const std::string& name) const {
    return read_npy(golden("english/reference/layers/" + path_ + "." + name + ".npy"));
  }
  static std::vector<float> values(const StoredTensor& stored, Layout layout) {
    const std::vector<float> values = to_float(stored);
    if (layout == Layout::channels_last) return values;
    return exchanged(values, static_cast<std::size_t>(stored.shape.at(1)),
                     static_cast<std::size_t>(stored.shape.at(2)));
  }
  Tensor read(const std::string& name, std::initializer_list<Name> axes, Layout layout) const {
    const TensorFile file = array(name);
    const StoredTensor& stored = file.tensors().front();
    std::vector<std::int64_t> sizes = stored.shape;
    if (layout == Layout::channels_first) std::swap(sizes.at(1), sizes.at(2));
    Shape shape;
    for (const Name axis : axes) shape.append({axis, sizes.at(shape.rank())});
    return op_.write(shape, values(stored, layout));
  }

  std::string path_;
  bool of_t3_;
  Ops& op_;
  Binding binding_;
};

// What a layer of T3's backbone shares with the others, and a cache for it alone.
inline t3::BackboneAxes backbone_axes(GoldenLayer& golden) {
  const Axis head = golden.axis("head");
  const Axis query{"query", t3::head_width * head.size};
  return {golden.axis("model"), query, head, golden.axis("hidden")};
}
inline CacheSizes cache_sizes(const t3::BackboneAxes& axes, const Tensor& x) {
  return {.batch = x.shape()[0],
          .head = {"head", axes.head.size.resolved()},
          .width = {"width", t3::head_width},
          .layers = 1,
          .most_rows = x.shape().count(1)};
}

}  // namespace nightingale::test
