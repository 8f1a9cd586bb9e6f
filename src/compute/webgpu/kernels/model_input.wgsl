// Latents into the network's input: once, or twice over for classifier-free guidance. `model_t` is what the network
// computes in.

struct Params {
  count: u32, // of latents
  doubled: u32, // 1 when they are written twice
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> latents: array<f32>;
@group(0) @binding(2) var<storage, read_write> model_input: array<model_t>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= params.count) {
    return;
  }
  let value = model_t(latents[i]);
  model_input[i] = value;
  if (params.doubled == 1u) {
    model_input[params.count + i] = value;
  }
}
