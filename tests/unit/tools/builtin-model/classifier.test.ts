import { describe, expect, it, onTestFinished } from 'vitest';
import { AttributeClassifier, readingOf } from '../../../../tools/builtin-model/measure/classifier.ts';
import { attributes } from '../../../../tools/builtin-model/measure/attribute-reader.ts';
import { attributeWords } from '../../../../tools/builtin-model/worlds/captions.ts';
import { sceneAt } from '../../../../tools/builtin-model/worlds/collection.ts';
import { rasterise } from '../../../../tools/builtin-model/worlds/raster.ts';
import { openNodeBackend } from '../../../../tools/node-runtime.ts';

const valuesOf = (attribute: (typeof attributes)[number]) => Object.keys(attributeWords[attribute]);

describe('readingOf', () => {
  it('takes the value with the highest score of each attribute', () => {
    const scores = attributes.flatMap((attribute) => {
      const values = valuesOf(attribute);
      return values.map((_, index) => (index === values.length - 1 ? 2 : -1));
    });
    const reading = readingOf(scores);
    for (const attribute of attributes) expect(reading[attribute]).toBe(valuesOf(attribute).at(-1));
  });

  it('refuses scores of other values than the generator has', () => {
    expect(() => readingOf([1, 2, 3])).toThrow(/3 scores for \d+ values/);
  });
});

describe('AttributeClassifier', () => {
  it('reads family and time off drawings that it was not trained on', async () => {
    const backend = await openNodeBackend('cpu');
    if ('reason' in backend) throw new Error(backend.reason);
    const classifier = await AttributeClassifier.open(backend);
    onTestFinished(async () => {
      await classifier.release();
      backend.dispose();
    });
    const scenes = Array.from({ length: 20 }, (_, index) => sceneAt('unseen', index, 1));
    let right = 0;
    for (const scene of scenes) {
      const { family, time } = await classifier.read({
        width: 256,
        height: 256,
        data: new Uint8ClampedArray(rasterise(scene, 256)),
      });
      if (family === scene.family && time === scene.time) right++;
    }
    expect(right).toBeGreaterThanOrEqual(17);
    expect(backend.runtime.liveSessions).toBe(1);
  });
});
