// Adds a decoded tile to a picture, faded at the sides where other tiles overlap it. `model_t` is what the decoder
// computes in.

struct Span {
  start: u32, // where in the picture the tile begins
  fade: f32, // length of a fade
  fade_in: f32, // where the tile fades in: far before the picture where it does not
  fade_out: f32, // where it fades out: far behind the picture where it does not
}

struct Params {
  rows: Span,
  columns: Span,
  count: u32, // of numbers in the tile
  tile_height: u32,
  tile_width: u32,
  height: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tile: array<model_t>; // [planes, tile_height, tile_width]
@group(0) @binding(2) var<storage, read_write> out: array<f32>; // [planes, height, width]

fn weight(span: Span, place: u32) -> f32 {
  let middle = f32(place) + 0.5;
  let coming = clamp((middle - span.fade_in) / span.fade, 0.0, 1.0);
  let going = clamp((middle - span.fade_out) / span.fade, 0.0, 1.0);
  return coming * (1.0 - going);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= params.count) {
    return;
  }
  let column = params.columns.start + i % params.tile_width;
  let row = params.rows.start + i / params.tile_width % params.tile_height;
  let plane = i / (params.tile_width * params.tile_height);
  let share = weight(params.rows, row) * weight(params.columns, column);
  // What is not finite must not spread to where the tile does not count.
  if (share > 0.0) {
    out[(plane * params.height + row) * params.width + column] += share * f32(tile[i]);
  }
}
