declare module 'node-red-node-test-helper' {
  import type { EventEmitter } from 'node:events';

  interface LoadedNode extends EventEmitter {
    id: string;
    receive(msg: object): void;
    /** a spy, one for all nodes */
    status: { args: [{ text?: string; fill?: string; [fact: string]: unknown }][]; thisValues: unknown[] };
    /** a spy, one for all nodes */
    log: { args: [unknown][] };
  }
  interface Asked extends PromiseLike<{ status: number; text: string; body: Record<string, unknown> }> {
    send(body: object): this;
    set(headers: Record<string, string>): this;
  }
  interface Helper {
    init(runtimePath: string, settings?: object): void;
    startServer(): Promise<void>;
    stopServer(): Promise<void>;
    load(nodes: unknown, flow: object[], credentials?: object): Promise<void>;
    /** override settings, from the next load on */
    settings(more: object): object;
    unload(): Promise<void>;
    getNode(id: string): LoadedNode;
    setFlows(flow: object[], type?: 'full' | 'flows' | 'nodes'): Promise<void>;
    url(): string;
    /** send a request to a route of the editor */
    request(): { get(path: string): Asked; post(path: string): Asked };
    log(): { args: [{ level: number; msg: unknown }][] };
  }
  const helper: Helper;
  export default helper;
  export type { LoadedNode };
}
