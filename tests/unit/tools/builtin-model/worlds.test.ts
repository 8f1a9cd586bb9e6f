import { describe, expect, it } from 'vitest';
import {
  families,
  randomAttributes,
  seasons,
  skies,
  styles,
  thingsOf,
  times,
  weathers,
} from '../../../../tools/builtin-model/worlds/attributes.ts';
import type { Attributes } from '../../../../tools/builtin-model/worlds/attributes.ts';
import { attributeWords, caption, fullCaption } from '../../../../tools/builtin-model/worlds/captions.ts';
import { sceneAt } from '../../../../tools/builtin-model/worlds/collection.ts';
import { css, hex, mix } from '../../../../tools/builtin-model/worlds/colour.ts';
import { Random } from '../../../../tools/builtin-model/worlds/random.ts';
import { rasterise } from '../../../../tools/builtin-model/worlds/raster.ts';
import { drawScene } from '../../../../tools/builtin-model/worlds/scene.ts';

/** Attributes of many random scenes. */
const many = Array.from({ length: 3000 }, (_, i) => randomAttributes(new Random(`many ${i}`)));

/** A scene with some attributes given. */
function sceneWith(wanted: Partial<Attributes>): Attributes {
  const found = many.find((scene) =>
    Object.entries(wanted).every(
      ([name, value]) => new Map<string, unknown>(Object.entries(scene)).get(name) === value,
    ),
  );
  if (!found) throw new RangeError('no scene at random has these attributes');
  return found;
}

const meanLuminance = (rgba: Uint8Array) => {
  let sum = 0;
  for (let i = 0; i < rgba.length; i += 4) {
    sum += 0.299 * (rgba[i] ?? 0) + 0.587 * (rgba[i + 1] ?? 0) + 0.114 * (rgba[i + 2] ?? 0);
  }
  return sum / (rgba.length / 4);
};

describe('random scenes', () => {
  it.each([
    ['family', families],
    ['time', times],
    ['weather', weathers],
    ['season', seasons],
    ['sky', skies],
    ['style', styles],
  ] as const)('have every %s often enough to be learnt', (name, values) => {
    for (const value of values) {
      expect(many.filter((scene) => scene[name] === value).length, value).toBeGreaterThan(many.length / 100);
    }
  });

  it('contain only things that fit their family, each once', () => {
    for (const { family, things } of many) {
      expect(new Set(things).size).toBe(things.length);
      for (const thing of things) expect(thingsOf[family].map(([known]) => known)).toContain(thing);
    }
  });

  it('have no sun at night, no moon by day and no snowfall in summer, except on other planets', () => {
    for (const { family, time, sky, weather, season } of many) {
      if (family === 'planet') continue;
      if (time === 'night') expect(sky).not.toBe('sun');
      if (time === 'day') expect(sky).not.toMatch(/moon|stars|aurora/);
      if (season === 'summer') expect(weather).not.toBe('snow');
    }
  });
});

describe('the picture of a scene', () => {
  it('is the same for the same layout seed and different for another', () => {
    const scene = sceneWith({ family: 'lake' });
    expect(drawScene({ ...scene, layout: 'a' }, 64)).toBe(drawScene({ ...scene, layout: 'a' }, 64));
    expect(drawScene({ ...scene, layout: 'a' }, 64)).not.toBe(drawScene({ ...scene, layout: 'b' }, 64));
  });

  it.each(families.flatMap((family) => styles.map((style) => [family, style] as const)))(
    'of %s in the style %s covers the whole square with more than one colour',
    (family, style) => {
      const rgba = rasterise({ ...sceneWith({ family }), style, layout: `${family} ${style}` }, 48);
      expect(rgba).toHaveLength(48 * 48 * 4);
      const colours = new Set<number>();
      for (let i = 0; i < rgba.length; i += 4) {
        expect(rgba[i + 3]).toBe(255);
        colours.add(((rgba[i] ?? 0) << 16) | ((rgba[i + 1] ?? 0) << 8) | (rgba[i + 2] ?? 0));
      }
      expect(colours.size).toBeGreaterThan(20);
    },
  );

  it.each(families)('of %s is darker at night than by day', (family) => {
    const scene = {
      ...sceneWith({ family }),
      palette: 'natural',
      style: 'flat',
      weather: 'clear',
      layout: 'x',
    } as const;
    const night = meanLuminance(rasterise({ ...scene, time: 'night', sky: 'plain' }, 48));
    const day = meanLuminance(rasterise({ ...scene, time: 'day', sky: 'plain' }, 48));
    expect(night).toBeLessThan(day - 25);
  });
});

describe('captions', () => {
  it('name only what the scene has', () => {
    const random = new Random('captions');
    for (const scene of many.slice(0, 500)) {
      const words = caption(scene, random);
      expect(words.length).toBeGreaterThan(0);
      const others = families.filter((family) => family !== scene.family);
      // A family's first word may be part of another's valid phrase ("mountain lake"), so whole phrases are compared.
      const parts = words.split(', ');
      for (const family of others) expect(parts).not.toContain(attributeWords.family[family][0]);
    }
  });

  it('differ where scenes differ in an attribute that has words', () => {
    const scene = sceneWith({ family: 'sea', time: 'sunset' });
    expect(fullCaption({ ...scene, time: 'night' })).not.toBe(fullCaption(scene));
    expect(fullCaption({ ...scene, style: scene.style === 'paper' ? 'flat' : 'paper' })).not.toBe(
      fullCaption(scene),
    );
    expect(fullCaption({ ...scene, things: ['whale'] })).not.toBe(fullCaption({ ...scene, things: [] }));
  });
});

describe('sceneAt', () => {
  it('has adjacent layouts of one scene, and shares no layout with another seed', () => {
    const [first, second, third] = [0, 3, 4].map((index) => sceneAt('training', index, 4));
    expect({ ...second, layout: first?.layout }).toEqual(first);
    expect(second?.layout).not.toBe(first?.layout);
    expect(third?.layout).not.toBe(second?.layout);
    const layouts = (seed: string) =>
      Array.from({ length: 40 }, (_, index) => sceneAt(seed, index, 4).layout);
    expect(layouts('held-out').filter((layout) => layouts('training').includes(layout))).toEqual([]);
  });
});

describe('colours', () => {
  it('round-trip through OKLab', () => {
    for (const colour of ['#000000', '#ffffff', '#ff0000', '#12ab9f', '#7f8494']) {
      expect(css(hex(colour))).toBe(colour);
    }
  });

  it('are mixed linearly in OKLab: half-way between black and white is middle grey', () => {
    expect(mix(hex('#000000'), hex('#ffffff'), 0.5).l).toBeCloseTo(0.5, 5);
  });
});
