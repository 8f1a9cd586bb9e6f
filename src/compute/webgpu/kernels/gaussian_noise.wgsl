// Standard normal noise for one row of `out`, four numbers per invocation: Philox4x32-10 (Salmon et al. 2011) and
// Box–Muller. Sine, cosine and logarithm are implemented here, because WGSL allows large errors in the built-in ones
// (cosine 2⁻¹¹; logarithms may even have the wrong sign), and a seed must give the same picture everywhere.

@group(0) @binding(1) var<storage, read_write> out: array<f32>;

// 64-bit product of two words: (upper, lower).
fn multiply_wide(a: u32, b: u32) -> vec2u {
  let a_low = a & 0xffffu;
  let a_high = a >> 16u;
  let b_low = b & 0xffffu;
  let b_high = b >> 16u;
  let middle = a_high * b_low + ((a_low * b_low) >> 16u);
  let carry = a_low * b_high + (middle & 0xffffu);
  return vec2u(a_high * b_high + (middle >> 16u) + (carry >> 16u), a * b);
}

fn philox4x32(counter: vec4u, start_key: vec2u) -> vec4u {
  var c = counter;
  var key = start_key;
  for (var round = 0u; round < 10u; round++) {
    let product0 = multiply_wide(0xd2511f53u, c.x);
    let product1 = multiply_wide(0xcd9e8d57u, c.z);
    c = vec4u(product1.x ^ c.y ^ key.x, product1.y, product0.x ^ c.w ^ key.y, product0.y);
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

// -ln(n / 2²⁴) for n in 1 … 2²⁴.
fn negative_log(n: u32) -> f32 {
  // n = 2^exponent · mantissa with the mantissa in √½ … √2, where the series below is short.
  var exponent = 31u - countLeadingZeros(n);
  var mantissa = f32(n) / f32(1u << exponent);
  if (mantissa > 1.4142135) {
    mantissa *= 0.5;
    exponent += 1u;
  }
  let s = (mantissa - 1.0) / (mantissa + 1.0);
  let z = s * s;
  let log_mantissa = 2.0 * s * (1.0 + z * (1.0 / 3.0 + z * (0.2 + z * (1.0 / 7.0 + z * (1.0 / 9.0)))));
  return (24.0 - f32(exponent)) * 0.69314718 - log_mantissa;
}

// (cos, sin) of n / 2²⁴ turns, n in 0 … 2²⁴ - 1.
fn cos_sin_turn(n: u32) -> vec2f {
  // Nearest quarter turn, and the remainder: at most an eighth of a turn either way, exact in float32.
  let quarter = (n + 0x200000u) >> 22u;
  let x = f32(i32(n) - i32(quarter << 22u)) * (1.5707963 / 4194304.0);
  let z = x * x;
  let sine = x * (1.0 + z * (-1.0 / 6.0 + z * (1.0 / 120.0 + z * (-1.0 / 5040.0 + z * (1.0 / 362880.0)))));
  let cosine = 1.0 + z * (-0.5 + z * (1.0 / 24.0 + z * (-1.0 / 720.0 + z * (1.0 / 40320.0))));
  switch quarter & 3u {
    case 0u: { return vec2f(cosine, sine); }
    case 1u: { return vec2f(-sine, cosine); }
    case 2u: { return vec2f(-cosine, -sine); }
    default: { return vec2f(sine, -cosine); }
  }
}

fn box_muller(radius_word: u32, angle_word: u32) -> vec2f {
  // Upper 24 bits; plus one, because the logarithm of zero is infinite.
  let radius = sqrt(2.0 * negative_log((radius_word >> 8u) + 1u));
  return radius * cos_sin_turn(angle_word >> 8u);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let block = id.y * groups.x * 64u + id.x;
  if (block >= params.blocks) {
    return;
  }
  let words = philox4x32(vec4u(block, params.frame, params.variant, 0u), vec2u(params.seed, 0u));
  let first = box_muller(words.x, words.y);
  let second = box_muller(words.z, words.w);
  let start = params.offset + 4u * block;
  out[start] = first.x;
  out[start + 1u] = first.y;
  out[start + 2u] = second.x;
  out[start + 3u] = second.y;
}
