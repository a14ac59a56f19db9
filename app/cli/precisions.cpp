#include "cli/precisions.hpp"

namespace nightingale::cli {

namespace {

using Names = CLI::TransformPairs<Precision>;

void add(CLI::App& verb, const std::string& name, Precision& precision, const Names& names,
         const std::string& what) {
  verb.add_option(name, precision, what)
      ->transform(CLI::CheckedTransformer(names).description(""))
      ->type_name("NAME");
}

}  // namespace

void add_precisions(CLI::App& verb, Precisions& precisions) {
  const Names flow{{"f32", Precision::f32}, {"int8", Precision::int8}};
  Names weights = flow;
  weights.emplace_back("int4", Precision::int4);
  add(verb, "--weights", precisions.t3, weights, "T3's weights: f32, int8 or int4 (default: f32)");
  add(verb, "--flow", precisions.flow, flow, "What the flow multiplies in: f32 or int8 (default: f32)");
}

}  // namespace nightingale::cli
