#include "base/replace_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/failure.hpp"

namespace nightingale {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_to_write(const std::string& path, const std::string& why, const char* fix) {
  fail(ErrorCode::output_failed, fmt::format("cannot write {}: {}", path, why), fix);
}

// An open file descriptor that is closed on every way out, and removed unless it was kept.
class OutputFile {
 public:
  OutputFile(const std::string& shown, std::string place, int flags)
      : shown_(shown),
        place_(std::move(place)),
        removable_((flags & O_EXCL) != 0) {
    descriptor_ = ::open(place_.c_str(), O_WRONLY | O_CLOEXEC | flags, 0666);
    if (descriptor_ < 0) fail_errno("choose a folder that you may write to");
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (removable_) ::unlink(place_.c_str());
  }

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_errno("make room, or choose another place");
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }

  // A full disk may be noticed only here.
  void close() {
    const int descriptor = std::exchange(descriptor_, -1);
    if (::close(descriptor) != 0) fail_errno("make room, or choose another place");
  }

  void rename_to(const fs::path& target) {
    if (std::rename(place_.c_str(), target.c_str()) != 0) fail_errno("choose another place");
    removable_ = false;
  }

 private:
  [[noreturn]] void fail_errno(const char* fix) { fail_to_write(shown_, std::strerror(errno), fix); }

  const std::string& shown_;
  std::string place_;
  bool removable_;
  int descriptor_ = -1;
};

// A name beside the target that no other thread or process uses.
std::string beside(const fs::path& target) {
  static std::atomic<unsigned> count{0};
  return fmt::format("{}.{}-{}.part", target.string(), ::getpid(), count++);
}

// Refuses what can be told before anything is written.
void check_target(const std::string& path, const fs::path& target, const fs::file_status& status) {
  if (path.empty()) fail_to_write("the result", "its file name is empty", "name a file");
  if (fs::is_directory(status)) fail_to_write(path, "it is a folder", "name a file in it");
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    fail_to_write(path, fmt::format("there is no folder {}", folder.string()), "create the folder first");
  }
  if (fs::exists(status) && ::access(path.c_str(), W_OK) != 0) {
    fail_to_write(path, "it exists and is write-protected", "choose another name");
  }
}

// Where a path leads. Throws when nothing can be written there.
struct Place {
  fs::path target;        // links followed
  bool straight = false;  // a device or a pipe

  explicit Place(const std::string& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    straight = fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
    // It is opened by the name given: that of a pipe behind /dev/stdout leads nowhere.
    target = straight ? fs::path(path) : fs::weakly_canonical(path, error);
    if (error) target = path;
    check_target(path, target, status);
  }
};

void write_all(OutputFile& file, std::span<const std::span<const std::byte>> parts) {
  for (const std::span<const std::byte> part : parts) file.write(part);
  file.close();
}

}  // namespace

void replace_file(const std::string& path, std::span<const std::span<const std::byte>> parts) {
  const Place place(path);
  if (place.straight) {
    OutputFile file(path, path, 0);
    write_all(file, parts);
    return;
  }
  OutputFile file(path, beside(place.target), O_CREAT | O_EXCL);
  write_all(file, parts);
  file.rename_to(place.target);
}

void check_replaceable(const std::string& path) {
  const Place place(path);
  if (!place.straight) OutputFile(path, beside(place.target), O_CREAT | O_EXCL);
}

void replace_file(const std::string& path, std::initializer_list<std::span<const std::byte>> parts) {
  replace_file(path, std::span<const std::span<const std::byte>>(parts.begin(), parts.size()));
}

GrowingFile::GrowingFile(const std::string& path)
    : path_(path) {
  const Place place(path);
  if (place.straight) fail_to_write(path, "it is a device or a pipe", "name a file");
  target_ = place.target.string();
  place_ = beside(place.target);
  OutputFile(path_, place_, O_CREAT | O_EXCL);  // refused now rather than after long work
}

GrowingFile::~GrowingFile() {
  if (!place_.empty()) ::unlink(place_.c_str());
}

void GrowingFile::commit() {
  if (std::rename(place_.c_str(), target_.c_str()) != 0) {
    fail_to_write(path_, std::strerror(errno), "choose another place");
  }
  place_.clear();
}

}  // namespace nightingale
