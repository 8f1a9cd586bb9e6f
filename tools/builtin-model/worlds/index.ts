/**
 * Generator of stylised landscapes ("worlds"), the training data of the built-in model.
 *
 * A scene is a list of attributes (`attributes.ts`) and a layout seed. `scene.ts` draws it as SVG: the sky, the land of
 * its family (`families/`), its things (`things/`), and the weather, on a canvas with four styles (`canvas.ts`) and a
 * light model (`light.ts`, `palettes.ts`). `raster.ts` rasterises it and `captions.ts` describes it. `draw.ts` draws
 * collections for training, `sheet.ts` contact sheets for inspection.
 */
export { randomAttributes } from './attributes.ts';
export type { Attributes, Scene } from './attributes.ts';
export { attributeWords, caption, fullCaption } from './captions.ts';
export { sceneAt } from './collection.ts';
export { rasterise } from './raster.ts';
export { Random } from './random.ts';
