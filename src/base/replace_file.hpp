// Writes a file so that nobody ever sees half of it: beside its place first, then renamed over it.
//
// A link is followed, so that its target is replaced and not the link. A device or a pipe (/dev/stdout) has
// no beside: it is written straight.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>

namespace nightingale {

// Writes the parts one after the other as the file's whole content. Throws output_failed with one clear
// sentence when the folder is missing or not writable, the place is a folder or write-protected, or the disk
// is full; what stood there before is then still there.
void replace_file(const std::string& path, std::initializer_list<std::span<const std::byte>> parts);
void replace_file(const std::string& path, std::span<const std::span<const std::byte>> parts);

// Refuses what `replace_file` would refuse now, and leaves nothing behind: to be asked before long work whose
// result goes there. Throws output_failed.
void check_replaceable(const std::string& path);

// A file that is written bit by bit, by whoever can write to a path: beside its place until it is committed,
// gone when it is not.
class GrowingFile {
 public:
  // Throws output_failed as `replace_file` does, and for a device or a pipe.
  explicit GrowingFile(const std::string& path);
  ~GrowingFile();
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;

  const std::string& path() const { return path_; }    // where it will be
  const std::string& place() const { return place_; }  // where it is
  void commit();

 private:
  std::string path_, place_, target_;
};

}  // namespace nightingale
