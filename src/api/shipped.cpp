// Where the files that ship with Nightingale lie, without a variable of the environment or a path compiled
// in.
#include <dlfcn.h>

#include <array>
#include <filesystem>

#include "nightingale/nightingale.hpp"

namespace nightingale {

namespace {

namespace fs = std::filesystem;

// From the folder of the library or the program: unpacked, in a build folder below the source tree
// (build/release/bin and build/release beside build/share), installed (bin, lib, lib/x86_64-linux-gnu), and
// the source tree itself.
constexpr std::array places{".", "..", "../share/nightingale", "../../share/nightingale", "../../.."};

// The folder of the file that holds this function: the shared library, or the program it was linked into.
fs::path library_folder() {
  Dl_info found;
  if (dladdr(reinterpret_cast<const void*>(&find_shipped), &found) == 0 || found.dli_fname == nullptr)
    return {};
  std::error_code error;
  return fs::canonical(found.dli_fname, error).parent_path();
}

fs::path program_folder() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path();
}

}  // namespace

std::string find_shipped(const std::string& name) {
  std::error_code error;
  for (const fs::path& folder : {library_folder(), program_folder()}) {
    if (folder.empty()) continue;
    for (const char* place : places) {
      const fs::path path = folder / place / name;
      if (fs::exists(path, error)) return path.lexically_normal().string();
    }
  }
  return {};
}

}  // namespace nightingale
