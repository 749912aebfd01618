// Refusals as sentences in the person's language, with what to do next.
#pragma once

#include <string>

#include "kengred/core/verdict.h"
#include "wallet/currencies.h"

namespace kengred::wallet {

// The sentence, with amounts written in their currency and days as dates. `currencies` may be null:
// then amounts stay in minor units.
std::string RefusalSentence(const Refusal& refusal, const Currencies* currencies);
// What to do about it. Never empty.
std::string RefusalHint(v1::Verdict verdict);

}  // namespace kengred::wallet
