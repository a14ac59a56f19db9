// The zip container of a PyTorch archive: a directory at the end, entries before it, stored or deflated.
//
// Source: PKWARE's APPNOTE 6.3, with zip64 for files beyond 4 GiB. Every offset and length is compared with
// the file before it is used, entries may not overlap (so a small file cannot unfold to a huge one), and
// checksums are compared.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/mapped_file.hpp"

namespace nightingale {

class ZipArchive {
 public:
  struct Entry {
    std::string name;
    std::uint64_t packed = 0;    // bytes in the file
    std::uint64_t unpacked = 0;  // bytes after unpacking
    std::uint64_t start = 0;     // where the packed bytes begin in the file
    std::uint32_t checksum = 0;  // CRC-32 of the unpacked bytes
    bool deflated = false;
  };

  // Reads the directory. `file` must outlive the archive.
  explicit ZipArchive(const MappedFile& file);

  using Entries = std::map<std::string, Entry, std::less<>>;
  const Entries& entries() const { return entries_; }
  // The entry of that name, or null.
  const Entry* find(std::string_view name) const;

  // The entry's bytes: a part of the file when it is stored, else unpacked and kept in `unpacked`, whose
  // elements stay where they are. Refuses bytes that do not match their checksum.
  std::span<const std::byte> read(const Entry& entry, std::deque<std::vector<std::byte>>& unpacked) const;

 private:
  const MappedFile& file_;
  Entries entries_;
};

}  // namespace nightingale
