// Copies a rectangle of latents to the network's input. `model_t` is the network's number type.

@group(0) @binding(1) var<storage, read> latents: array<f32>; // [planes, height, width]
@group(0) @binding(2) var<storage, read_write> tile: array<model_t>; // [planes, tile_height, tile_width]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= params.count) {
    return;
  }
  let column = i % params.tile_width;
  let row = i / params.tile_width % params.tile_height;
  let plane = i / (params.tile_width * params.tile_height);
  let index = (plane * params.height + params.top + row) * params.width + params.left + column;
  tile[i] = model_t(latents[index]);
}
