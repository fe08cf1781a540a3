// The engine on oneDNN, versions 2 and 3. A primitive is made at the first use of a shape and kept; its weights are
// packed in the layout that it asks for, and kept once for each layout.

#ifdef ATTNLAB_ONEDNN

#include "operator.hpp"

#include <cstdio>
#include <dnnl.hpp>
#include <list>
#include <map>
#include <tuple>

#if DNNL_VERSION_MAJOR < 2 || DNNL_VERSION_MAJOR > 3
#error "attnlab builds on oneDNN 2.6 or 3.x; set ATTNLAB_WITHOUT_ONEDNN=1 to build on OpenBLAS"
#endif

namespace attnlab {
namespace {

using dnnl::memory;

dnnl::engine &processor() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream &stream() {
  static dnnl::stream stream(processor());
  return stream;
}

memory::desc f32(const memory::dims &dims, memory::format_tag tag) {
  return memory::desc(dims, memory::data_type::f32, tag);
}

/// The packed copies of one operator's weights: usually one, more where shapes want different layouts.
class Weights {
 public:
  Weights(const memory::desc &plain, const float *values) {
    memory given(plain, processor(), const_cast<float *>(values));
    memory copy(plain, processor());
    dnnl::reorder(given, copy).execute(stream(), given, copy);
    stream().wait();
    copies_.push_back(copy);
  }

  memory &in(const memory::desc &wanted) {
    for (auto &copy : copies_)
      if (copy.get_desc() == wanted) return copy;
    memory packed(wanted, processor());
    dnnl::reorder(copies_.front(), packed).execute(stream(), copies_.front(), packed);
    stream().wait();
    // The plain copy has served once a packed one is there: any later layout is made from that.
    if (!packed_) copies_.clear();
    packed_ = true;
    copies_.push_back(packed);
    return copies_.back();
  }

 private:
  // A list, so that a primitive may keep a reference to its copy.
  std::list<memory> copies_;
  bool packed_ = false;
};

/// A primitive for one shape, with the descriptors of what it reads and writes.
struct Prepared {
  dnnl::primitive primitive;
  memory::desc source, destination, weights;
};

dnnl::primitive_attr attributes(ce_store store) {
  dnnl::primitive_attr attr;
  if (store == CE_ADD) {
    dnnl::post_ops add;
    add.append_sum(1.0f);
    attr.set_post_ops(add);
  }
  return attr;
}

struct Operator : ce_operator {
  using Key = std::tuple<int, int, int, ce_store>;
  Weights weights;
  std::vector<float> bias;
  memory::desc bias_desc;
  std::map<Key, Prepared> prepared;

  Operator(const memory::desc &plain, const float *w, const float *b, int outputs, const memory::desc &bias_shape)
      : weights(plain, w), bias_desc(bias_shape) {
    if (b)
      bias.assign(b, b + outputs);
    else
      bias.assign(outputs, 0.0f);
  }

  virtual Prepared prepare(int batch, int height, int width, ce_store store) const = 0;

  void run(int batch, int height, int width, const float *x, float *y, ce_store store) override {
    Key key(batch, height, width, store);
    auto found = prepared.find(key);
    if (found == prepared.end()) found = prepared.emplace(key, prepare(batch, height, width, store)).first;
    Prepared &p = found->second;
    memory source(p.source, processor(), const_cast<float *>(x));
    memory destination(p.destination, processor(), y);
    memory summand(bias_desc, processor(), bias.data());
    p.primitive.execute(stream(), {{DNNL_ARG_SRC, source},
                                   {DNNL_ARG_WEIGHTS, weights.in(p.weights)},
                                   {DNNL_ARG_BIAS, summand},
                                   {DNNL_ARG_DST, destination}});
    stream().wait();
  }
};

struct Product final : Operator {
  int inputs, outputs;

  Product(int inputs, int outputs, const float *w, const float *b)
      : Operator(f32({inputs, outputs}, memory::format_tag::ba), w, b, outputs,
                 f32({1, outputs}, memory::format_tag::ab)),
        inputs(inputs), outputs(outputs) {}

  // One product over the rows of all elements: oneDNN sums each row in the same order wherever it stands, which the
  // tests check.
  Prepared prepare(int batch, int rows, int, ce_store store) const override {
    memory::dim all = static_cast<memory::dim>(batch) * rows;
    auto source = f32({all, inputs}, memory::format_tag::ab);
    auto destination = f32({all, outputs}, memory::format_tag::ab);
    auto any = f32({inputs, outputs}, memory::format_tag::any);
#if DNNL_VERSION_MAJOR >= 3
    dnnl::matmul::primitive_desc desc(processor(), source, any, bias_desc, destination, attributes(store));
#else
    dnnl::matmul::primitive_desc desc({source, any, bias_desc, destination}, attributes(store), processor());
#endif
    return {dnnl::matmul(desc), source, destination, desc.weights_desc()};
  }
};

struct Convolution final : Operator {
  ce_convolution_shape shape;

  Convolution(const ce_convolution_shape &s, const float *w, const float *b)
      : Operator(f32({s.out_channels, s.in_channels, s.kernel, s.kernel}, memory::format_tag::oihw), w, b,
                 s.out_channels, f32({s.out_channels}, memory::format_tag::a)),
        shape(s) {}

  Prepared prepare(int batch, int height, int width, ce_store store) const override {
    auto source = f32({batch, shape.in_channels, height, width}, memory::format_tag::nhwc);
    auto destination = f32({batch, shape.out_channels, ce_convolution_extent(&shape, height),
                            ce_convolution_extent(&shape, width)},
                           memory::format_tag::nhwc);
    auto any = f32({shape.out_channels, shape.in_channels, shape.kernel, shape.kernel}, memory::format_tag::any);
    memory::dims strides{shape.stride, shape.stride}, begin{shape.pad_begin, shape.pad_begin},
        end{shape.pad_end, shape.pad_end};
    constexpr auto kind = dnnl::prop_kind::forward_inference;
    constexpr auto algorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
    dnnl::convolution_forward::primitive_desc desc(processor(), kind, algorithm, source, any, bias_desc, destination,
                                                   strides, begin, end, attributes(store));
#else
    dnnl::convolution_forward::primitive_desc desc(
        {kind, algorithm, source, any, bias_desc, destination, strides, begin, end}, attributes(store), processor());
#endif
    return {dnnl::convolution_forward(desc), source, destination, desc.weights_desc()};
  }
};

}  // namespace

std::unique_ptr<ce_operator> onednn_product(int inputs, int outputs, const float *weight, const float *bias) {
  return std::make_unique<Product>(inputs, outputs, weight, bias);
}

std::unique_ptr<ce_operator> onednn_convolution(const ce_convolution_shape &shape, const float *weight,
                                                const float *bias) {
  return std::make_unique<Convolution>(shape, weight, bias);
}

// oneDNN takes a limit until it has first looked at the processor, which it does when an engine is made.
void onednn_limit_instructions(ce_instructions most) {
  static const dnnl::cpu_isa names[] = {dnnl::cpu_isa::sse41, dnnl::cpu_isa::avx2, dnnl::cpu_isa::avx512_core};
  dnnl::set_max_cpu_isa(names[most]);
}

void onednn_describe(char *text, size_t size) {
  const dnnl_version_t *v = dnnl_version();
  std::snprintf(text, size, "oneDNN %d.%d.%d", v->major, v->minor, v->patch);
}

}  // namespace attnlab

#endif
