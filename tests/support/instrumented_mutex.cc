// absl::Mutex and absl::CondVar on top of the standard library's, for builds with ThreadSanitizer.
//
// Debian's abseil is not compiled with ThreadSanitizer, which therefore sees none of its locks and
// takes all that they guard for races. The functions here take the place of the library's, as the
// linker prefers a program's own definitions; they are slower and simpler, and ThreadSanitizer
// understands them. Await is for writers only, as it is everywhere in Kengred.
#include <absl/base/attributes.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/clock.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>

namespace {

struct Lock {
  std::shared_mutex mutex;
  // Told at every unlock, for those who wait for a Condition.
  std::condition_variable_any unlocked;
};

// What belongs to which Mutex or CondVar, by address: one that was never used needs no entry.
template <typename T>
class Registry {
 public:
  T& Of(const void* owner) {
    const std::lock_guard guard(mutex_);
    std::unique_ptr<T>& slot = entries_[owner];
    if (!slot) slot = std::make_unique<T>();
    return *slot;
  }
  void Remove(const void* owner) {
    const std::lock_guard guard(mutex_);
    entries_.erase(owner);
  }
  // Never destroyed, since static objects lock mutexes until the very end.
  static Registry& Get() {
    static auto* const registry = new Registry;
    return *registry;
  }

 private:
  std::mutex mutex_;
  std::map<const void*, std::unique_ptr<T>> entries_;
};

Lock& LockOf(const void* mutex) { return Registry<Lock>::Get().Of(mutex); }
std::condition_variable_any& SignalOf(const void* condvar) {
  return Registry<std::condition_variable_any>::Get().Of(condvar);
}

std::chrono::steady_clock::time_point SteadyTime(absl::Time deadline) {
  // A day is longer than any test, and does not overflow.
  const absl::Duration left = std::min(deadline - absl::Now(), absl::Hours(24));
  return std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(left);
}

// Waits, the mutex held, until the condition holds or the deadline has passed.
bool AwaitUntil(const void* mutex, const absl::Condition& condition, absl::Time deadline) {
  Lock& lock = LockOf(mutex);
  // Waiting lets the mutex go: what was done under it may be what somebody else waits for.
  lock.unlocked.notify_all();
  return lock.unlocked.wait_until(lock.mutex, SteadyTime(deadline),
                                  [&condition] { return condition.Eval(); });
}

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

Mutex::~Mutex() { Registry<::Lock>::Get().Remove(this); }
void Mutex::Lock() { LockOf(this).mutex.lock(); }
void Mutex::Unlock() {
  ::Lock& lock = LockOf(this);
  lock.unlocked.notify_all();
  lock.mutex.unlock();
}
bool Mutex::TryLock() { return LockOf(this).mutex.try_lock(); }
void Mutex::ReaderLock() { LockOf(this).mutex.lock_shared(); }
void Mutex::ReaderUnlock() {
  ::Lock& lock = LockOf(this);
  lock.unlocked.notify_all();
  lock.mutex.unlock_shared();
}
bool Mutex::ReaderTryLock() { return LockOf(this).mutex.try_lock_shared(); }
void Mutex::AssertHeld() const {}
void Mutex::AssertReaderHeld() const {}

void Mutex::Await(const Condition& condition) { AwaitUntil(this, condition, InfiniteFuture()); }
bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  return AwaitUntil(this, condition, Now() + timeout);
}
bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  return AwaitUntil(this, condition, deadline);
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

CondVar::~CondVar() { Registry<std::condition_variable_any>::Get().Remove(this); }
void CondVar::Wait(Mutex* mutex) { WaitWithDeadline(mutex, InfiniteFuture()); }
bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  return WaitWithDeadline(mutex, Now() + timeout);
}
bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  ::Lock& lock = LockOf(mutex);
  lock.unlocked.notify_all();  // as in AwaitUntil
  return SignalOf(this).wait_until(lock.mutex, SteadyTime(deadline)) == std::cv_status::timeout;
}
void CondVar::Signal() { SignalOf(this).notify_one(); }
void CondVar::SignalAll() { SignalOf(this).notify_all(); }

ABSL_NAMESPACE_END
}  // namespace absl
