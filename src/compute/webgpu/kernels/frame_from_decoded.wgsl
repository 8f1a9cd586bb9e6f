// Converts the decoder's output to opaque 8-bit RGBA. `model_t` is the decoder's number type. Values that are not finite
// set an overflow flag, which is read with the frame.

@group(0) @binding(1) var<storage, read> decoded: array<model_t>; // [batch, 3, height, width], -1…1
@group(0) @binding(2) var<storage, read_write> out: array<u32>; // [batch, height, width], one RGBA pixel per word
@group(0) @binding(3) var<storage, read_write> overflow: array<atomic<u32>>; // overflow flags as float bits; sets [1] to 1.0

// Maps -1…1 to 0…255, rounded half to even and clamped. NaN becomes 0.
fn to_byte(value: f32) -> u32 {
  // Tests bits, as `is_nan` does.
  if ((bitcast<u32>(value) & 0x7f800000u) == 0x7f800000u) {
    atomicStore(&overflow[1], 0x3f800000u);
  }
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
  let start = pixel / params.area * params.area * 3u + pixel % params.area;
  let red = to_byte(f32(decoded[start]));
  let green = to_byte(f32(decoded[start + params.area]));
  let blue = to_byte(f32(decoded[start + 2u * params.area]));
  out[pixel] = red | (green << 8u) | (blue << 16u) | 0xff000000u;
}
