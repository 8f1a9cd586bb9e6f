import { textTower, tokenizerConfig, tokenizerFile } from '../support/text-tower.ts';
import { chooseStart, firstFrame, modelIsReady, open, pageWith, set, setPositivePrompts } from './driving.ts';
import { expect, test } from './fixtures.ts';
import { changedJson } from './model-server.ts';

test('a model with a text tower follows free prompts', { tag: '@cpu' }, async ({ page, server }) => {
  const { answers, manifest } = server;
  answers.set(
    'model.json',
    await changedJson('model.json', {
      fixedPrompts: undefined,
      textEncoder: {
        model: 'text_encoder/model.onnx',
        tokenizer: 'tokenizer/tokenizer.json',
        tokenizerConfig: 'tokenizer/tokenizer_config.json',
      },
      defaults: { positivePrompts: 'a red apple', negativePrompts: '' },
    }),
  );
  answers.set('text_encoder/model.onnx', textTower(64).graph);
  answers.set('tokenizer/tokenizer.json', JSON.stringify(tokenizerFile));
  answers.set('tokenizer/tokenizer_config.json', JSON.stringify(tokenizerConfig));
  await open(page, pageWith(manifest));
  await modelIsReady(page);
  await chooseStart(page);
  await set(page, { Steps: 2 });
  const prompts = page.getByRole('textbox', { name: 'Positive prompts', exact: true });
  await expect(prompts).toHaveValue('a red apple');
  await expect(prompts).toBeEditable();

  const apple = await firstFrame(page);
  await setPositivePrompts(page, 'a blue whale|the sea');
  const whale = await firstFrame(page);
  expect(apple.equals(whale), 'other prompts make another frame').toBe(false);
  await setPositivePrompts(page, 'a red apple');
  expect(apple.equals(await firstFrame(page)), 'the same prompts make the same frame').toBe(true);
});

test('a model with fixed prompts shows them as read-only and says so', { tag: '@cpu' }, async ({ page }) => {
  await open(page);
  await modelIsReady(page);
  for (const [name, value] of [
    ['Positive prompts', 'pattern 1|pattern 2|pattern 3'],
    ['Negative prompts', 'pattern 4|pattern 5'],
  ] as const) {
    const field = page.getByRole('textbox', { name, exact: true });
    await expect(field).toHaveValue(value);
    await expect(field).not.toBeEditable();
    await expect(field).toHaveAccessibleDescription(/no others can be used/);
  }
});
