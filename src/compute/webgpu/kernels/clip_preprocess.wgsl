// Converts a picture to CLIP's input: PyTorch's bicubic (a = -0.75, align_corners false, no antialiasing, edges repeated,
// no clamp), then CLIP's mean and deviation. One invocation per pixel of the result. `model_t` is the image tower's
// number type.

@group(0) @binding(1) var<storage, read> picture: array<u32>; // one RGBA pixel per word
@group(0) @binding(2) var<storage, read_write> out: array<model_t>; // [1, 3, size, size]

// The source position (target + ½) · source / size - ½ in integers, so that large pictures lose no precision: pixel
// index and fraction.
struct Position {
  floor: i32,
  fraction: f32,
}

fn position(target_index: i32, source: i32) -> Position {
  let numerator = (2 * target_index + 1) * source - params.size;
  let denominator = 2 * params.size;
  var floor = numerator / denominator;
  if (floor * denominator > numerator) {
    floor -= 1; // integer division rounds toward zero, and the first positions are negative
  }
  return Position(floor, f32(numerator - floor * denominator) / f32(denominator));
}

// Weights of the four neighbours in Keys' cubic convolution, factored to avoid cancellation.
fn cubic_weights(t: f32) -> array<f32, 4> {
  const a = -0.75;
  let u = 1.0 - t;
  return array<f32, 4>(
    a * t * u * u,
    ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0,
    ((a + 2.0) * u - (a + 3.0)) * u * u + 1.0,
    a * u * t * t,
  );
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = i32(id.x);
  let y = i32(id.y);
  let size = params.size;
  if (x >= size || y >= size) {
    return;
  }
  let column = position(x, params.source.x);
  let row = position(y, params.source.y);
  let column_weights = cubic_weights(column.fraction);
  let row_weights = cubic_weights(row.fraction);

  var color = vec3f(0.0);
  for (var i = 0; i < 4; i++) {
    let source_y = clamp(row.floor + i - 1, 0, params.source.y - 1);
    var line = vec3f(0.0);
    for (var j = 0; j < 4; j++) {
      let source_x = clamp(column.floor + j - 1, 0, params.source.x - 1);
      line += column_weights[j] * unpack4x8unorm(picture[source_y * params.source.x + source_x]).rgb;
    }
    color += row_weights[i] * line;
  }

  let normalised = (color - params.mean.rgb) / params.deviation.rgb;
  let area = size * size;
  let pixel = y * size + x;
  out[pixel] = model_t(normalised.r);
  out[area + pixel] = model_t(normalised.g);
  out[2 * area + pixel] = model_t(normalised.b);
}
