// The networks that listen, each on what PyTorch's own was given, against what that made of it; and every
// square weight transposed, which no shape shows and the result must.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "golden_layer.hpp"
#include "models/campplus/campplus.hpp"
#include "models/speech_tokenizer/facts.hpp"
#include "models/speech_tokenizer/speech_tokenizer.hpp"
#include "models/voice_encoder/facts.hpp"
#include "models/voice_encoder/voice_encoder.hpp"

using namespace nightingale;
using testing::Closeness;

namespace {

// tests/goldens/provenance.json: upstream's own float32 stays within 2e-6 of float64; 55 norms in a row add
// up.
constexpr double tolerance = 1e-5;

struct Array {
  std::vector<float> values;
  std::vector<std::int64_t> shape;
};

Array array(const std::string& name) {
  const TensorFile file = read_npy(test::golden("cloning/" + name + ".npy"));
  const StoredTensor& stored = file.tensors().front();
  return {to_float(stored), stored.shape};
}

// A stored [batch, channel, row] as [batch, row, channel].
Array turned(const std::string& name) {
  Array found = array(name);
  found.values = test::exchanged(found.values, static_cast<std::size_t>(found.shape[1]),
                                 static_cast<std::size_t>(found.shape[2]));
  std::swap(found.shape[1], found.shape[2]);
  return found;
}

Tensor written(Ops& op, const Array& from, std::initializer_list<Name> axes) {
  Shape shape;
  for (const Name axis : axes) shape.append({axis, from.shape.at(shape.rank())});
  return op.write(shape, from.values);
}

// A part of the golden model's file, bound alone.
template <typename Network>
struct Part {
  Binding binding;
  Network network;

  Part(
      Ops& op, const std::string& file, const std::string& part, const std::string& transposed,
      const std::function<Network(Binder)>& make = [](Binder at) { return Network(at); })
      : binding(opened(file, transposed), "one part"),
        network(make(part.empty() ? binding.root() : binding.root() / part)) {
    for (const char* rest : {"tokenizer.", "speaker_encoder.", "similarity_weight"}) {
      binding.root().unused(rest, "another part's");
    }
    binding.judge();
    binding.load(op);
  }
  static TensorFile opened(const std::string& file, const std::string& transposed) {
    const TensorFile whole = open_tensor_file(test::golden("cloning/model/" + file));
    return transposed.empty() ? whole : test::with_transposed(whole, transposed);
  }
};

const std::string layers = "layers/";

Closeness tokenizer_agrees(Ops& op, const std::string& transposed = {}) {
  const Part<speech_tokenizer::SpeechTokenizer> part(op, "s3gen.safetensors", "tokenizer", transposed);
  const Tensor mel = written(op, turned(layers + "tokenizer.encoder.in"), {"batch", "frame", "mel"});
  return testing::close(part.network.forward(op, mel),
                        array(layers + "tokenizer.quantizer._codebook.project_down.out").values, tolerance);
}

Closeness campplus_agrees(Ops& op, const std::string& transposed = {}) {
  const Part<campplus::Campplus> part(op, "s3gen.safetensors", "speaker_encoder", transposed);
  const Tensor fbank = written(op, array(layers + "speaker_encoder.in"), {"batch", "frame", "band"});
  return testing::close(part.network.forward(op, fbank),
                        array(layers + "speaker_encoder.xvector.dense.out").values, tolerance);
}

Tensor partials(Ops& op) {
  const Array mel = array(layers + "mel"), starts = array(layers + "partials.starts");
  Array all{{}, {starts.shape[0], 160, 40}};
  for (const float start : starts.values) {
    const auto first = static_cast<std::size_t>(start) * 40;
    std::vector<float> partial(160 * 40, 0.0F);  // what reaches beyond the end is silent
    const std::size_t there = std::min(partial.size(), mel.values.size() - first);
    std::copy_n(mel.values.begin() + static_cast<std::ptrdiff_t>(first), there, partial.begin());
    all.values.insert(all.values.end(), partial.begin(), partial.end());
  }
  return written(op, all, {"batch", "frame", "mel"});
}

Closeness voice_encoder_agrees(Ops& op, const std::string& transposed = {}) {
  const Part<voice_encoder::VoiceEncoder> part(op, "ve.safetensors", "", transposed);
  return testing::close(part.network.embed(op, partials(op)), array(layers + "partials.out").values,
                        tolerance);
}

std::vector<std::string> square_weights(const std::string& file, const std::string& prefix) {
  std::vector<std::string> names;
  const TensorFile all = open_tensor_file(test::golden("cloning/model/" + file));
  for (const StoredTensor& tensor : all.tensors()) {
    const auto& shape = tensor.shape;
    const bool square = shape.size() >= 2 && shape[0] == shape[1] && shape[0] > 1;
    if (square && tensor.name.starts_with(prefix) && !tensor.name.ends_with("_mel_filters")) {
      names.push_back(tensor.name);
    }
  }
  return names;
}

}  // namespace

TEST_CASE("speech_tokenizer_equals_pytorch_on_both_substrates") {
  CHECK(tokenizer_agrees(*make_cpu({2})));
  CHECK(tokenizer_agrees(*make_reference()));
}

TEST_CASE("speech_tokenizer_front_and_blocks_equal_pytorch") {
  const auto op = make_cpu({1});
  const Part<speech_tokenizer::Block> part(
      *op, "s3gen.safetensors", "tokenizer.encoder.blocks.0", {},
      [](Binder at) { return speech_tokenizer::Block(at, at.axis("channel")); });
  const Tensor x =
      written(*op, array(layers + "tokenizer.encoder.blocks.0.in"), {"batch", "token", "channel"});
  CHECK(testing::close(part.network.forward(*op, x, speech_tokenizer::rotary_frequencies()),
                       array(layers + "tokenizer.encoder.blocks.0.out").values, tolerance));
}

