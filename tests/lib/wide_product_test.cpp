// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/wide_product.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace chatterbox {
namespace {

// A matrix stored as one type, and the numbers it stands for.
struct Matrix {
  Matrix(Storage type, std::int64_t rows, std::int64_t cols) {
    const at::Tensor wide = at::sin(at::arange(rows * cols, at::kFloat) * 1.7).view({rows, cols});
    view = {nullptr, type, cols, nullptr, nullptr};
    if (type == Storage::kInt8) {
      scale = at::linspace(0.01, 0.02, rows);
      stored = (wide * 127).round().to(at::kChar);
      sum = stored.sum(1, false, at::kInt);
      numbers = stored.to(at::kFloat) * scale.unsqueeze(1);
      view.scale = scale.data_ptr<float>();
      view.sum = sum.data_ptr<std::int32_t>();
    } else {
      stored = wide.to(type == Storage::kBFloat16 ? at::kBFloat16
                       : type == Storage::kHalf   ? at::kHalf
                                                  : at::kFloat);
      numbers = stored.to(at::kFloat);
    }
    view.data = stored.data_ptr();
  }

  at::Tensor stored, scale, sum, numbers;
  StoredRows view;
};

// x (vectors, depth) times rows [first, first + count) of the matrix, -> (vectors, count).
at::Tensor multiply(const WideProduct& product, const Matrix& matrix, const at::Tensor& x,
                    std::int64_t first, int count) {
  const int vectors = int(x.size(0)), depth = int(x.size(1));
  std::vector<char> operands(product.operand_bytes(vectors, depth) + 64);
  std::vector<char> scratch(product.scratch_bytes(vectors, depth) + 64);
  const auto aligned = [](std::vector<char>& bytes) {
    return reinterpret_cast<void*>((reinterpret_cast<std::uintptr_t>(bytes.data()) + 63) / 64 * 64);
  };
  // What lies behind a vector must not matter.
  std::vector<float> row(std::size_t(depth) + 16, 1e6f);
  for (int i = 0; i < vectors; ++i) {
    std::copy_n(x.data_ptr<float>() + i * depth, depth, row.begin());
    product.prepare(row.data(), depth, i, vectors, aligned(operands));
  }
  const float* y =
      product.multiply(aligned(operands), vectors, matrix.view, first, count, aligned(scratch));
  return at::from_blob(const_cast<float*>(y), {vectors, product.columns})
      .narrow(1, 0, count)
      .clone();
}

// Of the largest result: bfloat16 rounds operands to 8 bits, bytes to 1.5 % of their root mean
// square, less of a sum.
double tolerance(const WideProduct& product, Storage type) {
  if (std::string(product.name).starts_with("avx512bf16")) return 5e-3;
  const bool bytes = type == Storage::kInt8 && !std::string(product.name).starts_with("portable");
  return bytes ? 1.5e-2 : 1e-5;
}

class WideProductTest : public testing::TestWithParam<Storage> {};

TEST_P(WideProductTest, IsTheProduct) {
  for (const WideProduct* product : wide_products(GetParam())) {
    for (const std::int64_t depth : {1, 6, 31, 64, 200, 1030, 2304}) {
      const Matrix matrix(GetParam(), 100, depth);
      for (const int vectors : {1, 6, 13}) {
        const at::Tensor x =
            at::cos(at::arange(vectors * depth, at::kFloat)).view({vectors, depth});
        for (const int count : {1, 7, product->columns}) {
          const at::Tensor expected =
              at::matmul(x.to(at::kDouble), matrix.numbers.narrow(0, 3, count).t().to(at::kDouble));
          const at::Tensor got = multiply(*product, matrix, x, 3, count).to(at::kDouble);
          // Of a sum of products of this size.
          const double size = std::sqrt(double(depth)) * matrix.numbers.abs().max().item<double>();
          EXPECT_LT((got - expected).abs().max().item<double>(),
                    tolerance(*product, GetParam()) * size)
              << product->name << ", depth " << depth << ", " << vectors << " vectors, " << count;
        }
      }
    }
  }
}

// The same to the last bit in any company: what was said before may be kept.
TEST_P(WideProductTest, VectorsDoNotMindTheirNeighbours) {
  const Matrix matrix(GetParam(), 80, 777);
  at::Tensor x = at::sin(at::arange(20 * 777, at::kFloat) * 0.3).view({20, 777});
  x[7] *= 1000;
  x[9][5] = 500;  // much larger than the rest of its vector
  for (const WideProduct* product : wide_products(GetParam())) {
    const int count = product->columns;
    const at::Tensor together = multiply(*product, matrix, x, 0, count);
    for (const std::int64_t begin : {0, 7, 9, 11}) {
      const at::Tensor alone =
          multiply(*product, matrix, x.narrow(0, begin, 3).contiguous(), 0, count);
      EXPECT_TRUE(alone.equal(together.narrow(0, begin, 3))) << product->name << " " << begin;
    }
  }
}

// A few numbers that tower above a vector take nothing from the others.
TEST_P(WideProductTest, OutliersDoNotDrownTheRest) {
  const Matrix matrix(GetParam(), 64, 1024);
  at::Tensor x = at::cos(at::arange(1024, at::kFloat)).unsqueeze(0);
  x[0][100] = 60;
  const at::Tensor expected = at::matmul(x, matrix.numbers.t());
  for (const WideProduct* product : wide_products(GetParam())) {
    const int count = product->columns;
    const at::Tensor got = multiply(*product, matrix, x, 0, count);
    const at::Tensor error = got - expected.narrow(1, 0, count);
    const double rest = matrix.numbers.norm(2, 1).mean().item<double>();
    EXPECT_LT(error.square().mean().sqrt().item<double>(), 5e-3 * rest) << product->name;
  }
}

TEST_P(WideProductTest, NothingIsNothing) {
  const Matrix matrix(GetParam(), 64, 40);
  for (const WideProduct* product : wide_products(GetParam()))
    EXPECT_EQ(multiply(*product, matrix, at::zeros({3, 40}), 0, 4).abs().max().item<float>(), 0)
        << product->name;
}

INSTANTIATE_TEST_SUITE_P(Type, WideProductTest,
                         testing::Values(Storage::kFloat, Storage::kBFloat16, Storage::kHalf,
                                         Storage::kInt8));

}  // namespace
}  // namespace chatterbox
