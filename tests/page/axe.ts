/** Accessibility rules of axe-core, run on the page. */
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import * as v from 'valibot';
import { expect } from './fixtures.ts';

/** All rules that axe-core has for WCAG 2.2, levels A and AA, and its best practices. */
const ruleTags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** Those whose result depends on the colour scheme. */
const colourRules = ['color-contrast', 'link-in-text-block'];

const resultsSchema = v.object({
  violations: v.array(
    v.object({
      id: v.string(),
      help: v.string(),
      nodes: v.array(v.object({ html: v.string(), failureSummary: v.optional(v.string(), '') })),
    }),
  ),
  passes: v.array(v.object({ id: v.string() })),
});

/** Loads axe-core into every document of the page. The page's own security policy would refuse a script element. */
export async function injectAxe(page: Page): Promise<void> {
  await page.addInitScript({ path: createRequire(import.meta.url).resolve('axe-core/axe.min.js') });
}

/** Expects no violation in the page's current state: all rules in its colour scheme, those on colours in the other. */
export async function expectAccessible(page: Page, state: string): Promise<void> {
  const scheme = await page.evaluate(() => matchMedia('(prefers-color-scheme: light)').matches);
  const violations = await runAxe(page, { type: 'tag', values: ruleTags });
  await page.emulateMedia({ colorScheme: scheme ? 'dark' : 'light' });
  const inOther = await runAxe(page, { type: 'rule', values: colourRules });
  await page.emulateMedia({ colorScheme: scheme ? 'light' : 'dark' });
  expect.soft([...violations, ...inOther], state).toEqual([]);
}

async function runAxe(
  page: Page,
  runOnly: { readonly type: 'tag' | 'rule'; readonly values: readonly string[] },
): Promise<string[]> {
  const results: unknown = await page.evaluate(async (rules) => {
    const { axe } = globalThis;
    return axe.run(document, { runOnly: rules, resultTypes: ['violations'] });
  }, runOnly);
  const { violations, passes } = v.parse(resultsSchema, results);
  expect(passes.length, 'rules that applied').toBeGreaterThan(0);
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\n${html}\n${failureSummary}`),
  );
}

declare global {
  /** What the script of axe-core leaves in the page. */
  var axe: { run(context: Document, options: object): Promise<unknown> };
}
