#include "text/byte_pair.hpp"

#include <queue>
#include <tuple>
#include <utility>

#include "text/unicode.hpp"

namespace nightingale {
namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);

// A token of a word that is being merged, linked to its neighbours.
struct Piece {
  TokenId id;
  std::size_t previous, next;
  bool swallowed = false;  // by the piece before it
};

// Two neighbours that could merge, as they were when they were noticed.
struct Candidate {
  std::uint32_t rank;
  std::size_t left;
  TokenId made;

  // Later in the queue: a higher rank, or the same further right.
  bool operator<(const Candidate& other) const {
    return std::tie(rank, left) > std::tie(other.rank, other.left);
  }
};

std::uint64_t key_of(TokenId left, TokenId right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
}

std::vector<Piece> pieces_of(const std::vector<TokenId>& ids) {
  std::vector<Piece> pieces;
  pieces.reserve(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    pieces.push_back(
        {.id = ids[i], .previous = i == 0 ? none : i - 1, .next = i + 1 < ids.size() ? i + 1 : none});
  }
  return pieces;
}

// The piece at `left` becomes what it and its right neighbour make.
void merge(std::vector<Piece>& pieces, std::size_t left, TokenId made) {
  Piece& piece = pieces[left];
  Piece& right = pieces[piece.next];
  right.swallowed = true;
  piece.id = made;
  piece.next = right.next;
  if (piece.next != none) pieces[piece.next].previous = left;
}

}  // namespace

BytePairModel::BytePairModel(Vocabulary vocabulary, Options options)
    : vocabulary_(std::move(vocabulary)),
      options_(std::move(options)) {}

bool BytePairModel::add_merge(std::string_view left, std::string_view right) {
  const auto left_id = id_of(left);
  const auto right_id = id_of(right);
  if (!left_id || !right_id || right.size() < options_.inner_prefix.size()) return false;
  const auto made = id_of(std::string(left).append(right.substr(options_.inner_prefix.size())));
  if (!made) return false;
  merges_[key_of(*left_id, *right_id)] = {next_rank_++, *made};
  return true;
}

std::optional<TokenId> BytePairModel::id_of(std::string_view token) const {
  const auto found = vocabulary_.find(token);
  if (found == vocabulary_.end()) return std::nullopt;
  return found->second;
}

const BytePairModel::Merge* BytePairModel::merge_of(TokenId left, TokenId right) const {
  const auto found = merges_.find(key_of(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

std::vector<TokenId> BytePairModel::characters_of(std::string_view word) const {
  std::vector<TokenId> ids;
  bool after_unknown = false;
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t start = at;
    next_character(word, at);
    std::string character = start == 0 ? "" : options_.inner_prefix;
    character.append(word, start, at - start);
    if (at == word.size()) character += options_.last_suffix;
    if (const auto id = id_of(character)) {
      ids.push_back(*id);
      after_unknown = false;
    } else if (options_.unknown) {
      if (!after_unknown || !options_.fuse_unknown) ids.push_back(*options_.unknown);
      after_unknown = true;
    }
  }
  return ids;
}

void BytePairModel::encode(std::string_view word, std::vector<TokenId>& out) const {
  std::vector<Piece> pieces = pieces_of(characters_of(word));
  std::priority_queue<Candidate> queue;
  const auto notice = [&](std::size_t left) {
    if (left == none || pieces[left].next == none) return;
    const Merge* found = merge_of(pieces[left].id, pieces[pieces[left].next].id);
    if (found != nullptr) queue.push({found->rank, left, found->made});
  };

  for (std::size_t i = 0; i < pieces.size(); ++i) notice(i);
  while (!queue.empty()) {
    const auto [rank, left, made] = queue.top();
    queue.pop();
    const Piece& piece = pieces[left];
    if (piece.swallowed || piece.next == none) continue;
    // The pair may have changed since it was noticed; what counts is that it still makes the same token.
    const Merge* current = merge_of(piece.id, pieces[piece.next].id);
    if (current == nullptr || current->made != made) continue;
    merge(pieces, left, made);
    notice(piece.previous);
    notice(left);
  }
  for (const Piece& piece : pieces) {
    if (!piece.swallowed) out.push_back(piece.id);
  }
}

}  // namespace nightingale
