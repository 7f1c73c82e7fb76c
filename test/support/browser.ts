// A headless Chromium, and a record of everything it received.
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Red } from './red';

/** Empty when no Chromium is available. */
export const chromiumPath = process.env.CHROMIUM_PATH ?? '';

export async function launch(): Promise<Browser> {
  const tool = new URL('../../tools/chromium.mjs', import.meta.url).href;
  const { chromiumArgs } = (await import(tool)) as { chromiumArgs: string[] };
  return chromium.launch({ executablePath: chromiumPath, args: chromiumArgs });
}

export interface Window {
  page: Page;
  context: BrowserContext;
  record: Record;
}

type Look = Pick<BrowserContextOptions, 'colorScheme' | 'viewport'>;

/** Open a separate page, recorded from its first request on. */
export async function openWindow(browser: Browser, locale = 'en-US', look: Look = {}): Promise<Window> {
  const context = await browser.newContext({ locale, viewport: { width: 1280, height: 900 }, ...look });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  return { page, context, record: new Record(page) };
}

/** The data that a page received, and its errors. */
export class Record {
  readonly errors: string[] = [];
  readonly #bodies: Promise<string>[] = [];
  readonly #frames: string[] = [];

  constructor(page: Page) {
    page.on('pageerror', (error) => {
      if (!isOfMonaco(error)) this.errors.push(error.stack ?? String(error));
    });
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      // The palette manager requests its catalogue; tests have no network.
      if (message.location().url.includes('catalogue.nodered.org')) return;
      this.errors.push(`${message.text()} (${message.location().url})`);
    });
    page.on('response', (response) => {
      const body = response.text().catch(() => '');
      const headers = response.allHeaders().catch(() => ({}));
      this.#bodies.push(
        Promise.all([body, headers]).then(([text, all]) => `${response.url()}\n${JSON.stringify(all)}\n${text}`),
      );
    });
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => this.#frames.push(String(payload)));
    });
  }

  /** Everything that the page received from the server. */
  async received(): Promise<{ answers: string[]; frames: string[] }> {
    return { answers: await Promise.all(this.#bodies), frames: [...this.#frames] };
  }
}

/**
 * Monaco computes foldable ranges in a worker, and reads the model's options when the result arrives, even if Node-RED
 * has closed the editor meanwhile, as happens on a slow machine. All frames of such a stack belong to Monaco.
 */
function isOfMonaco({ message, stack = '' }: Error): boolean {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  const isAlone = frames.length > 0 && frames.every((frame) => frame.includes('/vendor/monaco/dist/editor.js:'));
  return message.startsWith('Model is disposed!') && isAlone;
}

/** Open Node-RED's editor in a page, and wait until its flows and nodes have loaded. */
export async function openEditor(browser: Browser, red: Red, locale?: string, look?: Look): Promise<Window> {
  const window = await openWindow(browser, locale, look);
  await window.page.addInitScript({ content: hurry });
  await window.page.goto(red.url);
  await editorIsReady(window.page);
  return window;
}

export async function editorIsReady(page: Page): Promise<void> {
  await page.waitForSelector('[data-palette-type="linktor-send"]', { state: 'attached' });
  await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' }).catch(() => undefined);
}

/** Shortens the animations of Node-RED's dialogs, which slide for a quarter of a second and wait with timers. */
const hurry = `
  const later = window.setTimeout;
  window.setTimeout = (task, ms = 0, ...rest) => later(task, ms >= 150 && ms <= 300 ? 0 : ms, ...rest);
  addEventListener('DOMContentLoaded', () => {
    document.head.append(Object.assign(document.createElement('style'), { textContent: '.red-ui-tray { transition: none !important; }' }));
  });
`;
