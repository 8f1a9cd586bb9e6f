import type { Device, ModelCost } from '../../store/index.ts';
import { bytes } from '../shared/words.ts';

/**
 * Whether a model can run on this machine, and a sentence that says so.
 *
 * @param device - null if it is not known
 * @param saving - whether low memory is switched on
 */
export function machineWords(
  cost: Pick<ModelCost, 'size' | 'memory' | 'lowMemory' | 'problem' | 'largestSide'>,
  device: Device | null,
  saving: boolean,
): { readonly will: 'yes' | 'slowly' | 'no' | 'unknown'; readonly text: string } {
  const { memory, lowMemory, problem, largestSide } = cost;
  const needed = saving
    ? `about ${bytes(lowMemory)} of GPU memory with “Low memory” switched on`
    : `about ${bytes(memory)} of GPU memory, or ${bytes(lowMemory)} with “Low memory”`;
  if (!device) return { will: 'unknown', text: `It needs a GPU: ${needed}.` };
  const { kind, precision, software, name } = device;
  const gpu = name || 'the GPU';
  const onProcessor = (by: string): ReturnType<typeof machineWords> => ({
    will: 'slowly',
    text: `There is no real GPU here: the browser computes on the processor${by}. It will run, but a frame takes many minutes.`,
  });
  if (kind === 'cpu') {
    if (problem && software) return onProcessor('');
    return problem
      ? { will: 'no', text: `${problem.message} You can download it, but not use it on this machine.` }
      : { will: 'slowly', text: 'It is small enough to run without a GPU, slowly.' };
  }
  if (problem && largestSide === null) return { will: 'no', text: `${problem.message} ${problem.remedy}` };
  if (problem) {
    return {
      will: 'slowly',
      text: `${problem.message} Pictures of up to ${largestSide}×${largestSide} pixels work here, instead of ${cost.size}×${cost.size}.`,
    };
  }
  if (software) return onProcessor(` (${gpu})`);
  if (precision === 'float32') {
    return {
      will: 'slowly',
      text: `This GPU (${gpu}) has no float16: it will run, but slower and with twice the memory, ${needed}.`,
    };
  }
  return { will: 'yes', text: `It should run well here: ${gpu} has float16. It needs ${needed}.` };
}
