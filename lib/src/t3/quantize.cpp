// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "t3/quantize.h"

#include "chatterbox/error.h"
#include "nn/tensor_writer.h"
#include "pattern.h"

namespace chatterbox {
namespace {

// Matrices of both backbones; GPT-2's are stored as (in, out).
const Pattern& matrices_as_rows() {
  static const Pattern names(
      R"(speech_head\.weight|tfmr\.layers\.\d+\.(self_attn\.[qkvo]|mlp\.(gate|up|down))_proj\.weight)");
  return names;
}
const Pattern& matrices_as_columns() {
  static const Pattern names(R"(tfmr\.h\.\d+\.(attn|mlp)\.c_(attn|proj|fc)\.weight)");
  return names;
}

std::uint64_t bytes_of(const TensorToWrite& tensor) {
  std::uint64_t bytes = c10::elementSize(tensor.type);
  for (const std::int64_t size : tensor.shape) bytes *= std::uint64_t(size);
  return bytes;
}

}  // namespace

QuantizedSize quantize_t3(const TensorFile& file, const std::string& path) {
  QuantizedSize size;
  std::vector<TensorToWrite> rows, scales, others;
  for (const std::string& name : file.names()) {
    const at::Tensor stored = file.tensor(name);
    size.bytes_before += stored.nbytes();
    if (stored.scalar_type() == at::kChar)
      throw Error(ErrorCode::kInvalidArgument,
                  file.path() +
                      ": expected a file that is not quantised yet, got rows of int8 in \"" + name +
                      "\"");
    const bool columns = matrices_as_columns().is_all_of(name);
    if (stored.dim() != 2 || !(columns || matrices_as_rows().is_all_of(name))) {
      others.push_back({name, stored.scalar_type(), stored.sizes().vec(),
                        [&file, name] { return file.tensor(name); }});
      continue;
    }
    ++size.matrices;
    const std::int64_t count = stored.size(columns ? 1 : 0), length = stored.size(columns ? 0 : 1);
    const std::string as_rows = columns ? name + kStoredAsRows : name;
    const auto quantized = [&file, name, columns] {
      const at::Tensor wide = file.tensor(name).to(at::kFloat);
      const QuantizedRows made = quantize_rows(columns ? wide.t().contiguous() : wide);
      file.release(name);
      return made;
    };
    rows.push_back({as_rows, at::kChar, {count, length}, [=] { return quantized().values; }});
    scales.push_back({as_rows + kRowScale, at::kFloat, {count}, [=] { return quantized().scale; }});
  }
  if (size.matrices == 0)
    throw Error(ErrorCode::kInvalidArgument,
                file.path() + ": expected the matrices of a T3, got none");
  // Rows first, where their lines are those of the cache.
  rows.insert(rows.end(), scales.begin(), scales.end());
  rows.insert(rows.end(), others.begin(), others.end());
  for (const TensorToWrite& tensor : rows) size.bytes_after += bytes_of(tensor);
  write_tensors(path, rows);
  return size;
}

}  // namespace chatterbox
