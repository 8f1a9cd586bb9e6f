import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import {
  button,
  chooseStart,
  fact,
  finished,
  generate,
  modelIsReady,
  open,
  pageWith,
  set,
} from './driving.ts';
import { expect, test } from './fixtures.ts';
import { changedJson, modelFile } from './model-server.ts';
import type { Answer } from './model-server.ts';

const weights = 'unet/diffusion_pytorch_model.safetensors';

const entrySchema = v.looseObject({
  shape: v.array(v.number()),
  data_offsets: v.tuple([v.number(), v.number()]),
});
type Entry = v.InferOutput<typeof entrySchema>;

/** The UNet's safetensors file with the first two entries of its header changed. */
async function withHeader(change: (first: Entry, second: Entry) => readonly [Entry, Entry]): Promise<Buffer> {
  const file = await modelFile(weights);
  const length = Number(file.readBigUInt64LE(0));
  const { __metadata__: metadata, ...rest } = v.parse(
    v.looseObject({}),
    JSON.parse(file.toString('utf8', 8, 8 + length)),
  );
  const [first, second, ...others] = Object.entries(v.parse(v.record(v.string(), entrySchema), rest)).sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0],
  );
  if (!first || !second) throw new Error('The checkpoint has not even two tensors.');
  const [one, two] = change(first[1], second[1]);
  const header = { ...Object.fromEntries([[first[0], one], [second[0], two], ...others]) };
  const json = Buffer.from(
    JSON.stringify(metadata === undefined ? header : { __metadata__: metadata, ...header }),
  );
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([size, json, file.subarray(8 + length)]);
}

async function firstHalf(path: string): Promise<Buffer> {
  const file = await modelFile(path);
  return file.subarray(0, file.length / 2);
}

function moved({ data_offsets: [begin, end], ...entry }: Entry, by: number): Entry {
  return { ...entry, data_offsets: [begin + by, end + by] };
}

/** Damaged model files, and the error message expected for each. */
const faults: readonly {
  readonly what: string;
  readonly path: string;
  readonly answer: () => Promise<Answer>;
  readonly says: RegExp;
}[] = [
  {
    what: 'a checkpoint that is cut off in the middle',
    path: weights,
    answer: () => firstHalf(weights),
    says: /unet\/.*\.safetensors ends too early: [\d,.]+ bytes are missing/,
  },
  {
    what: 'a header that lies about the size of a tensor',
    path: weights,
    answer: () => withHeader((first, second) => [{ ...first, shape: [...first.shape, 2] }, second]),
    says: /unet\/.*\.safetensors, the tensor “.+” of .+ values cannot lie between the bytes 0 and/,
  },
  {
    what: 'tensors that overlap',
    path: weights,
    answer: () => withHeader((first, second) => [first, moved(second, -2)]),
    says: /unet\/.*\.safetensors, the tensor “.+” overlaps “.+”/,
  },
  {
    what: 'a .bin that would run a command',
    path: weights,
    answer: () => readFile(new URL('../fixtures/torch/2.13/os-system.bin', import.meta.url)),
    says: /asks to run or load “posix\.system”.*Drift runs no code out of weight files/,
  },
  {
    what: "a UNet with SDXL's added embeddings",
    path: 'unet/config.json',
    answer: () =>
      changedJson('unet/config.json', {
        addition_embed_type: 'text_time',
        addition_time_embed_dim: 256,
        projection_class_embeddings_input_dim: 2816,
      }),
    says: /unet\/config\.json asks for "addition_embed_type": "?text_time"?, which Drift does not support/,
  },
  {
    what: 'weights that are not there',
    path: 'vae/diffusion_pytorch_model.safetensors',
    answer: () => Promise.resolve(404),
    says: /There is no file at http.*\/vae\/diffusion_pytorch_model\.safetensors/,
  },
  {
    what: 'a server that fails',
    path: 'image_encoder/model.onnx',
    answer: () => Promise.resolve(503),
    says: /image_encoder\/model\.onnx could not be read: the server answered 503/,
  },
  {
    what: 'no manifest',
    path: 'model.json',
    answer: () => Promise.resolve(404),
    says: /There is no file at http.*\/model\.json/,
  },
  {
    what: 'a web page for a manifest',
    path: 'model.json',
    answer: () => Promise.resolve('<!doctype html><title>Not found</title>'),
    says: /\/model\.json is not JSON.*may be that of a web page/,
  },
  {
    what: 'a manifest without a name',
    path: 'model.json',
    answer: () => changedJson('model.json', { name: '' }),
    says: /manifest is not usable: "name"/,
  },
  {
    what: 'a manifest of a later Drift',
    path: 'model.json',
    answer: () => changedJson('model.json', { drift: 2 }),
    says: /needs a newer Drift/,
  },
  {
    what: 'an image encoder that is cut off',
    path: 'image_encoder/model.onnx',
    answer: () => firstHalf('image_encoder/model.onnx'),
    says: /image_encoder\/model\.onnx is not an ONNX file, or is damaged/,
  },
];

test.describe('a model by URL', { tag: '@cpu' }, () => {
  test('loads under the name in its manifest', async ({ page, server }) => {
    const name = "Somebody else's patterns";
    server.answers.set('model.json', await changedJson('model.json', { name, licence: 'CC-BY-4.0' }));
    await open(page, pageWith(server.manifest));
    await modelIsReady(page, name);
    await expect(fact(page, 'Licence')).toHaveText('CC-BY-4.0');
    await chooseStart(page);
    await set(page, { Frames: 1, Steps: 2 });
    await generate(page);
    await finished(page, 1);
  });

  test('that cannot be used shows an error, and can be retried', async ({ page, server }) => {
    const alert = page.getByRole('alert');
    const retry = button(page, 'Retry');
    for (const [index, { what, path, answer, says }] of faults.entries()) {
      await test.step(what, async () => {
        server.answers.clear();
        server.answers.set(path, await answer());
        if (index === 0) {
          await open(page, pageWith(server.manifest));
        } else {
          await alert.getByRole('button', { name: 'Dismiss' }).click();
          await expect(alert).toHaveCount(0);
          await retry.click();
        }
        await expect(alert).toHaveText(says);
        await expect(page.getByText('The model could not be loaded.')).toBeVisible();
        // While the problem lasts, the error is shown again, with a count.
        await retry.click();
        await expect(alert).toContainText('(2 times)');
      });
    }
    server.answers.clear();
    await retry.click();
    await modelIsReady(page);
    await expect(retry).toHaveCount(0);
    await expect(alert, 'the error is gone').toHaveCount(0);
  });

  test('with an unsupported protocol', async ({ page }) => {
    await open(page, '/?model=ftp://example.org/model.json');
    await expect(page.getByRole('alert')).toContainText('“ftp://example.org/model.json” cannot be used');
  });

  test('on a server that cannot be reached', async ({ page, server }) => {
    await server.close();
    await open(page, pageWith(server.manifest));
    await expect(page.getByRole('alert')).toContainText('could not be reached');
    await expect(button(page, 'Retry')).toBeVisible();
  });
});
