import { describe, expect, it } from 'vitest';
import type { Compute, ModelType } from '../../../src/compute/index.ts';
import { noisePicture, normal, values } from './support.ts';

/** Tests of tensors that every `Compute` must pass. `open` returns one without tensors. */
export function describeTensors(open: () => Compute): void {
  describe('tensors', () => {
    const types = (compute: Compute): ModelType[] =>
      compute.modelType === 'float16' ? ['float32', 'float16'] : ['float32'];

    it('are initialised with zeros', async () => {
      const compute = open();
      for (const type of [...types(compute), 'uint8'] as const) {
        const tensor = compute.empty([3, 1, 5], type);
        expect(tensor).toMatchObject({ dims: [3, 1, 5], type, device: compute.device });
        expect(await values(compute, tensor)).toEqual(Array(15).fill(0));
        tensor.dispose();
      }
    });

    it.each([1, 2, 3, 5, 8, 33])('return the uploaded values: %i numbers', async (count) => {
      const compute = open();
      const data = Float32Array.from({ length: count }, (_, i) => i - 1.5);
      for (const type of types(compute)) {
        const tensor = compute.upload(data, [count], type);
        expect(tensor.type).toBe(type);
        expect(await values(compute, tensor)).toEqual(Array.from(data));
        tensor.dispose();
      }
    });

    it('copy the uploaded memory and return copies', async () => {
      const compute = open();
      const data = Float32Array.of(1, 2, 3);
      const picture = await noisePicture(1, 3, 2);
      const pixels = Array.from(picture.data);
      const tensors = [compute.upload(data, [3]), compute.uploadPicture(picture)];
      data.fill(9);
      picture.data.fill(9);
      const [numbers, bytes] = await compute.read(tensors);
      expect(numbers).toEqual(Float32Array.of(1, 2, 3));
      expect(bytes).toEqual(Uint8ClampedArray.from(pixels));
      numbers?.fill(7);
      expect(await compute.read(tensors)).toEqual([Float32Array.of(1, 2, 3), Uint8ClampedArray.from(pixels)]);
      for (const tensor of tensors) tensor.dispose();
    });

    it('are read several at once, in order, with duplicates, and none', async () => {
      const compute = open();
      const a = compute.upload(Float32Array.of(1, 2, 3), [3]);
      const b = compute.uploadPicture({ width: 1, height: 1, data: Uint8ClampedArray.of(4, 5, 6, 7) });
      expect(await compute.read([b, a, b])).toEqual([
        Uint8ClampedArray.of(4, 5, 6, 7),
        Float32Array.of(1, 2, 3),
        Uint8ClampedArray.of(4, 5, 6, 7),
      ]);
      expect(await compute.read([])).toEqual([]);
      a.dispose();
      b.dispose();
    });

    it('share memory with their heads, and disposing of a head frees nothing', async () => {
      const compute = open();
      const tensor = compute.upload(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]);
      const head = compute.head(tensor, 2);
      expect(head.dims).toEqual([2, 2]);
      expect(await values(compute, head)).toEqual([1, 2, 3, 4]);
      const row = compute.upload(Float32Array.of(8, 9), [1, 2]);
      compute.copyRows(row, head, 1);
      expect(await values(compute, tensor)).toEqual([1, 2, 8, 9, 5, 6]);
      head.dispose();
      expect(await values(compute, tensor)).toEqual([1, 2, 8, 9, 5, 6]);
      expect(compute.liveTensors).toBe(2);
      tensor.dispose();
      row.dispose();
    });

    it('of every type accept rows at an offset (copyRows)', async () => {
      const compute = open();
      for (const type of types(compute)) {
        const target = compute.empty([4, 2, 2], type);
        const source = compute.upload(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [2, 2, 2], type);
        compute.copyRows(source, target, 1);
        expect(await values(compute, target)).toEqual([0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0]);
        target.dispose();
        source.dispose();
      }
    });

    it('give copies of single rows, which outlive them', async () => {
      const compute = open();
      for (const type of types(compute)) {
        const tensor = compute.upload(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2], type);
        const row = compute.row(tensor, 1);
        tensor.dispose();
        expect(row.dims).toEqual([1, 2]);
        expect(await values(compute, row)).toEqual([3, 4]);
        row.dispose();
      }
      expect(compute.liveTensors).toBe(0);
    });

    it('are counted, and freed once', async () => {
      const compute = open();
      expect(compute.liveTensors).toBe(0);
      const embeds = compute.upload(await normal(1, 16), [2, 8]);
      const { shifted, report } = compute.clipGuidance(embeds, {
        text: null,
        positives: 0,
        negatives: 0,
        positiveScale: 1,
        negativeScale: 1,
        repeats: 1,
      });
      const made = [embeds, shifted, report, compute.cosines(embeds, shifted)];
      expect(compute.liveTensors).toBe(4);
      for (const tensor of made) {
        tensor.dispose();
        tensor.dispose();
      }
      expect(compute.liveTensors).toBe(0);
    });

    it('cannot be used after dispose()', async () => {
      const compute = open();
      const tensor = compute.upload(Float32Array.of(1, 2, 3, 4), [1, 4]);
      const head = compute.head(tensor, 1);
      tensor.dispose();
      const disposed: unknown = expect.objectContaining({ code: 'tensor-disposed' });
      await expect(compute.read([tensor])).rejects.toEqual(disposed);
      await expect(compute.read([head])).rejects.toEqual(disposed);
      expect(() => compute.cosines(tensor, tensor)).toThrow(disposed);
      expect(() => {
        compute.gaussianNoise([{ seed: 1, frame: 1, variant: 1 }], tensor);
      }).toThrow(disposed);
      expect(compute.liveTensors).toBe(0);
    });

    it('are rejected when shape or type does not fit the operation', () => {
      const compute = open();
      const made: { dispose(): void }[] = [];
      const zeros = (dims: number[], type: 'float32' | 'uint8' = 'float32') => {
        const tensor = compute.empty(dims, type);
        made.push(tensor);
        return tensor;
      };
      const key = { seed: 1, frame: 1, variant: 1 };
      const terms = { positives: 1, negatives: 0, positiveScale: 1, negativeScale: 1, repeats: 1 };
      const step = { x0FromSample: 1, x0FromOutput: 1, sampleWeight: 1, x0Weight: 1, previousWeight: 1 };
      const row = zeros([1, 4]);
      const rows = zeros([3, 4]);
      const latents = zeros([2, 4, 2, 2]);
      const state = { latents, previousX0: zeros([2, 4, 2, 2]), modelInput: zeros([2, 4, 2, 2]) };
      const wrong: Record<string, [string, () => unknown]> = {
        'too few values': ['tensor-shape', () => compute.upload(Float32Array.of(1), [2])],
        'a side of nothing': ['tensor-shape', () => compute.empty([1, 0], 'float32')],
        'half an element': ['tensor-shape', () => compute.empty([1.5], 'float32')],
        'a picture with bytes missing': [
          'tensor-shape',
          () => compute.uploadPicture({ width: 2, height: 1, data: new Uint8ClampedArray(7) }),
        ],
        'a head longer than its tensor': ['tensor-shape', () => compute.head(row, 2)],
        'a row after the last': ['tensor-shape', () => compute.row(rows, rows.dims[0] ?? 0)],
        'a head of nothing': ['tensor-shape', () => compute.head(row, 0)],
        'rows that run over the end': [
          'tensor-shape',
          () => {
            compute.copyRows(zeros([2, 4]), rows, 2);
          },
        ],
        'rows of another type': [
          'tensor-type',
          () => {
            compute.copyRows(zeros([1, 4], 'uint8'), rows, 0);
          },
        ],
        'rows onto themselves': [
          'tensor-shape',
          () => {
            compute.copyRows(compute.head(rows, 1), rows, 1);
          },
        ],
        'noise without a key for each row': [
          'tensor-shape',
          () => {
            compute.gaussianNoise([key], rows);
          },
        ],
        'noise in rows of three': [
          'tensor-shape',
          () => {
            compute.gaussianNoise([key], zeros([1, 3]));
          },
        ],
        'noise in a picture': [
          'tensor-type',
          () => {
            compute.gaussianNoise([key], zeros([1, 4], 'uint8'));
          },
        ],
        'numbers for a picture': ['tensor-type', () => compute.clipPreprocess(rows, 8, 'float32')],
        'a picture of grey': [
          'tensor-shape',
          () => compute.clipPreprocess(zeros([4, 4], 'uint8'), 8, 'float32'),
        ],
        'prompts without embeddings': [
          'tensor-shape',
          () => compute.clipGuidance(row, { ...terms, text: null }),
        ],
        'more prompts than embeddings': [
          'tensor-shape',
          () => compute.clipGuidance(row, { ...terms, positives: 4, text: rows }),
        ],
        'prompts of another length': [
          'tensor-shape',
          () => compute.clipGuidance(row, { ...terms, text: zeros([1, 5]) }),
        ],
        'half a repeat': [
          'tensor-shape',
          () => compute.clipGuidance(row, { ...terms, repeats: 0.5, text: compute.head(rows, 1) }),
        ],
        'a scale that is no number': [
          'tensor-shape',
          () => compute.clipGuidance(row, { ...terms, positiveScale: NaN, text: compute.head(rows, 1) }),
        ],
        'cosines of rows unlike': ['tensor-shape', () => compute.cosines(row, zeros([1, 5]))],
        'a line between many rows': [
          'tensor-shape',
          () => {
            compute.lerp(rows, rows, 0.5, false, zeros([1, 4]), 0);
          },
        ],
        'a line to a row that is not there': [
          'tensor-shape',
          () => {
            compute.lerp(row, row, 0.5, false, rows, 3);
          },
        ],
        'a line over its own end': [
          'tensor-shape',
          () => {
            compute.lerp(row, compute.head(rows, 1), 0.5, false, rows, 1);
          },
        ],
        'model input for twice the latents': [
          'tensor-shape',
          () => {
            compute.modelInput(latents, zeros([4, 4, 2, 2]));
          },
        ],
        'model output of three halves': [
          'tensor-shape',
          () => {
            compute.dpmSolverStep(step, 1, zeros([6, 4, 2, 2]), state);
          },
        ],
        'a difference unlike the latents': [
          'tensor-shape',
          () => {
            const difference = zeros([4, 4, 2, 2]);
            compute.dpmSolverStep(step, 1, zeros([4, 4, 2, 2]), { ...state, difference });
          },
        ],
        'model output that is model input': [
          'tensor-shape',
          () => {
            compute.dpmSolverStep(step, 1, state.modelInput, state);
          },
        ],
        'three channels of latents': [
          'tensor-shape',
          () => compute.latentPreview(zeros([1, 3, 2, 2]), Array(15).fill(0)),
        ],
        'factors missing': ['tensor-shape', () => compute.latentPreview(latents, [1, 2, 3])],
        'a tile that reaches beyond the latents': [
          'tensor-shape',
          () => {
            compute.cutTile(latents, 1, 0, zeros([latents.dims[0] ?? 0, 4, 2, 2]));
          },
        ],
        'a tile of fewer channels': [
          'tensor-shape',
          () => {
            const span = { start: 0, fade: 1, fadeIn: null, fadeOut: null };
            compute.blendTile(zeros([1, 3, 2, 2]), zeros([1, 4, 2, 2]), span, span);
          },
        ],
        'a decoder with four channels': ['tensor-shape', () => compute.frameFromDecoded(latents)],
      };
      const remedy: unknown = expect.stringContaining('Reload');
      for (const [name, [code, action]] of Object.entries(wrong)) {
        let thrown: unknown = null;
        try {
          action();
        } catch (error) {
          thrown = error;
        }
        expect(thrown, name).toMatchObject({ code, remedy });
      }
      for (const tensor of made) tensor.dispose();
      expect(compute.liveTensors).toBe(0);
    });

    it('are not read once the reader has aborted', async () => {
      const compute = open();
      const tensor = compute.empty([4], 'float32');
      const reason = new Error('stopped');
      await expect(compute.read([tensor], AbortSignal.abort(reason))).rejects.toBe(reason);
      const controller = new AbortController();
      const reading = compute.read([tensor], controller.signal);
      controller.abort(reason);
      await expect(reading).rejects.toBe(reason);
      expect(await values(compute, tensor)).toEqual([0, 0, 0, 0]);
      tensor.dispose();
    });

    it('idle() resolves without a read', async () => {
      const compute = open();
      await expect(compute.idle()).resolves.toBeUndefined();
    });
  });
}
