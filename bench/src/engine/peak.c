/* This machine's f32 peak on one thread: independent chains of multiply-adds, as many as hide their latency. Prints GFLOP/s. */
#include <stdio.h>
#include <time.h>

/* Floats of one register: wider vectors would be spilled to memory. */
#ifdef __AVX512F__
enum { LANES = 16 };
#else
enum { LANES = 8 };
#endif
enum { CHAINS = 12, STEPS = 4000000 };
typedef float vector __attribute__((vector_size(LANES * sizeof(float))));

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(void) {
  double best = 0;
  float keep = 0;
  for (int window = 0; window < 5; window++) {
    vector sums[CHAINS], a, b;
    for (int i = 0; i < LANES; i++) { a[i] = 0.999999f; b[i] = 1e-6f * (float)i; }
    /* No two chains are equal, or the compiler computes one of them. */
    for (int c = 0; c < CHAINS; c++) sums[c] = b * (float)(c + 1);
    double start = now();
    for (int step = 0; step < STEPS; step++) {
#pragma GCC unroll 12
      for (int c = 0; c < CHAINS; c++) sums[c] = sums[c] * a + b;
    }
    double rate = 2.0 * LANES * CHAINS * STEPS / (now() - start) * 1e-9;
    if (rate > best) best = rate;
    /* Every lane counts, or the compiler computes only those that do. */
    for (int c = 0; c < CHAINS; c++)
      for (int i = 0; i < LANES; i++) keep += sums[c][i];
  }
  printf("%.1f\n", best);
  return keep == 12345.0f;
}
