#include "text/tokenizer_json_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <limits>
#include <utility>

#include "base/failure.hpp"
#include "text/unicode.hpp"

namespace nightingale {
namespace {

// Upstream's own files are 25 and 70 kB and 4 levels deep; the largest published ones stay under 20 MB.
constexpr std::size_t largest_file = std::size_t{32} << 20;
constexpr int deepest_level = 16;
constexpr std::size_t shown_bytes = 60;  // of a file's own text in an error

// A piece of a hostile file, short enough to print.
std::string shown(std::string_view text) {
  if (text.size() <= shown_bytes) return std::string(text);
  std::size_t end = 0;
  for (std::size_t next = 0; next <= shown_bytes; next_character(text, next)) end = next;
  return std::string(text.substr(0, end)) + "…";
}

template <NormalForm form>
std::string to_form(std::string_view text) {
  return in_normal_form(text, form);
}

// `tokenizers` lowers each character by itself, so a sigma never sees that its word ends.
std::string lower_case_by_character(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    next_character(text, at);
    out += lower_case(text.substr(start, at - start));
  }
  return out;
}

constexpr std::array<std::pair<std::string_view, Normalisation>, 5> normalisations{
    {{"NFC", to_form<NormalForm::nfc>},
     {"NFD", to_form<NormalForm::nfd>},
     {"NFKC", to_form<NormalForm::nfkc>},
     {"NFKD", to_form<NormalForm::nfkd>},
     {"Lowercase", lower_case_by_character}}};

}  // namespace

TokenizerJson TokenizerJson::open(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    fail(ErrorCode::model_missing, fmt::format("{} cannot be read", path), "give the model's folder");
  std::string content;
  std::array<char, 1 << 16> block;
  do {
    file.read(block.data(), block.size());
    content.append(block.data(), static_cast<std::size_t>(file.gcount()));
  } while (file && content.size() <= largest_file);
  return parse(content, path);
}

TokenizerJson TokenizerJson::parse(std::string_view json, const std::string& origin) {
  return TokenizerJsonReader(origin).read(json);
}

TokenizerJson TokenizerJsonReader::read(std::string_view json) {
  const Json document = parse(json);
  if (!document.is_object()) refuse("the file is not a JSON object");
  for (const char* part : {"truncation", "padding", "post_processor"}) {
    if (!member(document, part).is_null()) not_supported(part);
  }
  read_normalizer(member(document, "normalizer"));
  read_pre_tokenizer(member(document, "pre_tokenizer"));
  read_model(member(document, "model"));
  read_added_tokens(member(document, "added_tokens"));
  measure_vocabulary();
  return std::move(out_);
}

nlohmann::json TokenizerJsonReader::parse(std::string_view text) const {
  if (text.size() > largest_file) refuse(fmt::format("the file is longer than {} bytes", largest_file));
  const auto limit_depth = [this](int depth, Json::parse_event_t, Json&) {
    if (depth > deepest_level)
      refuse(fmt::format("the file is nested more than {} levels deep", deepest_level));
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), limit_depth);
  } catch (const Json::parse_error& error) {
    refuse(fmt::format("the file is not JSON: byte {} is where it stops making sense", error.byte));
  } catch (const Json::exception& error) {
    refuse(fmt::format("the file is not JSON that can be read ({})", shown(error.what())));
  }
}

void TokenizerJsonReader::read_normalizer(const Json& normalizer) {
  if (normalizer.is_null()) return;
  const std::string type = type_of(normalizer, "normalizer");
  if (type == "Sequence") {
    const Json& steps = member(normalizer, "normalizers");
    if (!steps.is_array()) refuse("normalizer.normalizers is not a list");
    for (const Json& step : steps) read_normalizer(step);
    return;
  }
  const auto known = std::find_if(normalisations.begin(), normalisations.end(),
                                  [&](const auto& entry) { return entry.first == type; });
  if (known == normalisations.end()) not_supported(fmt::format("normalizer \"{}\"", shown(type)));
  out_.normalisations_.push_back(known->second);
}

void TokenizerJsonReader::read_pre_tokenizer(const Json& pre_tokenizer) {
  if (pre_tokenizer.is_null()) return;
  const std::string type = type_of(pre_tokenizer, "pre_tokenizer");
  if (type != "Whitespace") not_supported(fmt::format("pre_tokenizer \"{}\"", shown(type)));
  out_.split_words_ = true;
}

void TokenizerJsonReader::read_model(const Json& model) {
  const std::string type = type_of(model, "model");
  if (type != "BPE") not_supported(fmt::format("model \"{}\"", shown(type)));
  for (const char* option : {"byte_fallback", "ignore_merges"}) {
    if (flag(model, option)) not_supported(fmt::format("model.{}", option));
  }
  const Json& dropout = member(model, "dropout");
  if (!dropout.is_null() && dropout != 0) not_supported("model.dropout");

  Vocabulary vocabulary = read_vocabulary(member(model, "vocab"));
  BytePairModel::Options options;
  options.fuse_unknown = flag(model, "fuse_unk");
  if (const Json& prefix = member(model, "continuing_subword_prefix"); !prefix.is_null()) {
    options.inner_prefix = text_at(prefix, "model.continuing_subword_prefix");
  }
  if (const Json& suffix = member(model, "end_of_word_suffix"); !suffix.is_null()) {
    options.last_suffix = text_at(suffix, "model.end_of_word_suffix");
  }
  if (const Json& unknown = member(model, "unk_token"); !unknown.is_null()) {
    const auto found = vocabulary.find(text_at(unknown, "model.unk_token"));
    if (found == vocabulary.end()) refuse("model.unk_token is not in model.vocab");
    options.unknown = found->second;
  }
  out_.model_ = BytePairModel(std::move(vocabulary), std::move(options));
  read_merges(member(model, "merges"));
}

