/* Plays updates of D and G for many runs with two compiled programs, without Python between them.

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
  int64_t size_g, size_d, slots_g, slots_d;
} Program;

/* What an update takes besides parameters and slots: for each run a row of matrices, one for each
   update of its player (step = rows * columns), or one for all of them (step = 0). */
typedef struct {
  float **data; /* of each run */
  int64_t rows, columns, step;
} Input;

/* A vector of each run: run r's begins at data + r * pitch. */
typedef struct {
  float *data;
  int64_t pitch;
} Rows;

/* The same updates of many runs. Threads that are given the same Job share the runs: each takes the
   run number `next` and adds 1 to it, until all are taken. */
typedef struct {
  const char *players; /* n times 'D' or 'G' */
  int64_t n, runs, next;
  int64_t *made; /* of each run: 0 before its updates; a run with less than 0 is left out */
  Rows g, d, g_slots, d_slots;
  const Input *inputs_d, *inputs_g;
  int64_t count_d, count_g;
} Job;

#define MOST 64

static int view(const Program *p, void *data, int64_t rows, int64_t columns, Handle *out) {
  /* rows = 0: a matrix (1, columns); else (1, rows, columns). */
  int64_t flat[2] = {1, columns}, flat_by[2] = {columns, 1};
  int64_t deep[3] = {1, rows, columns}, deep_by[3] = {rows * columns, columns, 1};
  return rows ? p->from_blob(data, 3, deep, deep_by, 0, p->float32, p->cpu, -1, out)
              : p->from_blob(data, 2, flat, flat_by, 0, p->float32, p->cpu, -1, out);
}

/* Makes the updates of one run until one is not finite, which is not taken. Returns how many were
   made, or -1 if a program failed. */
static int64_t play(const Program *p, const Job *job, int64_t run) {
  float *g = job->g.data + run * job->g.pitch, *g_slots = job->g_slots.data + run * job->g_slots.pitch;
  float *d = job->d.data + run * job->d.pitch, *d_slots = job->d_slots.data + run * job->d_slots.pitch;
  const int64_t n = job->n, count_d = job->count_d, count_g = job->count_g;
  int64_t made_d = 0, made_g = 0;
  if (2 + p->slots_g + p->slots_d + (count_d > count_g ? count_d : count_g) > MOST) return -1;
  for (int64_t i = 0; i < n; i++) {
    const int is_d = job->players[i] == 'D';
    const int64_t size = is_d ? p->size_d : p->size_g, slots = is_d ? p->slots_d : p->slots_g;
    const int64_t count = is_d ? count_d : count_g, at = is_d ? made_d++ : made_g++;
    const Input *input = is_d ? job->inputs_d : job->inputs_g;
    float *params = is_d ? d : g, *own_slots = is_d ? d_slots : g_slots;
    Handle in[MOST], out[MOST];
    size_t inputs = 0, outputs = (size_t)slots + 2;
    int bad = 0;
    bad |= view(p, g, 0, p->size_g, &in[inputs++]);
    bad |= view(p, d, 0, p->size_d, &in[inputs++]);
    for (int64_t s = 0; s < p->slots_g; s++)
      bad |= view(p, g_slots + s * p->size_g, 0, p->size_g, &in[inputs++]);
    for (int64_t s = 0; s < p->slots_d; s++)
      bad |= view(p, d_slots + s * p->size_d, 0, p->size_d, &in[inputs++]);
    for (int64_t e = 0; e < count; e++)
      bad |= view(p, input[e].data[run] + at * input[e].step, input[e].rows, input[e].columns,
                  &in[inputs++]);
    if (bad) return -1;
    if ((is_d ? p->run_d : p->run_g)(is_d ? p->d : p->g, in, inputs, out, outputs, NULL, NULL))
      return -1;
    void *made[MOST];
    for (size_t o = 0; o < outputs; o++) bad |= p->data_of(out[o], &made[o]);
    if (bad) return -1;
    const int finite = isfinite(*(float *)made[outputs - 1]);
    if (finite) {
      memcpy(params, made[0], (size_t)size * sizeof(float));
      for (int64_t s = 0; s < slots; s++)
        memcpy(own_slots + s * size, made[1 + s], (size_t)size * sizeof(float));
    }
    for (size_t o = 0; o < outputs; o++) p->drop(out[o]);
    if (!finite) return i;
  }
  return n;
}

/* Makes the updates of all runs that no other thread has taken. */
void ganlab_play(const Program *p, Job *job) {
  for (;;) {
    const int64_t run = __atomic_fetch_add(&job->next, 1, __ATOMIC_RELAXED);
    if (run >= job->runs) return;
    if (job->made[run] >= 0) job->made[run] = play(p, job, run);
  }
}
