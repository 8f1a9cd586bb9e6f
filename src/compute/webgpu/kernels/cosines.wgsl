// Cosine of every row of `a` with every row of `b`, one workgroup per pair.

@group(0) @binding(1) var<storage, read> a: array<f32>; // [rows, length]
@group(0) @binding(2) var<storage, read> b: array<f32>; // [columns, length]
@group(0) @binding(3) var<storage, read_write> out: array<f32>; // [rows, columns]

const width = 64u;
var<workgroup> partial: array<vec3f, width>; // product, squared length of a, squared length of b

@compute @workgroup_size(width)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let pair = group.y * groups.x + group.x;
  if (pair >= params.rows * params.columns) {
    return;
  }
  let row_a = pair / params.columns * params.length;
  let row_b = pair % params.columns * params.length;
  var sums = vec3f(0.0);
  for (var i = lane; i < params.length; i += width) {
    let x = a[row_a + i];
    let y = b[row_b + i];
    sums += vec3f(x * y, x * x, y * y);
  }
  partial[lane] = sums;
  workgroupBarrier();
  for (var half = width / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      partial[lane] += partial[lane + half];
    }
    workgroupBarrier();
  }
  if (lane == 0u) {
    let total = partial[0];
    // Two roots, because the product would overflow earlier.
    let cosine = total.x / (sqrt(total.y) * sqrt(total.z));
    // Clamps rounding errors.
    out[pair] = select(clamp(cosine, -1.0, 1.0), cosine, is_nan(cosine));
  }
}
