/**
 * Little worlds: a generator of stylised landscapes, which are what the built-in model learns from and draws.
 *
 * A scene is a list of attributes (`attributes.ts`) and a layout seed. `scene.ts` draws it as SVG: the sky, the land of
 * its family (`families/`), things that stand in it (`things/`), and the weather, on a canvas that knows the four styles
 * (`canvas.ts`) in the light of its time (`light.ts`, `palettes.ts`). `raster.ts` makes pixels of it and `captions.ts`
 * says in words what it shows. `draw.ts` draws collections to train on, `sheet.ts` contact sheets to look at.
 */
export { randomAttributes } from './attributes.ts';
export type { Attributes, Scene } from './attributes.ts';
export { attributeWords, caption, fullCaption } from './captions.ts';
export { sceneAt } from './collection.ts';
export { rasterise } from './raster.ts';
export { Random } from './random.ts';