TEST_CASE("speech_tokens_equal_pytorchs") {
  const Array numbers = array(layers + "tokenizer.quantizer._codebook.project_down.out");
  const Array expected = array("voice/prompt_token");
  const std::vector<std::int32_t> tokens = speech_tokenizer::tokens_of(numbers.values);
  REQUIRE(tokens.size() == expected.values.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    CHECK(tokens[i] == static_cast<std::int32_t>(expected.values[i]));
  }
}

TEST_CASE("a_digit_rounds_half_to_even_and_saturates_at_three_levels") {
  std::vector<float> numbers(8, 0.0F);
  CHECK(speech_tokenizer::tokens_of(numbers).front() == 3280);  // all in the middle: Σ 3^i
  std::fill(numbers.begin(), numbers.end(), 100.0F);
  CHECK(speech_tokenizer::tokens_of(numbers).front() == 6560);
  CHECK(speech_tokenizer::margins_of(numbers).front() == doctest::Approx(0.499));
  std::fill(numbers.begin(), numbers.end(), -100.0F);
  CHECK(speech_tokenizer::tokens_of(numbers).front() == 0);
  numbers[0] = 100;
  CHECK(speech_tokenizer::tokens_of(numbers).front() == 2);  // the first digit weighs least
}

TEST_CASE("windows_cover_a_long_recording_without_a_gap_and_short_ones_at_once") {
  using speech_tokenizer::windows_of;
  CHECK(windows_of(1).size() == 1);
  CHECK(windows_of(3000).size() == 1);
  for (const std::int64_t frames : {3001, 3400, 5300, 5600, 5601, 5700, 9000, 100000}) {
    CAPTURE(frames);
    std::int64_t next = 0;
    for (const auto& window : windows_of(frames)) {
      CHECK(window.first_frame / 4 + window.first_token == next);
      CHECK(window.frames <= speech_tokenizer::window_frames);
      CHECK(window.tokens > 0);
      next += window.tokens;
    }
    CHECK(next == (frames + 3) / 4);
    CHECK(windows_of(frames).size() > 1);
  }
}

TEST_CASE("campplus_equals_pytorch_on_both_substrates") {
  CHECK(campplus_agrees(*make_cpu({2})));
  CHECK(campplus_agrees(*make_reference()));
}

TEST_CASE("campplus_front_and_dense_layers_equal_pytorch") {
  const auto op = make_cpu({1});
  const Part<campplus::Front> front(*op, "s3gen.safetensors", "speaker_encoder.head", {});
  const Tensor fbank = written(*op, array(layers + "speaker_encoder.in"), {"batch", "frame", "band"});
  CHECK(testing::close(front.network.forward(*op, fbank), turned(layers + "speaker_encoder.head.out").values,
                       tolerance));
  const Part<campplus::DenseLayer> dense(
      *op, "s3gen.safetensors", "speaker_encoder.xvector.block1.tdnnd1", {}, [](Binder at) {
        return campplus::DenseLayer(at, {"feature", at.axis("width").size}, 1);
      });
  const Tensor x =
      written(*op, turned(layers + "speaker_encoder.xvector.tdnn.out"), {"batch", "frame", "feature"});
  CHECK(testing::close(dense.network.forward(*op, x),
                       turned(layers + "speaker_encoder.xvector.block1.tdnnd1.out").values, tolerance));
}

TEST_CASE("voice_encoder_equals_pytorch_on_both_substrates") {
  CHECK(voice_encoder_agrees(*make_cpu({2})));
  CHECK(voice_encoder_agrees(*make_reference()));
}

TEST_CASE("a_speaker_is_the_mean_of_its_partials_of_length_one") {
  const auto op = make_cpu({1});
  const Part<voice_encoder::VoiceEncoder> part(*op, "ve.safetensors", "", {});
  const Tensor speaker = voice_encoder::VoiceEncoder::average(*op, part.network.embed(*op, partials(*op)));
  CHECK(testing::close(speaker, array("voice/soul_t3_256").values, tolerance));
  const std::vector<float> numbers = op->read(speaker);
  CHECK(std::inner_product(numbers.begin(), numbers.end(), numbers.begin(), 0.0) == doctest::Approx(1));
}

TEST_CASE("partials_are_as_many_as_upstream_counts") {
  using voice_encoder::partials_of;
  CHECK(partials_of(1).count == 1);
  CHECK(partials_of(204).count == 1);
  CHECK(partials_of(205).count == 2);
  CHECK(partials_of(1001).step == 77);
  CHECK(partials_of(212).count == array(layers + "partials.starts").shape[0]);
  CHECK(partials_of(205).frames() == 160 + 77);
}

TEST_CASE("every_square_weight_of_the_listening_networks_shows_when_it_is_transposed") {
  const auto op = make_cpu({1});
  const std::pair<const char*, Closeness (*)(Ops&, const std::string&)> networks[] = {
      {"tokenizer.", tokenizer_agrees}, {"speaker_encoder.", campplus_agrees}};
  for (const auto& [prefix, agrees] : networks) {
    const std::vector<std::string> names = square_weights("s3gen.safetensors", prefix);
    CHECK(names.size() >= 10);
    for (const std::string& name : names) {
      CAPTURE(name);
      CHECK_FALSE(agrees(*op, name).ok);
    }
  }
}
