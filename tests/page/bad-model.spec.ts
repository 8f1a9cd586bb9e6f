import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { button, chooseStart, fact, finished, generate, modelIsReady, open, set } from './driving.ts';
import { expect, test as base } from './fixtures.ts';
import { builtInFile, changedJson, serveModel } from './model-server.ts';
import type { Answer, ModelServer } from './model-server.ts';

const test = base.extend<{ server: ModelServer }>({
  server: async ({}, use) => {
    const server = await serveModel();
    await use(server);
    await server.close();
  },
});

const weights = 'unet/diffusion_pytorch_model.safetensors';

const headerSchema = v.record(
  v.string(),
  v.looseObject({ data_offsets: v.optional(v.strictTuple([v.number(), v.number()])) }),
);
type Header = v.InferOutput<typeof headerSchema>;

/** The UNet's checkpoint with its header rewritten: eight bytes of length, JSON, data. */
async function withHeader(change: (header: Header, first: Required<Header[string]>) => void): Promise<Buffer> {
  const file = await builtInFile(weights);
  const length = Number(file.readBigUInt64LE(0));
  const header = v.parse(headerSchema, JSON.parse(file.toString('utf8', 8, 8 + length)));
  const [first] = Object.values(header).filter((entry) => entry.data_offsets?.[0] === 0);
  if (first?.data_offsets === undefined) throw new Error('The checkpoint has no first tensor.');
  change(header, { ...first, data_offsets: first.data_offsets });
  const json = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([size, json, file.subarray(8 + length)]);
}
