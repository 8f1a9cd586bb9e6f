// Adds a decoded tile to a picture, with linear fades where other tiles overlap it. `model_t` is the decoder's number
// type.

@group(0) @binding(1) var<storage, read> tile: array<model_t>; // [planes, tile_height, tile_width]
@group(0) @binding(2) var<storage, read_write> out: array<f32>; // [planes, height, width]

// Blend weight of the tile at a row or column; `span` is `rows` or `columns`.
fn weight(span: vec4f, position: u32) -> f32 {
  let middle = f32(position) + 0.5;
  let fade_in = clamp((middle - span[2]) / span[1], 0.0, 1.0);
  let fade_out = clamp((middle - span[3]) / span[1], 0.0, 1.0);
  return fade_in * (1.0 - fade_out);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= params.count) {
    return;
  }
  let column = u32(params.columns[0]) + i % params.tile_width;
  let row = u32(params.rows[0]) + i / params.tile_width % params.tile_height;
  let plane = i / (params.tile_width * params.tile_height);
  let share = weight(params.rows, row) * weight(params.columns, column);
  // Skip zero weights, so that values that are not finite do not spread.
  if (share > 0.0) {
    out[(plane * params.height + row) * params.width + column] += share * f32(tile[i]);
  }
}
