#include "checkpoint/mapped_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/failure.hpp"

namespace nightingale {
namespace {

// A file descriptor that is closed on every way out.
class InputFile {
 public:
  explicit InputFile(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

// The size of an open, regular, non-empty file.
std::size_t checked_size(const std::string& path, const InputFile& file) {
  struct stat status = {};
  if (::fstat(file.descriptor(), &status) != 0) {
    fail(ErrorCode::file_invalid, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  if (S_ISDIR(status.st_mode)) {
    fail(ErrorCode::file_invalid, fmt::format("{} is a folder, not a file", path), "name a file in it");
  }
  if (!S_ISREG(status.st_mode)) {
    fail(ErrorCode::file_invalid, fmt::format("{} is a device or a pipe, not a file", path),
         "save it to a file first");
  }
  if (status.st_size == 0) {
    fail(ErrorCode::file_invalid, fmt::format("{} is empty", path), "download or copy it again");
  }
  return static_cast<std::size_t>(status.st_size);
}

bool starts_with_word(std::string_view text, std::string_view lower_word) {
  if (text.size() < lower_word.size()) return false;
  for (std::size_t i = 0; i < lower_word.size(); ++i) {
    const char letter = text[i];
    const char lower = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    if (lower != lower_word[i]) return false;
  }
  return true;
}

// Eight bytes of header length, then a JSON object. A text that happens to have a brace there is none.
bool looks_like_safetensors(std::span<const std::byte> bytes) {
  if (bytes.size() < 9 || static_cast<char>(bytes[8]) != '{') return false;
  // A header of 2^48 bytes or more is not a header: the first bytes are letters.
  return bytes[6] == std::byte{0} && bytes[7] == std::byte{0};
}

}  // namespace

MappedFile map_file(const std::string& path) {
  const InputFile file(path);
  if (file.descriptor() < 0 && (errno == ENOENT || errno == ENOTDIR)) {
    fail(ErrorCode::model_missing, fmt::format("there is no file {}", path), "check the path");
  }
  if (file.descriptor() < 0) {
    fail(ErrorCode::file_invalid, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  const std::size_t size = checked_size(path, file);
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
  if (address == MAP_FAILED) {
    fail(ErrorCode::file_invalid, fmt::format("cannot map {} into memory: {}", path, std::strerror(errno)));
  }
  std::shared_ptr<const void> owner(address,
                                    [size](const void* held) { ::munmap(const_cast<void*>(held), size); });
  return {path, {static_cast<const std::byte*>(address), size}, std::move(owner), true};
}

MappedFile borrow_bytes(std::string path, std::span<const std::byte> bytes) {
  // The owner must exist, for it tells a file with bytes from a manifest; it owns nothing.
  static constexpr char lent = 0;
  return {std::move(path), bytes, std::shared_ptr<const void>(&lent, [](const void*) {})};
}

void let_go(std::span<const std::byte> bytes) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  const std::uintptr_t first = (begin + page - 1) / page * page, last = (begin + bytes.size()) / page * page;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

FileKind kind_of(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with("\x93NUMPY")) return FileKind::npy;
  if (text.starts_with("PK\x03\x04") || text.starts_with("PK\x05\x06")) return FileKind::zip;
  if (text.starts_with("version https://git-lfs")) return FileKind::git_lfs_pointer;
  if (text.starts_with("GGUF")) return FileKind::gguf;
  if (text.size() >= 2 && text[0] == '\x80' && text[1] >= 2 && text[1] <= 5) return FileKind::pickle;
  if (looks_like_safetensors(bytes)) return FileKind::safetensors;
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return FileKind::unknown;
  const std::string_view rest = text.substr(start);
  if (starts_with_word(rest, "<!doctype html") || starts_with_word(rest, "<html")) return FileKind::html;
  if (rest.front() == '{') return FileKind::json;
  return FileKind::unknown;
}

std::string_view description_of(FileKind kind) {
  switch (kind) {
    case FileKind::safetensors: return "a safetensors file";
    case FileKind::npy: return "a NumPy array (.npy)";
    case FileKind::zip: return "a PyTorch archive (zip)";
    case FileKind::json: return "a JSON file";
    case FileKind::git_lfs_pointer: return "a git-lfs pointer";
    case FileKind::html: return "an HTML page";
    case FileKind::pickle: return "a bare Python pickle, as PyTorch before 1.6 wrote them";
    case FileKind::gguf: return "a GGUF file";
    case FileKind::unknown: return "a file of unknown kind";
  }
  return "a file of unknown kind";
}

void require_kind(const MappedFile& file, FileKind wanted) {
  if (file.bytes.empty()) {
    fail(ErrorCode::file_invalid, fmt::format("{} is empty", file.path), "download or copy it again");
  }
  const FileKind kind = kind_of(file.bytes);
  if (kind == wanted) return;
  const char* fix = "give the original file";
  switch (kind) {
    case FileKind::git_lfs_pointer:
      fix = "run `git lfs pull` in the folder it came from, or download the file itself";
      break;
    case FileKind::html: fix = "the download saved a web page: use the link to the file itself"; break;
    case FileKind::pickle:
      fix = "load it with PyTorch and save it again, or convert it to safetensors";
      break;
    default: break;
  }
  fail(ErrorCode::file_invalid,
       fmt::format("{} is {}, not {}", file.path, description_of(kind), description_of(wanted)), fix);
}

}  // namespace nightingale
