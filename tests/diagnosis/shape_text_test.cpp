// Every spelling in which a shape reaches us, and the position of what is none.
#include "diagnosis/shape_text.hpp"

#include <doctest/doctest.h>

#include "base/failure.hpp"

namespace nightingale {
namespace {

using Shapes = std::vector<Numbers>;

std::string refusal(const char* text) {
  try {
    shapes_in(text);
  } catch (const Failure& failure) {
    CHECK(failure.error().code == ErrorCode::option_invalid);
    CHECK(!failure.error().fix.empty());
    return failure.error().sentence;
  }
  return "";
}

TEST_CASE("shapes_are_read_in_every_spelling") {
  const Shapes one{{1, 80, 64}};
  for (const char* text :
       {"(1,80,64)", "(1, 80, 64)", "[1, 80, 64]", "[1 80 64]", "( 1 ,80,64, )", "1x80x64", "1×80×64",
        "1*80*64", "1,80,64", "1 80 64", "torch.Size([1, 80, 64])", "float32[1,80,64]",
        "array of shape (1, 80, 64), dtype float32", "tensor 1x80x64."}) {
    CAPTURE(text);
    CHECK(shapes_in(text) == one);
  }
  CHECK(shapes_in("(30720,)") == Shapes{{30720}});
  CHECK(shapes_in("564") == Shapes{{564}});
}

TEST_CASE("shapes_are_found_in_a_pasted_sentence") {
  const Shapes two{{1, 80, 64}, {1, 564, 80}};
  CHECK(shapes_in("Shapes (1,80,64) and (1,564,80) cannot be broadcast.") == two);
  CHECK(shapes_in("ValueError: operands could not be broadcast together with shapes (1,80,64) (1,564,80) ") ==
        two);
  CHECK(shapes_in("[broadcast_shapes] Shapes (1,80,64) and (1,564,80) cannot be broadcast.") == two);
  CHECK(shapes_in("mat1 and mat2 shapes cannot be multiplied (564x80 and 320x512)") ==
        Shapes{{564, 80}, {320, 512}});
  CHECK(shapes_in(
            "copying a param with shape torch.Size([192, 80]) from checkpoint, the shape in current model is "
            "torch.Size([80, 192]).") == Shapes{{192, 80}, {80, 192}});
}

TEST_CASE("shapes_that_cannot_be_read_are_refused_with_their_position") {
  CHECK(refusal("(1,80,abc)") == "\"(1,80,abc)\" is no shape: at character 7 a size is expected, not \"a\"");
  CHECK(refusal("(1,80") == "\"(1,80\" is no shape: at character 6 the closing ) is missing");
  CHECK(refusal("(1,80]") == "\"(1,80]\" is no shape: at character 6 a size is expected, not \"]\"");
  CHECK(refusal("(-1,80)") == "\"(-1,80)\" is no shape: at character 2 a size is expected, not \"-\"");
  CHECK(refusal("(1,,80)") == "\"(1,,80)\" is no shape: at character 4 a size is expected, not \",\"");
  CHECK(refusal("(1,9999999999999)") ==
        "\"(1,9999999999999)\" is no shape: at character 4 a size has too many digits");
  CHECK(refusal("(1,é)") == "\"(1,é)\" is no shape: at character 4 a size is expected, not \"é\"");
  CHECK(refusal("") == "\"\" holds no shape");
  CHECK(refusal("mel") == "\"mel\" holds no shape");
  CHECK(refusal("()") == "\"()\" holds no shape");
  CHECK(refusal("(1,2,3,4,5,6)") == "(1, 2, 3, 4, 5, 6) has 6 axes; no tensor of Chatterbox has more than 5");
}

TEST_CASE("shapes_are_written_as_tuples") {
  CHECK(written({1, 80, 64}) == "(1, 80, 64)");
  CHECK(written({30720}) == "(30720,)");
}

}  // namespace
}  // namespace nightingale
