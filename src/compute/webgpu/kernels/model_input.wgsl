// Copies float32 latents [b, c, h, w] to the network's input of the same shape, one element per invocation. `model_t` is
// the network's number type.

@group(0) @binding(1) var<storage, read> latents: array<f32>;
@group(0) @binding(2) var<storage, read_write> model_input: array<model_t>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= params.count) {
    return;
  }
  model_input[i] = model_t(latents[i]);
}
