/* An MLP at many points as one operation of torch, "ganlab::layersL", L its number of layers.

   A tile of points passes through all layers before the next, so that activations stay in the
   first-level cache. The points of a tile are neighbours in memory: a weight is multiplied with all
   of them by vector instructions, and no weight has to be transposed. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Sums of OUTPUTS x VECTORS vectors fill the registers, with VECTORS inputs and one weight. */
#if defined(__AVX512F__)
#define WIDE 16
#define VECTORS 4
#elif defined(__AVX__)
#define WIDE 8
#define VECTORS 2
#elif defined(__aarch64__)
#define WIDE 4
#define VECTORS 4
#else
#define WIDE 4
#define VECTORS 2
#endif
#define TILE (WIDE * VECTORS) /* points */
#define MOST 8                /* layers */

typedef float Vector __attribute__((vector_size(4 * WIDE)));
typedef int32_t Bits __attribute__((vector_size(4 * WIDE)));

/* torch's C interface. A boxed operation takes and returns 64-bit values on a stack. */
typedef void *Handle;
typedef uint64_t Value;

typedef struct {
  int32_t (*sizes)(Handle, int64_t **);
  int32_t (*strides)(Handle, int64_t **);
  int32_t (*data)(Handle, void **);
  int32_t (*empty)(int64_t, const int64_t *, const int64_t *, int32_t, int32_t, int32_t, Handle *);
  int32_t (*drop)(Handle);
  void (*check)(_Bool, const char *, const char *, uint32_t, const char *);
  int32_t float32, cpu;
} Torch;

static Torch torch;

void ganlab_layers_use(const Torch *with) { torch = *with; }

/* A float32 tensor (runs, rows, columns); a run's rows begin `by[0]` numbers after another's. */
typedef struct {
  const float *data;
  int64_t size[3], by[3];
} View;

static int view(Handle handle, View *out) {
  int64_t *sizes, *strides;
  void *data;
  if (torch.sizes(handle, &sizes) || torch.strides(handle, &strides) || torch.data(handle, &data))
    return 1;
  out->data = data;
  for (int i = 0; i < 3; i++) out->size[i] = sizes[i], out->by[i] = sizes[i] > 1 ? strides[i] : 0;
  return 0;
}

/* Unrolled, so that the sums stay in registers. */
#define EACH(i, count) _Pragma("GCC unroll 8") for (int i = 0; i < count; i++)

/* Some neighbouring outputs of a layer, for one tile: b + sum of x w, then the activation. A NaN
   stays one. hidden: whether there is an activation; slope: of leaky ReLU; 0 is ReLU. */
#define BLOCK(OUTPUTS)                                                                            \
  static inline __attribute__((always_inline)) void block##OUTPUTS(                               \
      const Vector *x, int64_t inputs, const float *w, const float *b, int64_t outputs,           \
      int hidden, float slope, Vector *out) {                                                     \
    Vector sum[OUTPUTS][VECTORS];                                                                 \
    EACH(j, OUTPUTS) EACH(v, VECTORS) sum[j][v] = (Vector){} + b[j];                              \
    for (int64_t i = 0; i < inputs; i++) EACH(j, OUTPUTS) {                                       \
      const Vector weight = (Vector){} + w[i * outputs + j];                                      \
      EACH(v, VECTORS) sum[j][v] += weight * x[i * VECTORS + v];                                  \
    }                                                                                             \
    EACH(j, OUTPUTS) EACH(v, VECTORS) {                                                           \
      const Vector y = sum[j][v];                                                                 \
      const Bits low = (Bits)(y < (Vector){});                                                    \
      Bits kept = (Bits)y & ~low;                                                                 \
      if (slope != 0) kept |= (Bits)(y * slope) & low;                                            \
      out[j * VECTORS + v] = hidden ? (Vector)kept : y;                                           \
    }                                                                                             \
  }
BLOCK(6)
BLOCK(4)
BLOCK(2)
BLOCK(1)

static void layer(const Vector *x, int64_t inputs, const float *w, const float *b, int64_t outputs,
                  int hidden, float slope, Vector *out) {
  int64_t j = 0;
#define BLOCKS(OUTPUTS)                        \
  for (; j + OUTPUTS <= outputs; j += OUTPUTS) \
    block##OUTPUTS(x, inputs, w + j, b + j, outputs, hidden, slope, out + j * VECTORS);
  BLOCKS(6)
  BLOCKS(4)
  BLOCKS(2)
  BLOCKS(1)
}

