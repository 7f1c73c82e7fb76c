// npm run pictures: takes the pictures of the README anew, from the demo as it really is, into docs/pictures/.
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { chromium, chromiumArgs } from './chromium.mjs';
import { DemoRun } from './demo.mjs';
import { install } from './install.mjs';
import { root } from './run.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').Browser} Browser */

const folder = path.join(root, 'docs', 'pictures');
const talk = [
  'Hi! When do you open on Saturday?',
  'Great. And how much is shipping to Rio de Janeiro?',
  'Do you ship outside Brazil?',
];
const customer = 'Marina Lopes';
const buttons = [
  { title: 'Yes, please', id: 'yes' },
  { title: 'No, thanks', id: 'no' },
];

await install();
const executablePath = await chromium();
if (!executablePath) process.exit(1);
// Not before install(): it may not be there yet.
const { chromium: driver } = await import('playwright-core');
mkdirSync(folder, { recursive: true });

const demo = new DemoRun();
/** @type {Browser | undefined} */
let browser;
try {
  const { chat, editor } = await demo.start();
  browser = await driver.launch({ executablePath, args: chromiumArgs });
  await chatPictures(browser, chat);
  await editorPictures(browser, editor, chat);
} finally {
  await browser?.close();
  await demo.end();
}

/**
 * @param {Browser} browser
 * @param {string} chat
 */
async function chatPictures(browser, chat) {
  const page = await open(browser, chat, 1100, 700, 1.5);
  await page.click('[data-testid="new-customer"]');
  await page.fill('[data-testid="new-customer-name"]', customer);
  await page.click('[data-testid="new-customer-start"]');
  for (const [index, text] of talk.entries()) {
    await page.fill('[data-testid="composer-input"]', text);
    await page.click('[data-testid="composer-send"]');
    await page.locator('[data-direction="outbound"][data-status="read"]').nth(index).waitFor();
  }
  await rest(page);
  await shoot(page, 'chat');
  const phone = await open(browser, page.url(), 390, 844);
  await phone
    .locator('[data-direction="outbound"]')
    .nth(talk.length - 1)
    .waitFor();
  await rest(phone);
  await shoot(phone, 'chat-phone');
  for (const one of [page, phone]) await one.context().close();
}

/**
 * @param {Browser} browser
 * @param {string} editor
 * @param {string} chat
 */
async function editorPictures(browser, editor, chat) {
  const page = await open(browser, editor, 1280, 860);
  await page.locator('#red-ui-palette-Linktor').waitFor();
  await page.locator('.red-ui-flow-node-status-label', { hasText: /\S/ }).first().waitFor();
  await page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
  await flowPicture(page, chat);
  await page.setViewportSize({ width: 1280, height: 770 });
  await dialogPicture(page, 'send', "RED.editor.edit(RED.nodes.node('lk_send'))", () =>
    page.evaluate(`
      $('#node-input-kind').val('buttons').trigger('change');
      $('#node-input-buttons').typedInput('type', 'json');
      $('#node-input-buttons').typedInput('value', ${JSON.stringify(JSON.stringify(buttons))});
    `),
  );
  await page.click('#node-dialog-cancel');
  await page.locator('.red-ui-tray').waitFor({ state: 'detached' });
  await page.setViewportSize({ width: 1280, height: 1060 });
  await dialogPicture(page, 'config', "RED.editor.editConfig('', 'linktor-config', 'lk_config')", async () => {
    await page.click('.linktor-test');
    await page.locator('.linktor-outcome .fa-check').first().waitFor();
  });
}

/** Nothing has the focus, and everything that moves has come to rest. @param {Page} page */
async function rest(page) {
  await page.evaluate('document.activeElement?.blur()');
  await page.mouse.move(1, 1);
}

/**
 * The flow, and no more of the editor than that; one more question is asked, so that the flow is seen at work.
 *
 * @param {Page} page
 * @param {string} chat
 */
async function flowPicture(page, chat) {
  await page.keyboard.press('Control+Space');
  await page.mouse.move(640, 840);
  const latency = (/** @type {number} */ ms) =>
    fetch(`${chat}/_sandbox/latency`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ms }),
    });
  await latency(1500);
  await fetch(`${chat}/_sandbox/messages`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ contact: { name: 'Otávio Reis' }, text: 'Do you sell ferns?' }),
  });
  await page.locator('.red-ui-flow-node-status-label', { hasText: 'asking' }).first().waitFor();
  const clip = await page.evaluate(() => {
    const boxes = [...document.querySelectorAll('.red-ui-flow-node-group')].map((one) => one.getBoundingClientRect());
    const [left, top] = [Math.min(...boxes.map((box) => box.left)), Math.min(...boxes.map((box) => box.top))];
    const [right, bottom] = [Math.max(...boxes.map((box) => box.right)), Math.max(...boxes.map((box) => box.bottom))];
    return { x: left - 24, y: top - 20, width: right - left + 48, height: bottom - top + 44 };
  });
  await shoot(page, 'flow', clip);
  await latency(0);
}

/**
 * @param {Page} page
 * @param {string} name
 * @param {string} show
 * @param {() => Promise<unknown>} [act]
 */
async function dialogPicture(page, name, show, act) {
  await page.evaluate(show);
  const tray = page.locator('.red-ui-tray').last();
  await tray.locator('[data-field="name"]').waitFor();
  await act?.();
  // The tray slides in: it is there once it stands still.
  await tray.hover();
  const clip = await tray.boundingBox();
  if (!clip) throw new Error(`There is no dialog ${name}.`);
  await rest(page);
  await shoot(page, name, clip);
}

/**
 * @param {Browser} browser
 * @param {string} url
 * @param {number} width
 * @param {number} height
 * @param {number} [scale]
 * @returns {Promise<Page>}
 */
async function open(browser, url, width, height, scale = 2) {
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: scale, locale: 'en-US' });
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

/**
 * @param {Page} page
 * @param {string} name
 * @param {{ x: number, y: number, width: number, height: number }} [clip]
 */
async function shoot(page, name, clip) {
  const file = path.join(folder, `${name}.png`);
  await page.screenshot({ path: file, clip, animations: 'disabled', caret: 'hide' });
  console.log(`${path.relative(root, file)}: ${Math.round(statSync(file).size / 1024)} KB`);
}
