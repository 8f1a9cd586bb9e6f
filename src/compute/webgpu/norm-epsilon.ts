import { normEpsilonWgsl } from '../../base/index.ts';

/** End of ONNX Runtime 1.30's kernel for the statistics of InstanceNormalization, with a literal epsilon. */
const statistics = /\+ f32\(\d+\.\d+\)\);(\s*let channel_scale = inv_std_dev \* (f32\(\w+\[channel\]\));)/;

/** Rewrites WGSL to derive the epsilon of a group norm from its scale: see `normScale`. */
export function withEpsilonFromScale(wgsl: string): string {
  return wgsl.replace(statistics, (_, channelScale: string, scale: string) => {
    return `+ ${normEpsilonWgsl(scale)});${channelScale}`;
  });
}
