// What a deliberate slip once survived in this room (tests/mutations): each case holds the line it broke.
#include <doctest/doctest.h>

#include "checkpoint/files.hpp"
#include "checkpoint/safetensors.hpp"

using namespace nightingale;

TEST_CASE("safetensors_refuses_a_header_that_is_one_byte_longer_than_the_file") {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("model.safetensors", test::bytes_of(std::uint64_t{6}) + "{\"a\":");
  CHECK(test::refusal_of(folder, [&] { read_safetensors(path); }) ==
        "model.safetensors ends 1 bytes early: perhaps an incomplete download");
}
