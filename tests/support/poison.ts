import type { DeviceTensor } from '../../src/compute/index.ts';
import type { WatchedRuntime } from './watched-runtime.ts';

/**
 * Writes NaN into an input of a network on the CPU, so that its output is not finite.
 *
 * @param when - called with the index of each run of the network
 */
export function poison(
  runtime: WatchedRuntime,
  network: 'image encoder' | 'UNet' | 'decoder',
  when: (run: number) => boolean = () => true,
): void {
  const input = { 'image encoder': 'pixel_values', UNet: 'sample', decoder: 'latents' }[network];
  let run = 0;
  runtime.onRun = (name, inputs) => {
    if (name !== network || !when(run++)) return;
    const tensor = inputs[input];
    if (tensor?.device === 'cpu') writeNaN(tensor);
  };
}

function writeNaN(tensor: Extract<DeviceTensor, { device: 'cpu' }>): void {
  tensor.data[0] = NaN;
}
