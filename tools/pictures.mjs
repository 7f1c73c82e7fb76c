// npm run pictures: takes the pictures of the README and the guides again, from the running demo, into docs/pictures/.
// `npm run pictures -- examples` takes one part: chat, demo, editor, examples, or cluster.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { animated } from './apng.mjs';
import { around, open, save, shoot } from './camera.mjs';
import { chromium, chromiumArgs } from './chromium.mjs';
import { DemoRun } from './demo.mjs';
import { ClusterRun } from './demo-cluster.mjs';
import { install } from './install.mjs';
import { root } from './run.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').Browser} Browser */

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
const examples = path.join(root, 'examples');
/** elements of a flow that its picture must contain */
const framed = '.red-ui-flow-node-group, .red-ui-flow-group-outline';

await install();
const executablePath = await chromium();
if (!executablePath) process.exit(1);
// Imported after install(), which may have to install it.
const { chromium: driver } = await import('playwright-core');

const parts = process.argv.slice(2);
const browser = await driver.launch({ executablePath, args: chromiumArgs });
const demo = new DemoRun();
const cluster = new ClusterRun();
try {
  if (isWanted('cluster')) await clusterPicture(browser, (await cluster.start()).instances);
  // The demo's own pictures show its usual ports.
  await cluster.end();
  if (parts.length === 0 || parts.some((part) => part !== 'cluster')) await demoPictures(browser);
} finally {
  await browser.close();
  await cluster.end();
  await demo.end();
}

/** @param {Browser} browser */
async function demoPictures(browser) {
  const { chat, editor } = await demo.start();
  if (isWanted('chat')) await chatPictures(browser, chat);
  if (isWanted('demo')) await demoPicture(browser, chat, editor);
  if (isWanted('editor')) await editorPictures(browser, editor, chat);
  if (isWanted('examples')) await examplePictures(browser, editor, chat);
}

/** @param {string} part */
function isWanted(part) {
  return parts.length === 0 || parts.includes(part);
}

/**
 * @param {Browser} browser
 * @param {string} chat
 */
async function chatPictures(browser, chat) {
  const page = await open(browser, chat, 1100, 700, 1);
  await page.click('[data-testid="new-customer"]');
  await page.fill('[data-testid="new-customer-name"]', customer);
  await page.click('[data-testid="new-customer-start"]');
  for (const [index, text] of talk.entries()) {
    await page.fill('[data-testid="composer-input"]', text);
    await page.click('[data-testid="composer-send"]');
    await page.locator('[data-direction="outbound"][data-status="read"]').nth(index).waitFor();
  }
  await shoot(page, 'chat');
  const phone = await open(browser, page.url(), 390, 844, 1);
  await phone
    .locator('[data-direction="outbound"]')
    .nth(talk.length - 1)
    .waitFor();
  await shoot(phone, 'chat-phone');
  for (const one of [page, phone]) await one.context().close();
}

/**
 * The animated demo: the flow above, the customer's chat below.
 *
 * @param {Browser} browser
 * @param {string} chat
 * @param {string} editor
 */
async function demoPicture(browser, chat, editor) {
  const flow = await openEditor(browser, editor, 1);
  await flow.evaluate("RED.menu.setSelected('menu-item-sidebar', false)");
  const clip = await around(flow, framed, { x: 20, y: 22 });
  const { conversationId } = await control(chat, 'messages', { contact: { name: 'Clara Reis' }, text: talk[0] });
  const phone = await open(browser, `${chat}/#${conversationId}`, Math.round(clip.width), 420, 1);
  await phone.locator('[data-direction="outbound"][data-status="read"]').first().waitFor();
  await control(chat, 'latency', { ms: 700 });
  /** @type {Buffer[][]} */
  const taken = [];
  const isRead = () => phone.locator('[data-direction="outbound"][data-status="read"]').nth(1).isVisible();
  const look = async () => taken.push(await Promise.all([flow.screenshot({ clip }), phone.screenshot()]));
  await phone.fill('[data-testid="composer-input"]', 'How much is shipping to Rio de Janeiro?');
  await look();
  await phone.click('[data-testid="composer-send"]');
  while (!(await isRead()) && taken.length < 20) {
    await look();
    await phone.waitForTimeout(450);
  }
  await look();
  await control(chat, 'latency', { ms: 0 });
  const pairs = await pastedTogether(browser, taken, clip);
  const last = pairs.length - 1;
  save('demo', animated(pairs.map((png, index) => ({ png, ms: index === 0 || index === last ? 2500 : 600 }))));
  for (const one of [flow, phone]) await one.context().close();
}

/** @param {Browser} browser @param {Buffer[][]} taken @param {{ width: number, height: number }} clip */
async function pastedTogether(browser, taken, clip) {
  const height = Math.round(clip.height) + 420;
  const page = await open(browser, 'about:blank', Math.round(clip.width), height, 1);
  /** @type {Buffer[]} */
  const pictures = [];
  for (const pair of taken) {
    const images = pair.map(
      (png) => `<img style="display:block" src="data:image/png;base64,${png.toString('base64')}">`,
    );
    await page.setContent(`<body style="margin:0">${images.join('')}</body>`);
    pictures.push(await page.screenshot());
  }
  await page.context().close();
  return pictures.filter((png, index) => index === 0 || !png.equals(pictures[index - 1] ?? png));
}

/**
 * The editor with the first example running.
 *
 * @param {Browser} browser
 * @param {string} editor
 * @param {string} chat
 */
