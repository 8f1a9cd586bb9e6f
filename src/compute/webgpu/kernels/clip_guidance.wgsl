// CLIP guidance: all repeats of gradient descent for all embeddings in one dispatch, one workgroup per embedding. The
// mean cosine with unit rows t is the dot product of ê with the mean of t, so each side of the loss is one mean vector,
// both fold into one direction m, and the gradient is (m - (m·ê)·ê) / ‖e‖.
//
// Each invocation owns the elements i, i + 256, … of its row, in `shifted` and `means` as well: invocations share only
// sums. Computes in float32; `model_t` is the type of the input embeddings.

@group(0) @binding(1) var<storage, read> embeds: array<model_t>; // [rows, length]
@group(0) @binding(2) var<storage, read> text: array<f32>; // [positives + negatives, length], unit rows
@group(0) @binding(3) var<storage, read_write> means: array<vec2f>; // [rows, length]: of positives, of negatives
@group(0) @binding(4) var<storage, read_write> shifted: array<f32>; // [rows, length]
@group(0) @binding(5) var<storage, read_write> report: array<f32>; // [rows, 5]

const width = 256u;
var<workgroup> partial: array<vec4f, width>;

// Workgroup reduction: the sum of all invocations' `value`.
fn sum_over_row(value: vec4f, lane: u32) -> vec4f {
  partial[lane] = value;
  workgroupBarrier();
  for (var half = width / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      partial[lane] += partial[lane + half];
    }
    workgroupBarrier();
  }
  let sum = partial[0];
  workgroupBarrier(); // before the next sum overwrites it
  return sum;
}

fn mean_of_text(first: u32, rows: u32, column: u32) -> f32 {
  var sum = 0.0;
  for (var row = first; row < first + rows; row++) {
    sum += text[row * params.length + column];
  }
  return select(sum / f32(rows), 0.0, rows == 0u);
}

@compute @workgroup_size(width)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  let start = row * params.length;

  // Squared length of the input embedding, and its products with the two means.
  var sums = vec4f(0.0);
  for (var i = lane; i < params.length; i += width) {
    let e = f32(embeds[start + i]);
    let mean = vec2f(
      mean_of_text(0u, params.positives, i),
      mean_of_text(params.positives, params.negatives, i),
    );
    shifted[start + i] = e;
    means[start + i] = mean;
    sums += e * vec4f(e, mean, 0.0);
  }
  let before = sum_over_row(sums, lane);

  let scales = vec2f(-params.positive_scale, params.negative_scale);
  var now = before;
  for (var repeat = 0u; repeat < params.repeats; repeat++) {
    let norm = sqrt(now.x);
    let along = dot(scales, now.yz) / norm; // m·ê
    sums = vec4f(0.0);
    for (var i = lane; i < params.length; i += width) {
      let mean = means[start + i];
      var e = shifted[start + i];
      e -= (dot(scales, mean) - along * e / norm) / norm;
      shifted[start + i] = e;
      sums += e * vec4f(e, mean, f32(embeds[start + i]));
    }
    now = sum_over_row(sums, lane);
  }

  if (lane == 0u) {
    let norm_before = sqrt(before.x);
    let norm_after = sqrt(now.x);
    let overlap = select(now.w, before.x, params.repeats == 0u);
    let similarity = overlap / (norm_before * norm_after);
    report[row * 5u] = select(min(similarity, 1.0), similarity, is_nan(similarity));
    report[row * 5u + 1u] = before.y / norm_before;
    report[row * 5u + 2u] = now.y / norm_after;
    report[row * 5u + 3u] = before.z / norm_before;
    report[row * 5u + 4u] = now.z / norm_after;
  }
}
