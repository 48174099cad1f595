// The device `toy`: two of them, with memory, guard, generators and views of their own. Whatever else is asked of them,
// torch computes on the processor and copies back. TOY_LACKS names what they can't do: float64, complex, generators.

#include <cstdlib>
#include <cstring>
#include <string>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/Functions.h>
#include <ATen/core/GeneratorForPrivateuseone.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/native/Resize.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/resize_native.h>
#include <ATen/ops/set_native.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_as_real_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/core/impl/alloc_cpu.h>
#include <torch/library.h>

namespace {

using at::IntArrayRef;
using at::Tensor;
using std::optional;

constexpr auto TOY = c10::DeviceType::PrivateUse1;
constexpr c10::DeviceIndex DEVICES = 2;
thread_local c10::DeviceIndex current = 0;

bool lacks(const char* what) {
  const char* named = std::getenv("TOY_LACKS");
  return named && std::string(named).find(what) != std::string::npos;
}

struct Memory final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) override {
    void* memory = bytes ? c10::alloc_cpu(bytes) : nullptr;
    return {memory, memory, &release, c10::Device(TOY, current)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }
  static void release(void* memory) { if (memory) c10::free_cpu(memory); }
};
Memory memory;
REGISTER_ALLOCATOR(TOY, &memory);

struct Guard final : c10::impl::DeviceGuardImplInterface {
  static constexpr c10::DeviceType static_type = TOY;
  c10::DeviceType type() const override { return TOY; }
  c10::Device getDevice() const override { return {TOY, current}; }
  c10::Device exchangeDevice(c10::Device next) const override {
    auto before = getDevice();
    setDevice(next);
    return before;
  }
  void setDevice(c10::Device next) const override {
    TORCH_CHECK(next.index() < DEVICES, "there is no ", next);
    uncheckedSetDevice(next);
  }
  void uncheckedSetDevice(c10::Device next) const noexcept override { if (next.has_index()) current = next.index(); }
  c10::Stream getStream(c10::Device device) const override {
    return c10::Stream(c10::Stream::DEFAULT, device);
  }
  c10::Stream getDefaultStream(c10::Device device) const override { return getStream(device); }
  c10::Stream exchangeStream(c10::Stream stream) const override { return stream; }
  c10::DeviceIndex deviceCount() const noexcept override { return DEVICES; }
};
C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard);

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return DEVICES; }
  c10::DeviceIndex getCurrentDevice() const override { return current; }
  void setCurrentDevice(c10::DeviceIndex index) const override { current = index; }
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex index) const override { return std::exchange(current, index); }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex index) const override { return exchangeDevice(index); }
  at::Generator getNewGenerator(c10::DeviceIndex = -1) const override {
    TORCH_CHECK(!lacks("generators"), "toy has no generators");
    return at::make_generator<at::CPUGeneratorImpl>(0);
  }
  const at::Generator& getDefaultGenerator(c10::DeviceIndex index) const override {
    static at::Generator all[DEVICES] = {getNewGenerator(), getNewGenerator()};
    return all[index < 0 ? current : index];
  }
  void resizePrivateUse1Bytes(const c10::Storage& storage, size_t bytes) const override {
    auto* whole = storage.unsafeGetStorageImpl();
    c10::DeviceGuard guard(whole->device());
    auto fresh = memory.allocate(bytes);
    if (auto kept = std::min(bytes, whole->nbytes())) std::memcpy(fresh.get(), whole->data(), kept);
    whole->set_data_ptr_noswap(std::move(fresh));
    whole->set_nbytes(bytes);
  }
};
Hooks hooks;
[[maybe_unused]] const bool registered = (at::RegisterPrivateUse1HooksInterface(&hooks), true);

at::ScalarType able(optional<at::ScalarType> asked) {
  auto dtype = c10::dtype_or_default(asked);
  bool missing = (dtype == at::kDouble && lacks("float64")) || (c10::isComplexType(dtype) && lacks("complex"));
  TORCH_CHECK_TYPE(!missing, "toy has no ", dtype);
  return dtype;
}

Tensor empty(IntArrayRef size, optional<at::ScalarType> dtype, optional<at::Layout>, optional<at::Device> device,
             optional<bool>, optional<at::MemoryFormat> format) {
  c10::OptionalDeviceGuard guard(device);
  return at::detail::empty_generic(size, &memory, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), able(dtype), format);
}

Tensor empty_strided(IntArrayRef size, IntArrayRef stride, optional<at::ScalarType> dtype, optional<at::Layout>,
                     optional<at::Device> device, optional<bool>) {
  c10::OptionalDeviceGuard guard(device);
  c10::DispatchKeySet keys(c10::DispatchKey::PrivateUse1);
  return at::detail::empty_strided_generic(size, stride, &memory, keys, able(dtype));
}

// The same memory, as the processor sees it.
Tensor seen(const Tensor& tensor) {
  if (tensor.device().type() != TOY) return tensor;
  auto options = tensor.options().device(at::kCPU).requires_grad(false);
  return at::from_blob(tensor.data_ptr(), tensor.sizes(), tensor.strides(), options);
}

Tensor copy_from(const Tensor& from, const Tensor& to, bool) {
  seen(to).copy_(seen(from));
  return to;
}

Tensor copy_from_and_resize(const Tensor& from, const Tensor& to) {
  to.resize_(from.sizes());
  return copy_from(from, to, false);
}

const Tensor& resize(const Tensor& tensor, c10::SymIntArrayRef size, optional<at::MemoryFormat> format) {
  return at::native::resize_(tensor, C10_AS_INTARRAYREF_SLOW(size), format);
}

at::Scalar item(const Tensor& tensor) { return seen(tensor).item(); }

Tensor& fill(Tensor& tensor, const at::Scalar& value) {
  seen(tensor).fill_(value);
  return tensor;
}

void on_the_processor(const c10::OperatorHandle& called, torch::jit::Stack* stack) {
  at::native::cpu_fallback(called, stack);
}

}  // namespace

TORCH_LIBRARY_IMPL(_, PrivateUse1, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&on_the_processor>()); }

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", empty);
  m.impl("empty_strided", empty_strided);
  m.impl("_copy_from", copy_from);
  m.impl("_copy_from_and_resize", copy_from_and_resize);
  m.impl("resize_", resize);
  m.impl("_local_scalar_dense", item);
  m.impl("fill_.Scalar", fill);
  // What takes no look at the values is the same for every device.
  m.impl("_reshape_alias", TORCH_FN(at::native::_reshape_alias));
  m.impl("alias", TORCH_FN(at::native::alias));
  m.impl("as_strided", TORCH_FN(at::native::as_strided_tensorimpl));
  m.impl("set_", TORCH_FN(at::native::set_cpu_));
  m.impl("set_.source_Storage", TORCH_FN(at::native::set_));
  m.impl("set_.source_Storage_storage_offset", TORCH_FN(at::native::set_storage_cpu_));
  m.impl("set_.source_Tensor", TORCH_FN(at::native::set_tensor_));
  m.impl("unfold", TORCH_FN(at::native::unfold));
  m.impl("view", TORCH_FN(at::native::view));
  m.impl("view_as_real", TORCH_FN(at::native::view_as_real));
}
