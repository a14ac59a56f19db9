#include "synthesis/pieces.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/failure.hpp"
#include "text/normalise.hpp"
#include "text/sentences.hpp"

namespace nightingale {

namespace {

constexpr std::int64_t around_a_text = 3;  // start, stop, and the full stop that is added where one lacks
constexpr std::int64_t tokens_of_a_character = 2;  // of a slow speaker, who says 12 or 13 in a second

class Pieces {
 public:
  Pieces(const Request& request, const Tokenizer& tokenizer, std::int64_t most)
      : request_(request),
        tokenizer_(tokenizer),
        most_(static_cast<std::size_t>(most)) {}

  void add(const std::string& text, std::size_t longest) {
    for (const std::string& piece : split_into_chunks(text, request_.language, longest)) {
      const std::string normal = normalise_punctuation(piece, tokenizer_.punctuation());
      std::vector<TokenId> ids = with_start_and_stop(tokenizer_.encode(normal, request_.language));
      if (ids.size() > most_ && longest > shortest_limit) {
        add(piece, longest / 2);
      } else {
        all_.push_back(std::move(ids));
      }
    }
  }

  std::vector<std::vector<TokenId>> take() { return std::move(all_); }

 private:
  const Request& request_;
  const Tokenizer& tokenizer_;
  std::size_t most_;
  std::vector<std::vector<TokenId>> all_;
};

}  // namespace

void check_text(const Request& request) {
  if (is_blank(request.text)) fail(ErrorCode::text_invalid, "there is no text to speak", "give some text");
}

std::size_t longest_piece(const Positions& held) {
  const auto most = std::min(held.text - around_a_text, held.speech / tokens_of_a_character);
  return std::clamp(static_cast<std::size_t>(std::max<std::int64_t>(most, 0)), shortest_limit, longest_chunk);
}

std::vector<std::vector<TokenId>> pieces_of(const Request& request, const Tokenizer& tokenizer,
                                            const Positions& held) {
  check_text(request);
  Pieces pieces(request, tokenizer, held.text);
  pieces.add(request.text, longest_piece(held));
  return pieces.take();
}

}  // namespace nightingale
