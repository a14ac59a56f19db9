#include "checkpoint/npy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <optional>

#include "base/failure.hpp"
#include "base/replace_file.hpp"

namespace nightingale {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t data_alignment = 64;  // numpy/lib/format.py ARRAY_ALIGN
constexpr std::size_t most_axes = 64;       // NumPy's own limit

struct DescrFacts {
  StoredType type;
  std::string_view descr;  // as NumPy writes it
};

constexpr std::array<DescrFacts, 9> descr_facts = {{
    {StoredType::f64, "<f8"},
    {StoredType::f32, "<f4"},
    {StoredType::f16, "<f2"},
    {StoredType::i64, "<i8"},
    {StoredType::i32, "<i4"},
    {StoredType::i16, "<i2"},
    {StoredType::i8, "|i1"},
    {StoredType::u8, "|u1"},
    {StoredType::boolean, "|b1"},
}};

[[noreturn]] void refuse(const MappedFile& file, const std::string& what,
                         const char* fix = "save the array again") {
  fail(ErrorCode::file_invalid, fmt::format("{}: {}", file.path, what), fix);
}

struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::int64_t>> shape;
};

// Reads the dictionary of the header: three keys, each once, in any order.
class HeaderParser {
 public:
  HeaderParser(const MappedFile& file, std::string_view text)
      : file_(file),
        text_(text) {}

  Header parse() {
    Header header;
    expect('{');
    while (!accept('}')) {
      parse_item(header);
      if (accept(',')) continue;
      expect('}');
      break;
    }
    skip_blanks();
    if (place_ != text_.size()) refuse_here("text after the dictionary");
    if (!header.descr || !header.fortran_order || !header.shape) {
      refuse(file_, "the header lacks one of descr, fortran_order and shape");
    }
    return header;
  }

 private:
  void parse_item(Header& header) {
    const std::string key = parse_text();
    expect(':');
    if (key == "descr" && !header.descr) {
      header.descr = parse_text();
    } else if (key == "fortran_order" && !header.fortran_order) {
      header.fortran_order = parse_bool();
    } else if (key == "shape" && !header.shape) {
      header.shape = parse_shape();
    } else {
      refuse(file_, fmt::format("the header has an unknown or repeated key '{}'", key));
    }
  }

  std::string parse_text() {
    skip_blanks();
    const char quote = peek();
    if (quote == '[') refuse(file_, "the array has named fields; only plain arrays can be read");
    if (quote != '\'' && quote != '"') refuse_here("a text in quotes");
    const std::size_t end = text_.find(quote, place_ + 1);
    if (end == std::string_view::npos) refuse_here("a closing quote");
    std::string text(text_.substr(place_ + 1, end - place_ - 1));
    if (text.find('\\') != std::string::npos) refuse_here("a text without escapes");
    place_ = end + 1;
    return text;
  }

  bool parse_bool() {
    skip_blanks();
    for (const auto& [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}}) {
      if (!text_.substr(place_).starts_with(word)) continue;
      place_ += word.size();
      return value;
    }
    refuse_here("True or False");
  }

  std::vector<std::int64_t> parse_shape() {
    std::vector<std::int64_t> shape;
    expect('(');
    while (!accept(')')) {
      if (shape.size() == most_axes) refuse(file_, fmt::format("the array has more than {} axes", most_axes));
      shape.push_back(parse_size());
      if (accept(',')) continue;
      // Python: (5) is a number, only (5,) is a tuple.
      if (shape.size() == 1) refuse_here("a comma");
      expect(')');
      break;
    }
    return shape;
  }

  std::int64_t parse_size() {
    skip_blanks();
    std::int64_t size = 0;
    const char* const begin = text_.data() + place_;
    const char* const end = text_.data() + text_.size();
    const auto [stop, error] = std::from_chars(begin, end, size);
    if (error != std::errc() || size < 0) refuse_here("a size");
    place_ += static_cast<std::size_t>(stop - begin);
    return size;
  }

  void skip_blanks() {
    while (place_ < text_.size() && (text_[place_] == ' ' || text_[place_] == '\n')) ++place_;
  }

  char peek() const { return place_ < text_.size() ? text_[place_] : '\0'; }

  bool accept(char wanted) {
    skip_blanks();
    if (peek() != wanted) return false;
    ++place_;
    return true;
  }

  void expect(char wanted) {
    if (!accept(wanted)) refuse_here(fmt::format("'{}'", wanted));
  }

  [[noreturn]] void refuse_here(const std::string& expected) const {
    refuse(file_, fmt::format("the header is no array's: at its byte {} {} should stand", place_, expected));
  }

  const MappedFile& file_;
  std::string_view text_;
  std::size_t place_ = 0;
};

