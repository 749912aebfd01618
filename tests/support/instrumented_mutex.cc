// absl::Mutex and absl::CondVar on top of the standard library's, for builds with ThreadSanitizer.
//
// Debian's abseil is not compiled with ThreadSanitizer, which therefore sees none of its locks and
// takes all that they guard for races. The functions here take the place of the library's, as the
// linker prefers a program's own definitions; they are slower and simpler, and ThreadSanitizer
// understands them. Await is for writers only, as it is everywhere in Kengred.
//
// The word that a Mutex or CondVar consists of points to what stands for it, so that two threads
// that use different ones meet nowhere: a table of them would need a lock of its own, and that lock
// would put the threads in an order which the program does not give them, and hide its races.
#include <absl/base/attributes.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/clock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <shared_mutex>

namespace {

struct Lock {
  std::shared_mutex mutex;
  // Told at every unlock, for those who wait for a Condition.
  std::condition_variable_any unlocked;
};

using Word = std::atomic<intptr_t>;

// What the word points to, made at its first use: 0 is how abseil's begin.
template <typename T>
T& Of(Word& word) {
  intptr_t known = word.load(std::memory_order_acquire);
  if (known == 0) {
    auto made = std::make_unique<T>();
    if (word.compare_exchange_strong(known, reinterpret_cast<intptr_t>(made.get()),
                                     std::memory_order_acq_rel, std::memory_order_acquire)) {
      return *made.release();
    }
  }
  return *reinterpret_cast<T*>(known);
}

// A static object may still be used after that, and makes another one then.
template <typename T>
void Forget(Word& word) {
  delete reinterpret_cast<T*>(word.exchange(0, std::memory_order_acq_rel));
}

std::chrono::steady_clock::time_point SteadyTime(absl::Time deadline) {
  // A day is longer than any test, and does not overflow.
  const absl::Duration left = std::min(deadline - absl::Now(), absl::Hours(24));
  return std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(left);
}

// Waits, the mutex held, until the condition holds or the deadline has passed.
bool AwaitUntil(Lock& lock, const absl::Condition& condition, absl::Time deadline) {
  // Waiting lets the mutex go: what was done under it may be what somebody else waits for.
  lock.unlocked.notify_all();
  return lock.unlocked.wait_until(lock.mutex, SteadyTime(deadline),
                                  [&condition] { return condition.Eval(); });
}

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

Mutex::~Mutex() { Forget<::Lock>(mu_); }
void Mutex::Lock() { Of<::Lock>(mu_).mutex.lock(); }
void Mutex::Unlock() {
  ::Lock& lock = Of<::Lock>(mu_);
  lock.unlocked.notify_all();
  lock.mutex.unlock();
}
bool Mutex::TryLock() { return Of<::Lock>(mu_).mutex.try_lock(); }
void Mutex::ReaderLock() { Of<::Lock>(mu_).mutex.lock_shared(); }
void Mutex::ReaderUnlock() {
  ::Lock& lock = Of<::Lock>(mu_);
  lock.unlocked.notify_all();
  lock.mutex.unlock_shared();
}
bool Mutex::ReaderTryLock() { return Of<::Lock>(mu_).mutex.try_lock_shared(); }
void Mutex::AssertHeld() const {}
void Mutex::AssertReaderHeld() const {}

void Mutex::Await(const Condition& condition) {
  AwaitUntil(Of<::Lock>(mu_), condition, InfiniteFuture());
}
bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  return AwaitUntil(Of<::Lock>(mu_), condition, Now() + timeout);
}
bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  return AwaitUntil(Of<::Lock>(mu_), condition, deadline);
}
void Mutex::LockWhen(const Condition& condition) {
  Lock();
  Await(condition);
}
bool Mutex::LockWhenWithTimeout(const Condition& condition, Duration timeout) {
  Lock();
  return AwaitWithTimeout(condition, timeout);
}
bool Mutex::LockWhenWithDeadline(const Condition& condition, Time deadline) {
  Lock();
  return AwaitWithDeadline(condition, deadline);
}

CondVar::~CondVar() { Forget<std::condition_variable_any>(cv_); }
void CondVar::Wait(Mutex* mutex) { WaitWithDeadline(mutex, InfiniteFuture()); }
bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  return WaitWithDeadline(mutex, Now() + timeout);
}
bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  ::Lock& lock = Of<::Lock>(mutex->mu_);
  lock.unlocked.notify_all();  // as in AwaitUntil
  return Of<std::condition_variable_any>(cv_).wait_until(lock.mutex, SteadyTime(deadline)) ==
         std::cv_status::timeout;
}
void CondVar::Signal() { Of<std::condition_variable_any>(cv_).notify_one(); }
void CondVar::SignalAll() { Of<std::condition_variable_any>(cv_).notify_all(); }

ABSL_NAMESPACE_END
}  // namespace absl
