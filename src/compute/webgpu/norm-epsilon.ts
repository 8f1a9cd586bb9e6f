import { normEpsilonWgsl } from '../../base/index.ts';

/** How ONNX Runtime (1.30) ends its kernel for the statistics of InstanceNormalization; epsilon is a number in it. */
const statistics = /\+ f32\(\d+\.\d+\)\);(\s*let channel_scale = inv_std_dev \* (f32\(\w+\[channel\]\));)/;

/** The same WGSL with the epsilon of a group norm taken from its scale: see `normScale`. */
export function withEpsilonFromScale(wgsl: string): string {
  return wgsl.replace(statistics, (_, channelScale: string, scale: string) => {
    return `+ ${normEpsilonWgsl(scale)});${channelScale}`;
  });
}
