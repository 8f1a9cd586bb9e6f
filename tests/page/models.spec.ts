import { createGate } from '../support/hub/index.ts';
import {
  button,
  chooseStart,
  finished,
  generate,
  modelIsReady,
  modelsButton,
  nameless,
  set,
  smallModelPage,
} from './driving.ts';
import {
  expect,
  fullName,
  inSecondChunk,
  openModels,
  pageWithHub,
  showModels,
  test,
  tower,
} from './model-hub.ts';

test.describe('the full model', { tag: '@cpu' }, () => {
  test('is installed from the hub, resumed after a closed tab, and later starts from disk', async ({
    page,
    hub,
  }) => {
    // Only a loaded model tells the page what it computes on.
    const address = pageWithHub(hub, smallModelPage());
    await page.goto(address);
    await showModels(page);
    const card = page.getByRole('region', { name: fullName });
    await expect(button(page, 'Get the full model')).toBeVisible();
    expect(hub.requests, 'no request to the hub before the user asks').toEqual([]);
    await button(page, 'Get the full model').click();
    await expect(card.getByText('CreativeML OpenRAIL-M')).toHaveAttribute('href', /^https:/);
    await expect(card.getByText(/without a GPU, slowly/)).toBeVisible();
    // The image tower arrives only after its tab was closed.
    const gate = createGate();
    const rule = hub.inject({
      path: tower,
      covering: inSecondChunk,
      faults: [{ kind: 'stall', after: 0, gate }],
    });
    await button(page, 'Download').click();
    await expect(page.getByRole('progressbar', { name: /Download of/ })).toBeVisible();
    await gate.reached;
    const context = page.context();
    await page.close();
    gate.open();
    rule.remove();

    const next = await context.newPage();
    await next.goto(address);
    await expect(next.getByText(`The download of ${fullName} is not finished.`)).toBeVisible();
    await button(next, 'Resume').click();
    await button(next, 'Use it').click();
    await modelIsReady(next, fullName);
    await chooseStart(next);
    await set(next, { Frames: 1, Steps: 1, Width: 64, Height: 64 });
    await generate(next);
    await finished(next, 1);

    hub.reset();
    await next.reload();
    await modelIsReady(next, fullName);
    expect(hub.requests, 'requests to the hub').toEqual([]);

    await modelsButton(next).click();
    await button(next, `Remove ${fullName}`).click();
    await button(next, 'Yes, remove').click();
    await expect(button(next, `Remove ${fullName}`)).toHaveCount(0);
    await expect(button(next, 'In use: the built-in model')).toBeVisible();
  });
});

test.describe('a model by address', { tag: '@cpu' }, () => {
  test('is inspected before it is installed, and its problems are listed', async ({ page, hub, server }) => {
    server.answers.set('vae/config.json', 404);
    server.answers.set('scheduler/scheduler_config.json', 404);
    await openModels(page, hub);
    await page.getByText('Add a model').click();
    const field = page.getByRole('textbox', { name: 'Hub id or address of a manifest' });
    await field.fill('nonsense');
    await button(page, 'Look').click();
    await expect(page.getByRole('alert')).toContainText('neither an id');
    await field.fill(server.manifest);
    await button(page, 'Look').click();
    const card = page.getByRole('region', { name: 'The model to add' });
    await expect(card.getByRole('listitem')).toHaveText([/scheduler_config\.json/, /vae\/config\.json/]);

    server.answers.clear();
    await card.getByRole('button', { name: 'Try again' }).click();
    await button(page, 'Get this model').click();
    const list = page.getByRole('list', { name: 'Installed models' });
    await expect(list.getByRole('listitem')).toHaveCount(2);
    expect(await nameless(page)).toEqual([]);
  });
});
