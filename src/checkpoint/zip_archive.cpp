#include "checkpoint/zip_archive.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/failure.hpp"

namespace nightingale {
namespace {

using Bytes = std::span<const std::byte>;

// Records and their fixed lengths (APPNOTE 4.3).
constexpr std::string_view local_mark = "PK\x03\x04";
constexpr std::string_view directory_mark = "PK\x01\x02";
constexpr std::string_view end_mark = "PK\x05\x06";
constexpr std::string_view end64_mark = "PK\x06\x06";
constexpr std::string_view locator64_mark = "PK\x06\x07";
constexpr std::size_t local_length = 30;
constexpr std::size_t directory_length = 46;
constexpr std::size_t end_length = 22;
constexpr std::size_t end64_length = 56;
constexpr std::size_t locator64_length = 20;
constexpr std::size_t longest_comment = 0xffff;
constexpr std::uint64_t in_zip64 = 0xffffffff;  // the value stands in the zip64 extra field
constexpr std::uint16_t zip64_extra = 0x0001;
constexpr std::uint16_t encrypted_flag = 0x0001;
constexpr std::uint16_t method_stored = 0;
constexpr std::uint16_t method_deflated = 8;
constexpr std::uint64_t best_ratio = 1032;  // zlib: deflate cannot pack better (258 bytes in 2 bits)

[[noreturn]] void refuse(const MappedFile& file, const std::string& what) {
  fail(ErrorCode::file_invalid, fmt::format("{}: {}", file.path, what), "download or copy the file again");
}

template <typename Number>
Number number_at(Bytes bytes, std::size_t place) {
  Number number;
  std::memcpy(&number, bytes.data() + place, sizeof number);
  return number;
}

bool has_mark(Bytes bytes, std::string_view mark) {
  return bytes.size() >= mark.size() && std::memcmp(bytes.data(), mark.data(), mark.size()) == 0;
}

// A part of the file, refused when it does not lie within.
Bytes part(const MappedFile& file, std::uint64_t start, std::uint64_t length, const char* what) {
  if (start > file.bytes.size() || length > file.bytes.size() - start) {
    refuse(file, fmt::format("{} lies beyond the end of the file: perhaps an incomplete download", what));
  }
  return file.bytes.subspan(start, length);
}

struct Directory {
  std::uint64_t start = 0;
  std::uint64_t length = 0;
  std::uint64_t count = 0;
};

// The end record, searched backwards through the longest comment.
std::size_t find_end(const MappedFile& file) {
  const std::size_t size = file.bytes.size();
  const std::size_t first = size > end_length + longest_comment ? size - end_length - longest_comment : 0;
  for (std::size_t place = size < end_length ? 0 : size - end_length + 1; place-- > first;) {
    if (has_mark(file.bytes.subspan(place), end_mark)) return place;
  }
  refuse(file, "the zip directory at its end is missing: perhaps an incomplete download");
}

Directory find_directory(const MappedFile& file) {
  const std::size_t end_place = find_end(file);
  const Bytes end = file.bytes.subspan(end_place);
  Directory directory;
  directory.count = number_at<std::uint16_t>(end, 10);
  directory.length = number_at<std::uint32_t>(end, 12);
  directory.start = number_at<std::uint32_t>(end, 16);
  const bool located = end_place >= locator64_length &&
                       has_mark(file.bytes.subspan(end_place - locator64_length), locator64_mark);
  if (!located) return directory;
  const Bytes locator = file.bytes.subspan(end_place - locator64_length);
  const Bytes end64 =
      part(file, number_at<std::uint64_t>(locator, 8), end64_length, "the zip64 directory's end");
  if (!has_mark(end64, end64_mark)) refuse(file, "the zip64 directory's end is damaged");
  directory.count = number_at<std::uint64_t>(end64, 32);
  directory.length = number_at<std::uint64_t>(end64, 40);
  directory.start = number_at<std::uint64_t>(end64, 48);
  return directory;
}

// Replaces the values that stand in the zip64 extra field, in APPNOTE's order (4.5.3).
void apply_zip64(const MappedFile& file, Bytes extra, ZipArchive::Entry& entry, std::uint64_t& local) {
  while (extra.size() >= 4) {
    const auto kind = number_at<std::uint16_t>(extra, 0);
    const std::size_t length = number_at<std::uint16_t>(extra, 2);
    extra = extra.subspan(4);
    if (length > extra.size()) refuse(file, fmt::format("entry {} has a damaged extra field", entry.name));
    Bytes field = extra.first(length);
    extra = extra.subspan(length);
    if (kind != zip64_extra) continue;
    for (std::uint64_t* value : {&entry.unpacked, &entry.packed, &local}) {
      if (*value != in_zip64) continue;
      if (field.size() < 8) refuse(file, fmt::format("entry {} has a damaged zip64 field", entry.name));
      *value = number_at<std::uint64_t>(field, 0);
      field = field.subspan(8);
    }
    return;
  }
}

// Where the entry's bytes begin: after its local header, whose name and extra field may be longer.
std::uint64_t data_start(const MappedFile& file, const ZipArchive::Entry& entry, std::uint64_t local) {
  const Bytes header = part(file, local, local_length, "an entry's header");
  if (!has_mark(header, local_mark))
    refuse(file, fmt::format("entry {} is not where the directory says", entry.name));
  const std::uint64_t names = number_at<std::uint16_t>(header, 26);
  const std::uint64_t extras = number_at<std::uint16_t>(header, 28);
  return local + local_length + names + extras;
}

void check_method(const MappedFile& file, const ZipArchive::Entry& entry, std::uint16_t flags,
                  std::uint16_t method) {
  if (flags & encrypted_flag) refuse(file, fmt::format("entry {} is encrypted", entry.name));
  if (method != method_stored && method != method_deflated) {
    refuse(file,
           fmt::format("entry {} is packed with method {}, not stored or deflated", entry.name, method));
  }
  if (method == method_stored && entry.packed != entry.unpacked) {
    refuse(file, fmt::format("entry {} is stored, but has two lengths: {} and {}", entry.name, entry.packed,
                             entry.unpacked));
  }
  if (entry.unpacked / best_ratio > entry.packed) {
    refuse(file, fmt::format("entry {} claims {} bytes packed into {}: more than deflate can", entry.name,
                             entry.unpacked, entry.packed));
  }
}

// Reads the entry at the start of `rest` and moves `rest` behind it.
ZipArchive::Entry read_entry(const MappedFile& file, Bytes& rest) {
  if (rest.size() < directory_length || !has_mark(rest, directory_mark))
    refuse(file, "the zip directory is damaged");
  const std::size_t name_length = number_at<std::uint16_t>(rest, 28);
  const std::size_t extra_length = number_at<std::uint16_t>(rest, 30);
  const std::size_t comment_length = number_at<std::uint16_t>(rest, 32);
  const std::size_t whole = directory_length + name_length + extra_length + comment_length;
  if (whole > rest.size()) refuse(file, "the zip directory is damaged");

  ZipArchive::Entry entry;
  entry.name.assign(reinterpret_cast<const char*>(rest.data()) + directory_length, name_length);
  entry.checksum = number_at<std::uint32_t>(rest, 16);
  entry.packed = number_at<std::uint32_t>(rest, 20);
  entry.unpacked = number_at<std::uint32_t>(rest, 24);
  std::uint64_t local = number_at<std::uint32_t>(rest, 42);
  apply_zip64(file, rest.subspan(directory_length + name_length, extra_length), entry, local);
  const auto method = number_at<std::uint16_t>(rest, 10);
  check_method(file, entry, number_at<std::uint16_t>(rest, 8), method);
  entry.deflated = method == method_deflated;
  entry.start = data_start(file, entry, local);
  part(file, entry.start, entry.packed, "an entry's data");
  rest = rest.subspan(whole);
  return entry;
}

void refuse_overlaps(const MappedFile& file, const ZipArchive::Entries& entries) {
  std::vector<const ZipArchive::Entry*> order;
  for (const auto& [name, entry] : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(),
            [](const auto* left, const auto* right) { return left->start < right->start; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (order[i - 1]->start + order[i - 1]->packed > order[i]->start) {
      refuse(file, fmt::format("entries {} and {} overlap", order[i - 1]->name, order[i]->name));
    }
  }
}

// Raw deflate, no header. Makes exactly `length` bytes or returns fewer.
std::vector<std::byte> inflate_all(Bytes packed, std::uint64_t length) {
  std::vector<std::byte> unpacked(length);
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail(ErrorCode::memory, "no memory to unpack an archive");
  std::size_t taken = 0, made = 0;
  int state = Z_OK;
  // zlib counts in unsigned int, so a large entry goes through in pieces.
  constexpr std::size_t piece = std::numeric_limits<uInt>::max();
  while (state == Z_OK) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data() + taken));
    stream.avail_in = static_cast<uInt>(std::min(piece, packed.size() - taken));
    stream.next_out = reinterpret_cast<Bytef*>(unpacked.data() + made);
    stream.avail_out = static_cast<uInt>(std::min(piece, unpacked.size() - made));
    const uInt offered = stream.avail_in, room = stream.avail_out;
    state = inflate(&stream, Z_NO_FLUSH);
    taken += offered - stream.avail_in;
    made += room - stream.avail_out;
  }
  inflateEnd(&stream);
  if (state != Z_STREAM_END) made = 0;
  unpacked.resize(made);
  return unpacked;
}

