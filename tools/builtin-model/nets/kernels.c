/*
 * CPU kernels for training in bfloat16: group norm with SiLU, softmax, and GEGLU, forward and backward, computed in
 * float32. PyTorch's own are several times slower, and its group norm accumulates in bfloat16. kernels.py builds this
 * file if there is a compiler, and falls back to PyTorch otherwise.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline float wide(uint16_t v) {
  uint32_t bits = (uint32_t)v << 16;
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

static inline uint16_t narrow(float f) {
  uint32_t bits;
  memcpy(&bits, &f, 4);
  return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

/*
 * Group norm on [b, n, c], n = h·w (channels last), with optional SiLU:
 * y = silu(γ(x - μ)/σ + β). `mean` and `rstd` [b, groups] are saved for the backward pass.
 */
void norm_forward(const uint16_t *x, const float *weight, const float *bias, uint16_t *y, float *mean, float *rstd,
             int b, int n, int c, int groups, float eps, int silu) {
#pragma omp parallel for schedule(static)
  for (int i = 0; i < b; i++) {
    const uint16_t *xi = x + (size_t)i * n * c;
    uint16_t *yi = y + (size_t)i * n * c;
    float *sum = calloc(4 * c, sizeof(float)), *square = sum + c, *scale = sum + 2 * c, *shift = sum + 3 * c;
    for (int p = 0; p < n; p++)
      for (int k = 0; k < c; k++) {
        float v = wide(xi[p * c + k]);
        sum[k] += v;
        square[k] += v * v;
      }
    int per = c / groups;
    for (int g = 0; g < groups; g++) {
      double s = 0, q = 0;
      for (int k = g * per; k < (g + 1) * per; k++) s += sum[k], q += square[k];
      double m = s / ((double)per * n), variance = q / ((double)per * n) - m * m;
      float r = (float)(1 / sqrt((variance > 0 ? variance : 0) + eps));
      mean[i * groups + g] = (float)m;
      rstd[i * groups + g] = r;
      for (int k = g * per; k < (g + 1) * per; k++) {
        scale[k] = r * weight[k];
        shift[k] = bias[k] - (float)m * scale[k];
      }
    }
    if (silu)
      for (int p = 0; p < n; p++)
        for (int k = 0; k < c; k++) {
          float t = wide(xi[p * c + k]) * scale[k] + shift[k];
          yi[p * c + k] = narrow(t / (1 + expf(-t)));
        }
    else
      for (int p = 0; p < n; p++)
        for (int k = 0; k < c; k++) yi[p * c + k] = narrow(wide(xi[p * c + k]) * scale[k] + shift[k]);
    free(sum);
  }
}

/* Gradients of x, and of γ and β per picture ([b, c], to be summed over b), from the gradient of y. */
void norm_backward(const uint16_t *x, const uint16_t *grad, const float *weight, const float *bias, const float *mean,
              const float *rstd, uint16_t *dx, float *dweight, float *dbias, int b, int n, int c, int groups, int silu) {
#pragma omp parallel for schedule(static)
  for (int i = 0; i < b; i++) {
    const uint16_t *xi = x + (size_t)i * n * c, *gi = grad + (size_t)i * n * c;
    uint16_t *di = dx + (size_t)i * n * c;
    float *scale = calloc(5 * c, sizeof(float)), *shift = scale + c, *slope = scale + 2 * c, *level = scale + 3 * c;
    float *product = scale + 4 * c, *sum = dbias + (size_t)i * c;
    memset(sum, 0, c * sizeof(float));
    int per = c / groups;
    for (int k = 0; k < c; k++) {
      scale[k] = rstd[i * groups + k / per] * weight[k];
      shift[k] = bias[k] - mean[i * groups + k / per] * scale[k];
    }
    for (int p = 0; p < n; p++)
      for (int k = 0; k < c; k++) {
        float v = wide(xi[p * c + k]), g = wide(gi[p * c + k]);
        if (silu) {
          float t = v * scale[k] + shift[k], s = 1 / (1 + expf(-t));
          g *= s * (1 + t * (1 - s));
        }
        sum[k] += g;
        product[k] += g * v;
        di[p * c + k] = narrow(g);
      }
    for (int g = 0; g < groups; g++) {
      float m = mean[i * groups + g], r = rstd[i * groups + g];
      double s = 0, q = 0;
      for (int k = g * per; k < (g + 1) * per; k++) {
        float along = (product[k] - sum[k] * m) * r;
        dweight[(size_t)i * c + k] = along;
        s += sum[k] * weight[k];
        q += along * weight[k];
      }
      s /= (double)per * n;
      q /= (double)per * n;
      for (int k = g * per; k < (g + 1) * per; k++) {
        slope[k] = (float)(-r * r * q);
        level[k] = (float)(-r * s) - slope[k] * m;
      }
    }
    for (int p = 0; p < n; p++)
      for (int k = 0; k < c; k++)
        di[p * c + k] = narrow(wide(di[p * c + k]) * scale[k] + wide(xi[p * c + k]) * slope[k] + level[k]);
    free(scale);
  }
}