/* The MLP of one run. w, b: of each layer, packed; from, to: tiles of the widest layer. */
static void net(const View *x, int64_t run, int64_t layers, const int64_t *widths,
                const float *const *w, const float *const *b, float slope, Vector *from, Vector *to,
                float *out) {
  const int64_t n = x->size[1], inputs = widths[0], outputs = widths[layers];
  const float *data = x->data + run * x->by[0];
  for (int64_t at = 0; at < n; at += TILE) {
    const int64_t count = n - at < TILE ? n - at : TILE;
    float *tile = (float *)from;
    for (int64_t i = 0; i < inputs; i++)
      for (int64_t p = 0; p < TILE; p++)
        tile[i * TILE + p] = p < count ? data[(at + p) * x->by[1] + i * x->by[2]] : 0;
    for (int64_t l = 0; l < layers; l++) {
      layer(from, widths[l], w[l], b[l], widths[l + 1], l < layers - 1, slope, to);
      Vector *swap = from;
      from = to, to = swap;
    }
    tile = (float *)from;
    for (int64_t p = 0; p < count; p++)
      for (int64_t j = 0; j < outputs; j++) out[(at + p) * outputs + j] = tile[j * TILE + p];
  }
}

/* A copy of one run's weights (rows, columns) after another at `at`; returns where it ends. */
static float *pack(const View *from, int64_t run, float *at) {
  const float *data = from->data + run * from->by[0];
  for (int64_t i = 0; i < from->size[1]; i++)
    for (int64_t j = 0; j < from->size[2]; j++)
      *at++ = data[i * from->by[1] + j * from->by[2]];
  return at;
}

static int made(const View *x, const View *parts, int64_t layers, float slope, Handle *result) {
  int64_t widths[MOST + 1] = {x->size[2]}, widest = widths[0], numbers = 0;
  const int64_t runs = x->size[0], n = x->size[1];
  for (int64_t l = 0; l < layers; l++) {
    widths[l + 1] = parts[2 * l].size[2];
    if (widths[l + 1] > widest) widest = widths[l + 1];
    numbers += (widths[l] + 1) * widths[l + 1];
  }
  const int64_t outputs = widths[layers], sizes[3] = {runs, n, outputs};
  const int64_t by[3] = {n * outputs, outputs, 1};
  void *data;
  if (torch.empty(3, sizes, by, torch.float32, torch.cpu, 0, result)) return 1;
  const size_t tile = sizeof(Vector) * VECTORS * (size_t)widest;
  Vector *room = NULL;
  if (torch.data(*result, &data) ||
      posix_memalign((void **)&room, 64, 2 * tile + sizeof(float) * (size_t)numbers)) {
    torch.drop(*result);
    return 1;
  }
  float *packed = (float *)(room + 2 * VECTORS * widest);
  for (int64_t run = 0; run < runs; run++) {
    const float *w[MOST], *b[MOST];
    float *at = packed;
    for (int64_t l = 0; l < layers; l++) {
      w[l] = at, at = pack(&parts[2 * l], run, at);
      b[l] = at, at = pack(&parts[2 * l + 1], run, at);
    }
    net(x, run, layers, widths, w, b, slope, room, room + VECTORS * widest,
        (float *)data + run * by[0]);
  }
  free(room);
  return 0;
}

/* The operation. stack: x (R, n, in); of each layer weight (R, in, out) and bias (R, 1, out); the
   slope. All float32 on the CPU. Its result is (R, n, out). */
void ganlab_layers(Value *stack, uint64_t arguments, uint64_t results) {
  const int64_t layers = ((int64_t)arguments - 2) / 2, tensors = 1 + 2 * layers;
  View views[1 + 2 * MOST];
  Handle result = NULL;
  double slope;
  memcpy(&slope, &stack[tensors], sizeof slope);
  int bad = layers > MOST || results != 1;
  for (int64_t i = 0; i < tensors && !bad; i++) bad |= view((Handle)stack[i], &views[i]);
  bad = bad || made(&views[0], &views[1], layers, (float)slope, &result);
  for (int64_t i = 0; i < tensors; i++) torch.drop((Handle)stack[i]); /* they are ours */
  torch.check(!bad, "layers", "layers.c", 0, "an MLP could not be computed");
  stack[0] = (Value)result;
}
