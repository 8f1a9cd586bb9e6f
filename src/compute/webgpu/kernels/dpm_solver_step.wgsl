// One step of DPM-Solver++ (Lu et al. 2022) in place: classifier-free guidance, the estimate x0 of the clean latents, the
// multistep update, and the next model input. Latents are float32, so that rounding errors do not accumulate; `model_t`
// is the network's number type. Results that are not finite set an overflow flag, which is read with the frame.

@group(0) @binding(1) var<storage, read> model_output: array<model_t>;
@group(0) @binding(2) var<storage, read_write> latents: array<f32>;
@group(0) @binding(3) var<storage, read_write> previous_x0: array<f32>;
@group(0) @binding(4) var<storage, read_write> model_input: array<model_t>;
@group(0) @binding(5) var<storage, read_write> overflow: array<atomic<u32>>; // overflow flags as float bits; sets [0] to 1.0
@group(0) @binding(6) var<storage, read_write> difference: array<f32>; // conditional less unconditional output

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= params.count) {
    return;
  }
  var output = f32(model_output[i]);
  if (params.guidance == 1u) {
    let between = f32(model_output[params.count + i]) - output;
    output += params.guidance_scale * between;
    // A placeholder is bound if the difference is not cached.
    if (i < arrayLength(&difference)) {
      difference[i] = between;
    }
  } else if (params.guidance == 2u) {
    output += (params.guidance_scale - 1.0) * difference[i];
  }
  let sample = latents[i];
  let x0 = params.x0_from_sample * sample + params.x0_from_output * output;
  var next = params.sample_weight * sample + params.x0_weight * x0;
  // The first step has no predecessor: leftovers of an earlier frame may be NaN.
  if (params.previous_weight != 0.0) {
    next += params.previous_weight * previous_x0[i];
  }
  // Tests bits, because shaders may assume that comparisons never see values that are not finite.
  if ((bitcast<u32>(next) & 0x7f800000u) == 0x7f800000u) {
    atomicStore(&overflow[0], 0x3f800000u);
  }
  latents[i] = next;
  previous_x0[i] = x0;
  model_input[i] = model_t(next);
}
