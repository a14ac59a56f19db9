// Feeds bytes as a tokenizer.json, and where they are one, encodes a text with it. What comes before the
// first zero byte is the file, what comes behind is the text, as text and, whatever it is, as characters.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/failure.hpp"
#include "text/sentences.hpp"
#include "text/tokenizer.hpp"

using namespace nightingale;

namespace {

// Has added tokens, unknown characters, marks, spaces and characters that change when normalised.
constexpr std::string_view sample = "[SPACE]Ab ab\u0130\u03a3 \u00c5\uac00\t1.a[UH] b\U0001f600";

template <typename Action>
void tolerate_failure(const Action& action) {
  try {
    action();
  } catch (const Failure&) {
    // refused as it should be
  }
}

void encode_all(const TokenizerJson& file, std::string_view text) {
  tolerate_failure([&] { file.encode(sample); });
  tolerate_failure([&] { file.encode(text); });
  tolerate_failure([&] { Tokenizer(file).encode(text, "el"); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t end = bytes.find('\0');
  const std::string_view text = end == bytes.npos ? std::string_view() : bytes.substr(end + 1);
  tolerate_failure([&] { encode_all(TokenizerJson::parse(bytes.substr(0, end), "fuzz"), text); });
  for (const Punctuation punctuation : {Punctuation::english, Punctuation::multilingual}) {
    tolerate_failure([&] { normalise_punctuation(text, punctuation); });
  }
  tolerate_failure([&] { split_into_chunks(text, "en"); });
  return 0;
}