async function editorPictures(browser, editor, chat) {
  const page = await openEditor(browser, editor, 1.25);
  await palettePicture(page);
  await sidebarPicture(page, chat);
  await flowPicture(page, chat);
  await page.setViewportSize({ width: 1280, height: 770 });
  await dialogPicture(page, 'send', "RED.editor.edit(RED.nodes.node('lk_send'))", () =>
    page.evaluate(`
      $('#node-input-kind').val('buttons').trigger('change');
      $('#node-input-buttons').typedInput('type', 'json');
      $('#node-input-buttons').typedInput('value', ${JSON.stringify(JSON.stringify(buttons))});
    `),
  );
  await page.setViewportSize({ width: 1280, height: 1000 });
  await dialogPicture(page, 'message-in', "RED.editor.edit(RED.nodes.node('lk_in'))");
  await page.setViewportSize({ width: 1280, height: 800 });
  await dialogPicture(page, 'config', "RED.editor.editConfig('', 'linktor-config', 'linktor_sandbox')", async () => {
    await page.click('.linktor-test');
    await page.locator('.linktor-outcome .fa-check').last().waitFor();
  });
  await page.context().close();
}

/**
 * Each example on its own, after Import and Deploy.
 *
 * @param {Browser} browser
 * @param {string} editor
 * @param {string} chat
 */
async function examplePictures(browser, editor, chat) {
  const files = /** @type {string[]} */ (readdirSync(examples, { recursive: true }));
  for (const file of files.filter((one) => one.endsWith('.json')).sort()) {
    const flow = readFileSync(path.join(examples, file), 'utf8').replaceAll('http://127.0.0.1:4010', chat);
    await fetch(`${editor}/flows`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: flow });
    const page = await openEditor(browser, editor, 1);
    await page.evaluate("RED.menu.setSelected('menu-item-sidebar', false)");
    const broken = await page.evaluate('RED.nodes.filterNodes({}).filter(({ valid }) => !valid).map(({ id }) => id)');
    if (broken.length > 0) throw new Error(`${file}: the editor does not like ${broken}.`);
    const title = path.basename(file, '.json').replace(/^\d+ - /, '');
    const name = title.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    await shoot(page, `examples/${name}`, await around(page, framed, { x: 20, y: 22 }));
    await page.context().close();
  }
}

/** @param {Browser} browser @param {string} editor @param {number} [scale] @returns {Promise<Page>} */
async function openEditor(browser, editor, scale) {
  const page = await open(browser, editor, 1760, 860, scale);
  await page.locator('#red-ui-palette-Linktor').waitFor();
  await page.locator('.red-ui-flow-node-group').first().waitFor();
  await page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
  await page.waitForFunction(() => {
    const labels = [...document.querySelectorAll('.red-ui-flow-node-status-label')].map((one) => one.textContent ?? '');
    return !labels.includes('connecting');
  });
  return page;
}

/** @param {Page} page */
async function palettePicture(page) {
  await page.setViewportSize({ width: 1760, height: 1300 });
  await page.evaluate("document.querySelector('#red-ui-palette-Linktor').scrollIntoView()");
  await shoot(page, 'palette', await around(page, '#red-ui-palette-Linktor .red-ui-palette-node', { x: 16, y: 4 }));
  await page.setViewportSize({ width: 1760, height: 860 });
}

/** The sidebar while a customer writes and the flow answers. @param {Page} page @param {string} chat */
async function sidebarPicture(page, chat) {
  await page.evaluate("RED.actions.invoke('linktor:show-sidebar')");
  const side = page.locator('.linktor-side');
  await side.locator('.linktor-side-state', { hasText: 'connected' }).waitFor();
  await control(chat, 'messages', { contact: { name: customer }, text: 'Which payment methods do you accept?' });
  await side.locator('[data-event="message.read"]').last().waitFor();
  await shoot(page, 'sidebar', await around(page, '.linktor-side'));
}

/**
 * The sidebar of the instance that leads three.
 *
 * @param {Browser} browser
 * @param {import('./demo-cluster.mjs').Instance[]} instances
 */
async function clusterPicture(browser, [first]) {
  const page = await openEditor(browser, first?.url ?? '', 1.25);
  await page.evaluate("RED.actions.invoke('linktor:show-sidebar')");
  await page.locator('.linktor-side [data-instance="C"]').waitFor();
  const side = await around(page, '.linktor-side-head, .linktor-side-cluster');
  await shoot(page, 'instances', side);
  await page.context().close();
}

/**
 * Only the flow, without the rest of the editor, while it answers one more question.
 *
 * @param {Page} page
 * @param {string} chat
 */
async function flowPicture(page, chat) {
  await page.evaluate("RED.menu.setSelected('menu-item-sidebar', false)");
  await control(chat, 'latency', { ms: 1500 });
  await control(chat, 'messages', { contact: { name: 'Otávio Reis' }, text: 'Do you sell ferns?' });
  await page.locator('.red-ui-flow-node-status-label', { hasText: 'asking' }).first().waitFor();
  await shoot(page, 'flow', await around(page, framed, { x: 20, y: 22 }));
  await control(chat, 'latency', { ms: 0 });
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
  // The tray slides in; hover() waits until it is stable.
  await tray.hover();
  await shoot(page, name, await around(page, '.red-ui-tray'));
  await page.click('#node-dialog-cancel, #node-config-dialog-cancel');
  await tray.waitFor({ state: 'detached' });
}

/** @param {string} chat @param {string} route @param {object} body @returns {Promise<any>} the sandbox's response */
async function control(chat, route, body) {
  const response = await fetch(`${chat}/_sandbox/${route}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  return response.json();
}