Vocabulary TokenizerJsonReader::read_vocabulary(const Json& vocabulary) const {
  if (!vocabulary.is_object()) refuse("model.vocab is not an object of tokens and ids");
  Vocabulary out;
  for (const auto& [token, id] : vocabulary.items()) {
    out[token] = id_at(id, fmt::format("model.vocab[\"{}\"]", shown(token)));
  }
  return out;
}

void TokenizerJsonReader::read_merges(const Json& merges) {
  if (!merges.is_array()) refuse("model.merges is not a list");
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const Json& merge = merges[i];
    const std::string where = fmt::format("model.merges[{}]", i);
    std::string left;
    std::string right;
    if (merge.is_array() && merge.size() == 2) {
      left = text_at(merge[0], where);
      right = text_at(merge[1], where);
    } else {
      const std::string both = text_at(merge, where);
      const std::size_t space = both.find(' ');
      if (space == both.npos || both.find(' ', space + 1) != both.npos) {
        refuse(fmt::format("{} is \"{}\", not two tokens with a space between", where, shown(both)));
      }
      left = both.substr(0, space);
      right = both.substr(space + 1);
    }
    if (!out_.model_.add_merge(left, right)) {
      refuse(fmt::format("{} merges \"{}\" and \"{}\", but they or what they make are not in model.vocab",
                         where, shown(left), shown(right)));
    }
  }
}

void TokenizerJsonReader::read_added_tokens(const Json& tokens) {
  if (tokens.is_null()) return;
  if (!tokens.is_array()) refuse("added_tokens is not a list");
  std::vector<AddedToken> raw;
  std::vector<AddedToken> normalised;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string where = fmt::format("added_tokens[{}]", i);
    AddedToken token = read_added_token(tokens[i], where);
    const auto known = out_.id_of(token.content);
    if (known && *known != token.id) {
      refuse(fmt::format("{} gives \"{}\" the id {}, but it already has the id {}", where,
                         shown(token.content), token.id, *known));
    }
    out_.added_.emplace(token.content, token.id);
    if (flag(tokens[i], "normalized")) {
      token.content = out_.normalised(token.content);
      normalised.push_back(std::move(token));
    } else {
      raw.push_back(std::move(token));
    }
  }
  out_.raw_tokens_ = AddedTokens(std::move(raw));
  out_.normalised_tokens_ = AddedTokens(std::move(normalised));
}

AddedToken TokenizerJsonReader::read_added_token(const Json& token, const std::string& where) const {
  if (!token.is_object()) refuse(fmt::format("{} is not an object", where));
  return {.content = text_at(member(token, "content"), where + ".content"),
          .id = id_at(member(token, "id"), where + ".id"),
          .single_word = flag(token, "single_word"),
          .takes_left = flag(token, "lstrip"),
          .takes_right = flag(token, "rstrip")};
}

void TokenizerJsonReader::measure_vocabulary() {
  for (const Vocabulary* tokens : {&out_.model_.vocabulary(), &std::as_const(out_.added_)}) {
    for (const auto& [token, id] : *tokens) {
      out_.vocabulary_size_ = std::max(out_.vocabulary_size_, static_cast<std::size_t>(id) + 1);
    }
  }
}

const nlohmann::json& TokenizerJsonReader::member(const Json& object, const char* name) const {
  static const Json absent;
  const auto found = object.find(name);
  return found == object.end() ? absent : *found;
}

std::string TokenizerJsonReader::type_of(const Json& part, const std::string& where) const {
  if (!part.is_object()) refuse(fmt::format("{} is not an object", where));
  return text_at(member(part, "type"), where + ".type");
}

std::string TokenizerJsonReader::text_at(const Json& value, const std::string& where) const {
  if (!value.is_string()) refuse(fmt::format("{} is not a string", where));
  return value.get<std::string>();
}

bool TokenizerJsonReader::flag(const Json& object, const char* name) const {
  const Json& value = member(object, name);
  if (value.is_null()) return false;
  if (!value.is_boolean()) refuse(fmt::format("\"{}\" is neither true nor false", name));
  return value.get<bool>();
}

TokenId TokenizerJsonReader::id_at(const Json& value, const std::string& where) const {
  constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<TokenId>::max());
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > largest) {
    refuse(fmt::format("{} is not an id between 0 and {}", where, largest));
  }
  return value.get<TokenId>();
}

void TokenizerJsonReader::refuse(const std::string& what) const {
  fail(ErrorCode::file_invalid, fmt::format("{}: {}", origin_, what), "take the model's own tokenizer file");
}

void TokenizerJsonReader::not_supported(const std::string& what) const {
  fail(ErrorCode::unsupported, fmt::format("{}: {} is not supported", origin_, what),
       "take a file that only has added tokens, a normal form, Whitespace and BPE");
}

}  // namespace nightingale
