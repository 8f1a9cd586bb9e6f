// Approximates the decoder by a linear map from latent channels to RGB.

@group(0) @binding(1) var<storage, read> latents: array<f32>; // [batch, channels, height, width]
@group(0) @binding(2) var<storage, read_write> out: array<u32>; // [batch, height, width], one RGBA pixel per word

// Maps -1…1 to 0…255, rounded half to even and clamped. NaN becomes 0.
fn to_byte(value: f32) -> u32 {
  if (is_nan(value)) {
    return 0u;
  }
  return u32(round(clamp(value * 0.5 + 0.5, 0.0, 1.0) * 255.0));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = id.y * groups.x * 64u + id.x;
  if (pixel >= params.pixels) {
    return;
  }
  let start = pixel / params.area * params.area * params.channels + pixel % params.area;
  var color = params.factors[params.channels];
  for (var channel = 0u; channel < params.channels; channel++) {
    color += params.factors[channel] * latents[start + channel * params.area];
  }
  out[pixel] = to_byte(color.r) | (to_byte(color.g) << 8u) | (to_byte(color.b) << 16u) | 0xff000000u;
}
