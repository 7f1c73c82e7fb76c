// npm run demo: a Linktor on this machine, a Node-RED with this package, and a flow that answers.
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { DemoWorld, untilSignal } from './demo-world.mjs';
import { install } from './install.mjs';
import { freePort } from './run.mjs';

/**
 * @typedef {object} Demo
 * @property {string} chat address of the chat page, and of the sandbox's API
 * @property {string} editor address of Node-RED
 */

/** A sandbox and a Node-RED with the first example, as processes of their own. */
export class DemoRun extends DemoWorld {
  /**
   * Build the package and start both. When a port is taken, the next free one is used.
   *
   * @param {{ sandboxPort?: number, port?: number }} [wishes]
   * @returns {Promise<Demo>} once the flow listens
   */
  async start({ sandboxPort = 4010, port = 1880 } = {}) {
    await this.build();
    const chat = await this.startSandbox(sandboxPort);
    const { url: editor } = await this.startNodeRed({ port: await freePort(port), chat });
    await this.until('the flow', async () => {
      const state = await (await fetch(`${chat}/_sandbox/state`)).json();
      return state.sockets.subscriptions > 0;
    });
    return { chat, editor };
  }
}

async function main() {
  await install();
  const make = (/** @type {(code: number) => void} */ end) =>
    new DemoRun({
      onLoss(name, how) {
        console.error(`${name} ended by itself (${how}).`);
        end(1);
      },
    });
  await untilSignal(make, async (run) => {
    const { SANDBOX_PORT, PORT } = process.env;
    const { chat, editor } = await run.start({ sandboxPort: Number(SANDBOX_PORT ?? 4010), port: Number(PORT ?? 1880) });
    console.log(`
The demo is ready. It starts fresh each time.

  Chat page, where you are the customer:  ${chat}
  Node-RED, where the flow answers:       ${editor}

Open both, write something like "When do you open on Saturday?" and watch. Ctrl-C ends everything.
`);
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) await main();
