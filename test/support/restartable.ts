import { type Sandbox, startSandbox } from '../../sandbox';
import { Listener, linkPackage, Red, red5, removeFolder, Shop, temporaryFolder } from './red';

/** A Node-RED that tests end and start again, with a sandbox and a listener outside of it, which no kill reaches. */
export class Restartable {
  readonly sandbox: Sandbox;
  readonly listener: Listener;
  readonly shop: Shop;
  readonly userDir = temporaryFolder();
  #red: Red | undefined;

  private constructor(sandbox: Sandbox, listener: Listener) {
    this.sandbox = sandbox;
    this.listener = listener;
    this.shop = new Shop(sandbox.url);
  }

  /** @param flowFor makes the flow, which sends its results to the listener */
  static async start(flowFor: (sandbox: Sandbox, listener: Listener) => object[]): Promise<Restartable> {
    const world = new Restartable(await startSandbox(), await Listener.open());
    linkPackage(world.userDir);
    await world.restart();
    await world.red.deploy(flowFor(world.sandbox, world.listener));
    return world;
  }

  get red(): Red {
    if (!this.#red) throw new Error('Node-RED was not started');
    return this.#red;
  }

  /** @param code runs in the new process before Node-RED, for example to set its clock */
  async restart(code?: string): Promise<void> {
    this.#red = await Red.start({ version: red5, userDir: this.userDir, ...(code !== undefined && { code }) });
  }

  /** @returns the texts that the flow has sent to this path of the listener */
  heardAt(path: string): string[] {
    return this.listener.heard.flatMap((one) => (one.path === path ? [one.text] : []));
  }

  async end(): Promise<void> {
    await this.#red?.program.end('SIGKILL');
    await this.listener.close();
    await this.sandbox.close();
    removeFolder(this.userDir);
  }
}