/* Rows of length n: p = softmax(scale · s). */
void softmax_forward(const uint16_t *s, uint16_t *p, long rows, int n, float scale) {
#pragma omp parallel for schedule(static)
  for (long r = 0; r < rows; r++) {
    const uint16_t *sr = s + r * n;
    uint16_t *pr = p + r * n;
    float e[n], top = -3e38f, sum = 0;
    for (int i = 0; i < n; i++) {
      e[i] = wide(sr[i]) * scale;
      top = e[i] > top ? e[i] : top;
    }
    for (int i = 0; i < n; i++) {
      e[i] = expf(e[i] - top);
      sum += e[i];
    }
    float share = 1 / sum;
    for (int i = 0; i < n; i++) pr[i] = narrow(e[i] * share);
  }
}

/* ds = scale · p · (g - Σ g·p) */
void softmax_backward(const uint16_t *p, const uint16_t *grad, uint16_t *ds, long rows, int n, float scale) {
#pragma omp parallel for schedule(static)
  for (long r = 0; r < rows; r++) {
    const uint16_t *pr = p + r * n, *gr = grad + r * n;
    float sum = 0;
    for (int i = 0; i < n; i++) sum += wide(pr[i]) * wide(gr[i]);
    for (int i = 0; i < n; i++) ds[r * n + i] = narrow(scale * wide(pr[i]) * (wide(gr[i]) - sum));
  }
}

/* The error function for x ≥ 0, within 1.5e-7 (Abramowitz & Stegun 7.1.26), given e = exp(-x²). */
static inline float erf_positive(float x, float e) {
  float t = 1 / (1 + 0.3275911f * x);
  return 1 - t * (0.254829592f + t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f)))) * e;
}

/* x [rows, 2n] holds values and gates: y [rows, n] = value · gelu(gate). */
void geglu_forward(const uint16_t *x, uint16_t *y, long rows, int n) {
#pragma omp parallel for schedule(static)
  for (long r = 0; r < rows; r++)
    for (int i = 0; i < n; i++) {
      float v = wide(x[2 * r * n + i]), g = wide(x[2 * r * n + n + i]), e = expf(-0.5f * g * g);
      float half = 0.5f * erf_positive(fabsf(g) * 0.70710678f, e);
      y[r * n + i] = narrow(v * g * (0.5f + copysignf(half, g)));
    }
}

void geglu_backward(const uint16_t *x, const uint16_t *grad, uint16_t *dx, long rows, int n) {
#pragma omp parallel for schedule(static)
  for (long r = 0; r < rows; r++)
    for (int i = 0; i < n; i++) {
      float v = wide(x[2 * r * n + i]), g = wide(x[2 * r * n + n + i]), e = expf(-0.5f * g * g);
      float area = 0.5f + copysignf(0.5f * erf_positive(fabsf(g) * 0.70710678f, e), g), d = wide(grad[r * n + i]);
      dx[2 * r * n + i] = narrow(d * g * area);
      dx[2 * r * n + n + i] = narrow(d * v * (area + g * 0.39894228f * e));
    }
}
