// Builds zip files for tests and fuzzers, sound ones and, by changing the parts, hostile ones.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace nightingale::test {

struct ZipPart {
  std::string name;
  std::string packed;
  std::uint64_t unpacked;
  std::uint32_t checksum;
  std::uint16_t method = 0;
  std::uint16_t flags = 0;
  bool zip64 = false;
};

inline void append(std::string& bytes, std::uint64_t number, std::size_t length) {
  for (; length > 0; --length, number >>= 8) bytes += static_cast<char>(number & 0xff);
}

inline ZipPart stored(std::string name, std::string_view content) {
  const auto checksum = crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
  return {std::move(name), std::string(content), content.size(), static_cast<std::uint32_t>(checksum)};
}

// Deflate without a header, as zip has it.
inline ZipPart deflated(std::string name, std::string_view content) {
  ZipPart part = stored(std::move(name), content);
  z_stream stream = {};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  part.packed.resize(deflateBound(&stream, content.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(part.packed.data());
  stream.avail_out = static_cast<uInt>(part.packed.size());
  deflate(&stream, Z_FINISH);
  part.packed.resize(stream.total_out);
  deflateEnd(&stream);
  part.method = 8;
  return part;
}

// The directory's entry for a part whose local header lies at `local`.
inline std::string directory_entry(const ZipPart& part, std::uint64_t local) {
  std::string entry = "PK\x01\x02";
  append(entry, 45, 2);  // made by
  append(entry, 45, 2);  // needed
  append(entry, part.flags, 2);
  append(entry, part.method, 2);
  append(entry, 0, 4);  // time and date
  append(entry, part.checksum, 4);
  append(entry, part.zip64 ? 0xffffffff : part.packed.size(), 4);
  append(entry, part.zip64 ? 0xffffffff : part.unpacked, 4);
  append(entry, part.name.size(), 2);
  append(entry, part.zip64 ? 28 : 0, 2);  // extra
  append(entry, 0, 2);                    // comment
  append(entry, 0, 8);                    // disk, attributes
  append(entry, part.zip64 ? 0xffffffff : local, 4);
  entry += part.name;
  if (part.zip64) {
    append(entry, 1, 2);
    append(entry, 24, 2);
    append(entry, part.unpacked, 8);
    append(entry, part.packed.size(), 8);
    append(entry, local, 8);
  }
  return entry;
}

inline std::string zip_file(const std::vector<ZipPart>& parts, bool zip64 = false) {
  std::string file, directory;
  for (const ZipPart& part : parts) {
    directory += directory_entry(part, file.size());
    file += "PK\x03\x04";
    append(file, 0, 22);  // what the directory repeats
    append(file, part.name.size(), 2);
    append(file, 0, 2);
    file += part.name + part.packed;
  }
  const std::uint64_t start = file.size();
  file += directory;
  if (zip64) {
    const std::uint64_t end64 = file.size();
    file += "PK\x06\x06";
    append(file, 44, 8);
    append(file, 0, 12);
    append(file, parts.size(), 8);
    append(file, parts.size(), 8);
    append(file, directory.size(), 8);
    append(file, start, 8);
    file += "PK\x06\x07";
    append(file, 0, 4);
    append(file, end64, 8);
    append(file, 1, 4);
  }
  file += "PK\x05\x06";
  append(file, 0, 4);
  append(file, zip64 ? 0xffff : parts.size(), 2);
  append(file, zip64 ? 0xffff : parts.size(), 2);
  append(file, zip64 ? 0xffffffff : directory.size(), 4);
  append(file, zip64 ? 0xffffffff : start, 4);
  append(file, 0, 2);
  return file;
}

}  // namespace nightingale::test
