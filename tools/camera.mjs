// Takes reproducible screenshots of pages, without animations.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './run.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').Browser} Browser */
/** @typedef {{ x: number, y: number, width: number, height: number }} Clip */

const folder = path.join(root, 'docs', 'pictures');

/**
 * @param {Browser} browser
 * @param {string} url
 * @param {number} width
 * @param {number} height
 * @param {number} [scale]
 * @returns {Promise<Page>}
 */
export async function open(browser, url, width, height, scale = 2) {
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: scale,
    locale: 'en-US',
    colorScheme: 'light',
  });
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

/**
 * @param {Page} page
 * @param {string} name below docs/pictures, without its ending
 * @param {Clip} [clip]
 */
export async function shoot(page, name, clip) {
  await page.evaluate('document.activeElement?.blur()');
  await page.mouse.move(1, 1);
  save(name, await page.screenshot({ clip, animations: 'disabled', caret: 'hide' }));
}

/**
 * @param {string} name below docs/pictures, without its ending
 * @param {Buffer} picture
 */
export function save(name, picture) {
  const file = path.join(folder, `${name}.png`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, picture);
  console.log(`${path.relative(root, file)}: ${Math.round(picture.length / 1024)} KB`);
}

/**
 * @param {Page} page
 * @param {string} selector
 * @param {{ x?: number, y?: number }} [margin] pixels around it
 * @returns {Promise<Clip>} the rectangle around all elements that match the selector
 */
export async function around(page, selector, { x = 0, y = 0 } = {}) {
  const boxes = await page
    .locator(selector)
    .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()));
  const [left, top] = [Math.min(...boxes.map((box) => box.left)), Math.min(...boxes.map((box) => box.top))];
  const [right, bottom] = [Math.max(...boxes.map((box) => box.right)), Math.max(...boxes.map((box) => box.bottom))];
  return { x: Math.max(0, left - x), y: top - y, width: right - left + 2 * x, height: bottom - top + 2 * y };
}