std::uint32_t checksum_of(Bytes bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace

ZipArchive::ZipArchive(const MappedFile& file)
    : file_(file) {
  const Directory directory = find_directory(file);
  Bytes rest = part(file, directory.start, directory.length, "the zip directory");
  if (directory.count > directory.length / directory_length) {
    refuse(file,
           fmt::format("the zip directory claims {} entries in {} bytes", directory.count, directory.length));
  }
  for (std::uint64_t i = 0; i < directory.count; ++i) {
    Entry entry = read_entry(file, rest);
    if (find(entry.name)) refuse(file, fmt::format("the archive has two entries {}", entry.name));
    entries_.emplace(entry.name, std::move(entry));
  }
  refuse_overlaps(file, entries_);
}

const ZipArchive::Entry* ZipArchive::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

std::span<const std::byte> ZipArchive::read(const Entry& entry,
                                            std::deque<std::vector<std::byte>>& unpacked) const {
  Bytes bytes = file_.bytes.subspan(entry.start, entry.packed);
  if (entry.deflated) {
    unpacked.push_back(inflate_all(bytes, entry.unpacked));
    bytes = unpacked.back();
  }
  if (bytes.size() != entry.unpacked || checksum_of(bytes) != entry.checksum) {
    refuse(file_, fmt::format("entry {} is damaged: its checksum does not match", entry.name));
  }
  return bytes;
}

}  // namespace nightingale
