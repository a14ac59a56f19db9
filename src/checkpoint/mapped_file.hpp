// A file's bytes, mapped into memory and kept there as long as anyone holds them; and the kind of the file.
//
// Every reader starts from a `MappedFile` and so can be given bytes from anywhere: a test, a fuzzer, a
// request. Odd: a file that another program shortens while it is mapped ends this program with SIGBUS, as for
// every user of mmap.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace nightingale {

struct MappedFile {
  std::string path;  // for errors
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;  // never null
  bool mapped = false;                // by map_file

  // The same bytes as text.
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

// Maps a file. Refuses, each with its own sentence: no such file, a folder, an empty file, one kept from us.
MappedFile map_file(const std::string& path);

// Bytes that the caller keeps alive for as long as anything read from them is used.
MappedFile borrow_bytes(std::string path, std::span<const std::byte> bytes);

// Says that bytes of a mapped file will not be read soon, so that they need not stay in memory; whoever reads
// them nevertheless gets them from the file again. Precondition: they come from map_file.
void let_go(std::span<const std::byte> bytes);

// What a file is, told from its first bytes and never from its name.
enum class FileKind {
  safetensors,
  npy,
  zip,              // a PyTorch archive, if it is one of ours
  json,             // a manifest, if it is one of ours
  git_lfs_pointer,  // a few lines in place of the file, left by a clone without git-lfs
  html,             // a page saved in place of the file
  pickle,           // PyTorch before 1.6 wrote bare pickles
  gguf,
  unknown,
};

FileKind kind_of(std::span<const std::byte> bytes);

// Refuses a file of another kind than `wanted`, saying what it is instead and how it probably came about.
void require_kind(const MappedFile& file, FileKind wanted);

// "a safetensors file", "an HTML page".
std::string_view description_of(FileKind kind);

}  // namespace nightingale
