// Asks axe-core about a part of a page.
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type axe from 'axe-core';
import type { Page } from 'playwright-core';
import { ofCore } from './accessibility-exceptions';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Violation {
  rule: string;
  html: string;
  /** the selector that `accessibility-exceptions.ts` names, when the element is a widget of core's */
  core?: string;
}

interface AxeWindow {
  axe?: { run(context: object, options: object): Promise<axe.AxeResults> };
}

/** @returns what axe finds within the elements of a selector */
export async function violations(page: Page, selector: string): Promise<Violation[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source);
  return page.evaluate(
    async ([selector, ofCore]) => {
      const context = { include: [selector] };
      const found = await (window as AxeWindow).axe?.run(context, { resultTypes: ['violations'] });
      if (!found) throw new Error('axe is not there');
      return found.violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, target }) => {
          const element = document.querySelector(String(target[0]));
          return { rule: id, html: html.slice(0, 300), core: ofCore[id]?.find((one) => element?.matches(one)) };
        }),
      );
    },
    [selector, ofCore] as const,
  );
}

/** Fails with all that axe finds there and that is not a widget of core's. */
export async function assertAccessible(page: Page, selector: string): Promise<void> {
  const found = await violations(page, selector);
  assert.deepEqual(
    found.filter(({ core }) => core === undefined),
    [],
  );
}