StoredType type_of(const MappedFile& file, const std::string& descr) {
  if (descr.size() < 3) refuse(file, fmt::format("the array's type '{}' is not known", descr));
  const std::string_view letter_and_size = std::string_view(descr).substr(1);
  const char order = descr[0];
  for (const DescrFacts& facts : descr_facts) {
    if (facts.descr.substr(1) != letter_and_size) continue;
    // One byte has no order.
    if (order == '<' || facts.descr[0] == '|') return facts.type;
    if (order == '>') {
      refuse(file, fmt::format("the array is big-endian ('{}')", descr),
             "save array.astype(array.dtype.newbyteorder('<'))");
    }
  }
  refuse(file, fmt::format("the array's type '{}' is not known", descr),
         "save it as float16/32/64, int8/16/32/64, uint8 or bool");
}

// The header's text; moves `place` behind it.
std::string_view header_text(const MappedFile& file, std::size_t& place) {
  const std::string_view text = file.text();
  const std::size_t version_end = magic.size() + 2;
  if (text.size() < version_end)
    refuse(file, "the file ends inside its first line: perhaps an incomplete download");
  const int version = static_cast<unsigned char>(text[magic.size()]);
  if (version < 1 || version > 3) {
    refuse(file, fmt::format("version {}.{} of the format is not known", version,
                             static_cast<int>(static_cast<unsigned char>(text[magic.size() + 1]))));
  }
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  std::size_t length = 0;
  place = version_end + length_bytes;
  if (text.size() < place)
    refuse(file, "the file ends inside its first line: perhaps an incomplete download");
  for (std::size_t i = length_bytes; i-- > 0;) {
    length = length << 8 | static_cast<unsigned char>(text[version_end + i]);
  }
  if (length > text.size() - place) {
    refuse(file, fmt::format("the header claims {} bytes, the file has {}", length, text.size() - place),
           "perhaps an incomplete download: copy it again");
  }
  const std::string_view header = text.substr(place, length);
  place += length;
  return header;
}

std::string_view descr_of(const StoredTensor& tensor) {
  for (const DescrFacts& facts : descr_facts) {
    if (facts.type == tensor.type) return facts.descr;
  }
  fail(ErrorCode::unsupported,
       fmt::format("tensor {} is {}, which NumPy does not have", tensor.name, name_of(tensor.type)),
       "write it as F32");
}

}  // namespace

TensorFile read_npy(const std::string& path) {
  return parse_npy(map_file(path));
}

TensorFile parse_npy(const MappedFile& file) {
  require_kind(file, FileKind::npy);
  std::size_t place = 0;
  Header header = HeaderParser(file, header_text(file, place)).parse();
  StoredTensor tensor;
  tensor.name = std::filesystem::path(file.path).stem().string();
  tensor.type = type_of(file, *header.descr);
  tensor.shape = std::move(*header.shape);
  tensor.fortran_order = *header.fortran_order && tensor.shape.size() > 1;

  const std::size_t present = file.bytes.size() - place;
  std::uint64_t needed = 0;
  if (!stored_byte_count(tensor.type, tensor.shape, needed)) {
    refuse(file, fmt::format("the size of the shape {} overflows", shape_text(tensor.shape)));
  }
  if (needed > present) {
    refuse(file,
           fmt::format("the file ends {} bytes early: perhaps an incomplete download", needed - present),
           "download or copy it again");
  }
  if (needed < present) {
    refuse(file, fmt::format("{} bytes follow after the {} of the array {}", present - needed, needed,
                             shape_text(tensor.shape)));
  }
  tensor.bytes = file.bytes.subspan(place);
  return TensorFile(file.path, {std::move(tensor)}, {}, file.owner);
}

void write_npy(const std::string& path, const StoredTensor& tensor) {
  std::string shape = fmt::format("{}", fmt::join(tensor.shape, ", "));
  if (tensor.shape.size() == 1) shape += ',';
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': ({}), }}",
                                   descr_of(tensor), tensor.fortran_order ? "True" : "False", shape);
  // Blanks and a line's end bring the data to a multiple of 64.
  const std::size_t before = magic.size() + 4;
  const std::size_t whole =
      (before + header.size() + 1 + data_alignment - 1) / data_alignment * data_alignment;
  header.resize(whole - before - 1, ' ');
  header += '\n';
  std::string start(magic);
  start += {'\x01', '\x00', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  start += header;
  replace_file(path, {std::as_bytes(std::span(start)), tensor.bytes});
}

}  // namespace nightingale
