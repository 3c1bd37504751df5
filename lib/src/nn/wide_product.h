// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nn/kernels.h"

namespace chatterbox {

// A matrix as it lies in memory, one row after the other.
struct StoredRows {
  const void* data;
  Storage type;
  std::int64_t cols;
  // int8 only: the factor of each row, and the sum of its numbers.
  const float* scale;
  const std::int32_t* sum;
};

// Product of many vectors with a matrix that is stored as decoding reads it. Panels of its rows are
// reordered for the tiles (simd/products.h) while they are in the cache, so that one copy of the
// matrix serves both uses. A vector's result does not depend on the vectors beside it.
struct WideProduct {
  const char* name;
  int columns;  // results to a panel, each of one row of the matrix

  // Bytes of the operands of `vectors` vectors of `depth` numbers.
  std::size_t (*operand_bytes)(int vectors, int depth);
  // Makes operand `index` of `vectors` from x, which is readable up to a multiple of 16.
  void (*prepare)(const float* x, int depth, int index, int vectors, void* operands);
  // Bytes of multiply()'s scratch memory.
  std::size_t (*scratch_bytes)(int vectors, int depth);
  // The products of all operands with `count` rows from `first` on, count <= columns: in
  // scratch, `columns` floats to a vector.
  const float* (*multiply)(const void* operands, int vectors, const StoredRows& w,
                           std::int64_t first, int count, void* scratch);
};

// Kernels that this processor runs for matrices of a type, the fastest first; never empty.
std::vector<const WideProduct*> wide_products(Storage type);
const WideProduct& best_wide_product(Storage type);

}  // namespace chatterbox
