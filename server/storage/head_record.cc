#include "server/storage/head_record.h"

#include <absl/status/status.h>

#include <algorithm>

namespace kengred::storage {
namespace {

constexpr char kVersion = 1;
constexpr size_t kNumberBytes = 8;
constexpr size_t kHashBytes = std::tuple_size_v<Hash>;
constexpr size_t kFixedBytes = 1 + 2 * kNumberBytes + kHashBytes;

}  // namespace

std::string EncodeSequence(uint64_t sequence) {
  std::string bytes(kNumberBytes, '\0');
  for (size_t i = kNumberBytes; i-- > 0; sequence >>= 8) {
    bytes[i] = static_cast<char>(sequence & 0xff);
  }
  return bytes;
}

uint64_t DecodeSequence(std::string_view bytes) {
  uint64_t sequence = 0;
  for (size_t i = 0; i < kNumberBytes; ++i) {
    sequence = (sequence << 8) | static_cast<unsigned char>(bytes[i]);
  }
  return sequence;
}

std::string EncodeHeadRecord(const HeadRecord& record) {
  std::string bytes(1, kVersion);
  bytes += EncodeSequence(record.head.epoch);
  bytes += EncodeSequence(record.head.sequence);
  bytes.append(record.head.hash.begin(), record.head.hash.end());
  bytes += record.writer;
  return bytes;
}

absl::StatusOr<HeadRecord> DecodeHeadRecord(std::string_view bytes) {
  if (bytes.size() < kFixedBytes || bytes.size() > kFixedBytes + kWriterBytesMax ||
      bytes[0] != kVersion) {
    return absl::DataLossError("the head record is damaged or of an unknown version");
  }
  HeadRecord record;
  record.head.epoch = DecodeSequence(bytes.substr(1));
  record.head.sequence = DecodeSequence(bytes.substr(1 + kNumberBytes));
  const std::string_view hash = bytes.substr(1 + 2 * kNumberBytes, kHashBytes);
  std::copy(hash.begin(), hash.end(), record.head.hash.begin());
  record.writer = bytes.substr(kFixedBytes);
  return record;
}

}  // namespace kengred::storage
