/* Parts of ganlab/metrics.py for one run, with the same results bit for bit. They are called
   without the interpreter lock, and take a tenth of NumPy's time, which is mostly temporaries. */

#include <math.h>
#include <stdint.h>

/* The number of edges <= x. */
static int64_t cell_of(const double *edges, int64_t count, double x) {
  int64_t low = 0, high = count;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (edges[middle] <= x) low = middle + 1; else high = middle;
  }
  return low;
}

/* `metrics.pushforward_1d`: x has n + 1 values; out has edges + 1, and work (of zeros) 5 times as
   many. Sums are made in NumPy's order, so that the result is the same bit for bit. Returns 0, or 1
   if an x or a difference of two is not finite. */
int64_t ganlab_pushforward(const double *x, const double *mass, int64_t n, const double *edges,
                           int64_t count, double *out, double *work) {
  const int64_t cells = count + 1;
  double *lower = work, *upper = lower + cells, *starts = upper + cells, *stops = starts + cells;
  double *cover = stops + cells;
  if (!isfinite(x[0])) return 1;
  int64_t cell = cell_of(edges, count, x[0]);
  for (int64_t i = 0; i < n; i++) {
    if (!isfinite(x[i + 1]) || !isfinite(x[i + 1] - x[i])) return 1;
    const int64_t next = cell_of(edges, count, x[i + 1]);
    const int rising = x[i + 1] >= x[i];
    const int64_t first = rising ? cell : next, last = rising ? next : cell;
    cell = next;
    if (first == last) {
      out[first] += mass[i];
      continue;
    }
    const double low = fmin(x[i], x[i + 1]), high = fmax(x[i], x[i + 1]), width = high - low;
    lower[first] += mass[i] * ((edges[first] - low) / width);
    upper[last] += mass[i] * ((high - edges[last - 1]) / width);
    if (last > first + 1) {
      starts[first + 1] += mass[i] / width, stops[last] += mass[i] / width;
      cover[first + 1] += 1, cover[last] -= 1;
    }
  }
  double slope = 0, covered = 0;
  for (int64_t c = 0; c < cells; c++) {
    out[c] = out[c] + lower[c] + upper[c];
    slope += starts[c] - stops[c], covered += cover[c];
    /* An uncovered cell must hold exactly 0, not a rounding error: KL distinguishes them. */
    if (covered > 0 && slope > 0 && c > 0 && c < count)
      out[c] += slope * (edges[c] - edges[c - 1]);
  }
  return 0;
}

/* The cell of x, from 0 to cells - 1, or -1: half-open, the last one closed. */
static int64_t uniform_cell(const double *edges, int64_t cells, double x, double per) {
  if (!(x >= edges[0] && x <= edges[cells])) return -1;
  int64_t at = (int64_t)((x - edges[0]) * per);
  if (at > cells - 1) at = cells - 1;
  /* Near an edge the product may round across it: compare with the edges themselves. */
  while (at > 0 && x < edges[at]) at--;
  while (at < cells - 1 && x >= edges[at + 1]) at++;
  return at;
}

/* `metrics.histogram_2d`: points (n, 2); out has nx ny + 1 counts, the last of those outside. */
void ganlab_histogram(const double *points, int64_t n, const double *x_edges, int64_t nx,
                      const double *y_edges, int64_t ny, double *out) {
  const double x_per = nx / (x_edges[nx] - x_edges[0]), y_per = ny / (y_edges[ny] - y_edges[0]);
  for (int64_t i = 0; i < n; i++) {
    const int64_t x = uniform_cell(x_edges, nx, points[2 * i], x_per);
    const int64_t y = x < 0 ? -1 : uniform_cell(y_edges, ny, points[2 * i + 1], y_per);
    out[y < 0 ? nx * ny : x * ny + y] += 1;
  }
}

/* Of `metrics.mode_score`: how many samples (n, d) are nearest to each of m modes, in units of its
   std, and how many of these are within `most` of them. Samples that are not finite do not count. */
void ganlab_modes(const double *samples, int64_t n, int64_t d, const double *centers,
                  const double *std, int64_t m, double most, int64_t *all, int64_t *good) {
  for (int64_t i = 0; i < n; i++) {
    const double *x = samples + i * d;
    int64_t nearest = 0, finite = 1;
    double least = INFINITY;
    for (int64_t a = 0; a < d; a++) finite &= isfinite(x[a]) != 0;
    if (!finite) continue;
    for (int64_t j = 0; j < m; j++) {
      double square = 0;
      for (int64_t a = 0; a < d; a++) {
        const double gap = (x[a] - centers[j * d + a]) / std[j];
        square += gap * gap;
      }
      if (square < least) least = square, nearest = j;
    }
    all[nearest] += 1;
    good[nearest] += least <= most * most;
  }
}
