/* Plays updates of D and G with two compiled programs, without Python between them.

   Everything lies in buffers that the caller owns; g, d and their slots are changed in place.
   The programs speak AOTInductor's C interface: inputs are stolen, outputs belong to us. */

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef void *Handle;
typedef int32_t (*Run)(Handle, Handle *, size_t, Handle *, size_t, void *, void *);

typedef struct {
  int32_t (*from_blob)(void *, int64_t, const int64_t *, const int64_t *, int64_t, int32_t,
                       int32_t, int32_t, Handle *);
  int32_t (*data_of)(Handle, void **);
  int32_t (*drop)(Handle);
  Run run_d, run_g;
  Handle d, g;
  int32_t float32, cpu;
  int64_t size_g, size_d, slots, batch, dim, latent, numbers_d, numbers_g, unrolled;
} Program;

#define MOST 24

static int view(const Program *p, void *data, int64_t rows, int64_t columns, Handle *out) {
  /* rows = 0: a matrix (1, columns); else (1, rows, columns). */
  int64_t flat[2] = {1, columns}, flat_by[2] = {columns, 1};
  int64_t deep[3] = {1, rows, columns}, deep_by[3] = {rows * columns, columns, 1};
  return rows ? p->from_blob(data, 3, deep, deep_by, 0, p->float32, p->cpu, -1, out)
              : p->from_blob(data, 2, flat, flat_by, 0, p->float32, p->cpu, -1, out);
}

/* Makes the updates named in players[0..n), each 'D' or 'G', until one is not finite, which is
   not taken. Returns how many were made, or -1 if a program failed. */
int64_t ganlab_play(const Program *p, const char *players, int64_t n, float *g, float *d,
                    float *g_slots, float *d_slots, const float *real, const float *z_d,
                    const float *real_g, const float *z_g, const float *numbers_d,
                    const float *numbers_g) {
  const int64_t x_size = p->batch * p->dim, z_size = p->batch * p->latent;
  for (int64_t i = 0; i < n; i++) {
    const int is_d = players[i] == 'D';
    const int64_t size = is_d ? p->size_d : p->size_g;
    float *params = is_d ? d : g, *slots = is_d ? d_slots : g_slots;
    Handle in[MOST], out[MOST];
    size_t inputs = 0, outputs = (size_t)p->slots + 2;
    int bad = 0;
    bad |= view(p, g, 0, p->size_g, &in[inputs++]);
    bad |= view(p, d, 0, p->size_d, &in[inputs++]);
    for (int64_t s = 0; s < p->slots; s++)
      bad |= view(p, slots + s * size, 0, size, &in[inputs++]);
    if (is_d) {
      bad |= view(p, (void *)numbers_d, 0, p->numbers_d, &in[inputs++]);
      bad |= view(p, (void *)real, p->batch, p->dim, &in[inputs++]);
      bad |= view(p, (void *)z_d, p->batch, p->latent, &in[inputs++]);
      real += x_size, z_d += z_size, numbers_d += p->numbers_d;
    } else {
      bad |= view(p, (void *)numbers_g, 0, p->numbers_g, &in[inputs++]);
      bad |= view(p, (void *)z_g, p->batch, p->latent, &in[inputs++]);
      if (p->unrolled) {
        for (int64_t s = 0; s < p->slots; s++)
          bad |= view(p, d_slots + s * p->size_d, 0, p->size_d, &in[inputs++]);
        bad |= view(p, (void *)real_g, p->batch, p->dim, &in[inputs++]);
        real_g += x_size;
      }
      z_g += z_size, numbers_g += p->numbers_g;
    }
    if (bad) return -1;
    if ((is_d ? p->run_d : p->run_g)(is_d ? p->d : p->g, in, inputs, out, outputs, NULL, NULL))
      return -1;
    void *made[MOST];
    for (size_t o = 0; o < outputs; o++) bad |= p->data_of(out[o], &made[o]);
    if (bad) return -1;
    const int finite = isfinite(*(float *)made[outputs - 1]);
    if (finite) {
      memcpy(params, made[0], (size_t)size * sizeof(float));
      for (int64_t s = 0; s < p->slots; s++)
        memcpy(slots + s * size, made[1 + s], (size_t)size * sizeof(float));
    }
    for (size_t o = 0; o < outputs; o++) p->drop(out[o]);
    if (!finite) return i;
  }
  return n;
}
