// The flow's decoder, driven from outside: arrays without names get names, and are joined before anything is
// computed.
#include <fmt/format.h>

#include <string_view>

#include "api/guarded.hpp"
#include "models/lengths.hpp"
#include "nightingale/nightingale.hpp"
#include "synthesis/model.hpp"
#include "tensor/fit.hpp"

namespace nightingale {

namespace {

const Axis one{"batch", 1};

// Throws when the numbers are not as many as the sizes say.
void check_array(std::string_view name, const Array& array) {
  std::int64_t expected = 1;
  const auto given = static_cast<std::int64_t>(array.values.size());
  for (const std::int64_t size : array.shape) {
    // No product beyond what is given matters, so none can overflow.
    expected = size < 0 || (size > 0 && expected > given / size) ? given + 1 : expected * size;
    if (expected > given) break;
  }
  if (array.shape.empty() || expected != given) {
    std::string sizes;
    for (const std::int64_t size : array.shape) sizes += fmt::format("{}{}", sizes.empty() ? "" : ", ", size);
    fail(ErrorCode::option_invalid,
         fmt::format("{} holds {} numbers for a shape of [{}]", name, given, sizes),
         "give as many numbers as the sizes multiply to");
  }
}

Lengths lengths_of(const DecoderInput& input) {
  constexpr std::int64_t most = 1'000'000;
  if (input.prompt < 0 || input.prompt > most || input.speech < 1 || input.speech > most) {
    fail(ErrorCode::option_invalid,
         fmt::format("prompt = {} and speech = {} are no lengths of a request", input.prompt, input.speech),
         "give both in tokens: prompt 0 or more, speech 1 or more");
  }
  Lengths lengths;
  lengths.set(lengths::prompt, input.prompt, "the caller");
  lengths.set(lengths::speech, input.speech, "the caller");
  return lengths;
}

Tensor tensor_of(Ops& op, const Array& array, const Shape& declared, const Lengths& lengths, Name origin) {
  return op.write(name_axes(array.shape, declared, lengths), array.values).from(origin);
}

Array decode(const Model& model, const DecoderInput& input) {
  const Lengths lengths = lengths_of(input);
  check_array("x", input.x);
  check_array("mu", input.mu);
  check_array("speaker", input.speaker);
  check_array("prompt_mel", input.prompt_mel);

  Ops& op = model.ops();
  const Shape rows{one, lengths::frame, lengths::mel}, row{one, lengths::mel};
  const Tensor x = tensor_of(op, input.x, rows, lengths, "noise");
  const flow::Condition condition{tensor_of(op, input.mu, rows, lengths, "flow.encoder"),
                                  tensor_of(op, input.speaker, row, lengths, "voice"),
                                  tensor_of(op, input.prompt_mel, rows, lengths, "voice")};
  op.join("the decoder", lengths,
          {{"x", &x, rows},
           {"mu", &condition.mu, rows},
           {"speaker", &condition.speaker, row},
           {"prompt_mel", &condition.prompt, rows}});
  const Tensor velocity = model.flow().velocity(op, lengths, x, condition, static_cast<float>(input.time),
                                                static_cast<float>(input.guidance));
  return {{1, velocity.shape().count(1), velocity.shape().count(2)}, op.read(velocity)};
}

}  // namespace

Result<Array> Engine::decode_step(const DecoderInput& input) const {
  return guarded([&] { return decode(*model_, input); });
}

}  // namespace nightingale
